#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/data/data_hash.hpp"
#include "trainer/cli/resolve.hpp"
#include "trainer/commands/commands.hpp"
#include "trainer/run/data_split.hpp"
#include "trainer/run/loaded_model.hpp"
#include "trainer/run/run_directory.hpp"
#include "trainer/run/train_model.hpp"

namespace lockstep::trainer {
namespace {

/// What a network started from is named by its hash alone.
void check_start(const Session& session, const SafetensorsFile& model) {
  const auto start = model.metadata().find("initial_parameters");
  if (start == model.metadata().end() || start->second.empty()) return;
  if (!session.settings.text("train.init_from").empty()) return;
  throw ConfigError(
      fmt::format("{}: started from the parameters of another model, of the SHA-256 {}; name its "
                  "file with --train.init_from",
                  session.arguments.model, start->second));
}

void check_rows(Session& session, const TrainingData& data, const ModelDescription& model) {
  const std::string hash = data_hash(session.team, data.train);
  if (hash == model.data_hash) return;
  throw DataError(
      fmt::format("{}: was trained on other rows than these: their fingerprint is {}, not {}",
                  session.arguments.model, model.data_hash, hash));
}

/// What tells two model files apart; "" of equal ones.
std::string difference(const SafetensorsFile& said, const SafetensorsFile& found) {
  std::vector<std::string> names;
  for (const TensorView& tensor : found.tensors()) {
    const TensorView* other = said.find(tensor.name);
    const bool is_same = other != nullptr && other->type == tensor.type &&
                         other->shape == tensor.shape &&
                         std::ranges::equal(other->data, tensor.data);
    if (!is_same) names.push_back("the tensor " + tensor.name);
  }
  Metadata all = said.metadata();
  all.insert(found.metadata().begin(), found.metadata().end());
  for (const auto& [key, ignored] : all) {
    const auto value = [&key = key](const SafetensorsFile& file) {
      const auto entry = file.metadata().find(key);
      return entry == file.metadata().end() ? "" : entry->second;
    };
    if (key == "checksum") continue;  // of all of these
    if (value(said) != value(found)) names.push_back("its " + key);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

void rerun(Session& session) {
  const std::string& path = session.arguments.model;
  const SafetensorsFile said = load_model_file(session, path);
  const ModelDescription model = load_model(session, path)->description();
  Session training = session_of_training(session, model);
  check_given_keys(training.settings);
  check_start(training, said);
  RunFiles files = training_files();
  files.default_name = "rerun";
  RunDirectory directory(training, files);
  RunFolder folder(directory);
  train_into(training, directory, [&] {
    TrainingData data =
        model.fold > 0 ? FoldedData(training).fold(model.fold - 1) : load_training_data(training);
    check_rows(training, data, model);
    train_model(training, std::move(data), folder);
  });
  const bool is_best = said.metadata().contains("best");
  const SafetensorsFile found =
      load_model_file(session, folder.file(is_best ? kBestFile : kModelFile));
  const std::string differing = difference(said, found);
  if (!differing.empty()) {
    throw DataError(
        fmt::format("{}: trained again in {}, differs in {}", path, directory.path(), differing));
  }
  print_result(session,
               fmt::format("{}: trained again in {}: identical\n", path, directory.path()));
}

}  // namespace lockstep::trainer
