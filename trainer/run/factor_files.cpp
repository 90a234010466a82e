#include "trainer/run/factor_files.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace lockstep::trainer {
namespace {

constexpr const char* kSummaryFile = "summary.json";

RunFiles decomposition_files() {
  RunFiles files{"decompose", kSummaryFile, {kSummaryFile}};
  for (const char* factor :
       {"mean", "components", "scores", "singular_values", "U", "Vt", "Q", "R", "eigenvalues",
        "eigenvectors", "centers", "labels", "user_factors", "item_factors", "user_bias",
        "item_bias", "users", "items", "predictions"}) {
    for (const MatrixFormat format : {MatrixFormat::npy, MatrixFormat::csv}) {
      files.names.push_back(fmt::format("{}.{}", factor, name_of(format)));
    }
  }
  return files;
}

}  // namespace

FactorFiles::FactorFiles(Session& session)
    : session_(session), directory_(session, decomposition_files()) {}

FactorFiles::~FactorFiles() {
  if (is_finished_) return;
  writer_.reset();
  directory_.discard();
}

MatrixWriter& FactorFiles::open() {
  directory_.claim();
  const bool csv = session_.arguments.format == "csv";
  return writer_.emplace(session_.team, directory_.path(),
                         csv ? MatrixFormat::csv : MatrixFormat::npy);
}

void FactorFiles::finish(const nlohmann::ordered_json& summary) {
  directory_.remove_previous();
  writer_->commit();
  directory_.write(kSummaryFile, summary.dump(2) + "\n");
  is_finished_ = true;
}

std::string FactorFiles::summary_path() const { return directory_.file(kSummaryFile); }

}  // namespace lockstep::trainer
