#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "core/data/matrix_writer.hpp"
#include "trainer/run/run_directory.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// The files of a decomposition: factors, and summary.json, which comes last and says that the
/// others are whole. They appear when all are on the disk; until then an earlier decomposition
/// stays, and what a run leaves that ends before is removed, by it or, when it was killed, by the
/// next. Throws alike on all ranks.
class FactorFiles {
 public:
  /// Checks that the directory can be made, before the data is read. *Collective*.
  explicit FactorFiles(Session& session);
  FactorFiles(const FactorFiles&) = delete;
  FactorFiles& operator=(const FactorFiles&) = delete;
  FactorFiles(FactorFiles&&) = delete;
  FactorFiles& operator=(FactorFiles&&) = delete;
  ~FactorFiles();

  /// What writes factors, once they are computed: claims the directory. *Collective*.
  MatrixWriter& open();
  /// Puts the factors, and then the summary, in the place of an earlier decomposition.
  /// *Collective*.
  void finish(const nlohmann::ordered_json& summary);

  /// Of the summary.
  std::string summary_path() const;

 private:
  Session& session_;
  RunDirectory directory_;
  std::optional<MatrixWriter> writer_;
  bool is_finished_ = false;
};

}  // namespace lockstep::trainer
