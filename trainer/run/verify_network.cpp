#include "trainer/run/verify_network.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <vector>

#include "core/base/error.hpp"
#include "core/format/file_descriptor.hpp"
#include "trainer/run/experiment.hpp"
#include "trainer/run/loaded_model.hpp"
#include "trainer/run/network_run.hpp"
#include "trainer/run/run_checkpoints.hpp"
#include "trainer/run/run_directory.hpp"

namespace lockstep::trainer {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

/// Adds "train.loss is 1, recomputed 2" for each member that differs.
void add_differences(const std::string& prefix, const Json& said, const Json& found,
                     std::vector<std::string>& differences) {
  if (said.is_object() && found.is_object()) {
    for (const auto& [key, value] : found.items()) {
      add_differences(prefix.empty() ? key : prefix + "." + key, said.value(key, Json()), value,
                      differences);
    }
  } else if (said != found) {
    differences.push_back(
        fmt::format("{} is {}, recomputed {}", prefix, said.dump(), found.dump()));
  }
}

/// What the lines of an epoch differ in; "" of equal lines.
std::string difference(const std::string& said, const std::string& found) {
  if (said == found) return "";
  const Json json = Json::parse(said, nullptr, false);
  std::vector<std::string> differences;
  if (json.is_object()) add_differences("", json, Json::parse(found), differences);
  return differences.empty() ? "its line is not written as it was"
                             : fmt::format("{}", fmt::join(differences, "; "));
}

template <class T>
class Verification {
 public:
  Verification(Session& session, Experiment& experiment, const std::string& folder)
      : session_(session), experiment_(experiment), folder_(folder), run_(session, experiment) {}

  std::string verify(Index epoch) {
    const Index epochs = read_lines();
    if (epoch == 0) epoch = epochs;
    if (epochs == 0 || epoch > epochs) {
      throw DataError(fmt::format("{}: has {} finished epochs; there is no epoch {} to verify",
                                  folder_, epochs, std::max<Index>(epoch, 1)));
    }
    const std::string start = go_before(epoch);
    const Index first = run_.training().position().epoch;
    for (Index e = first; e <= epoch; ++e) {
      if (e > first) run_.training().begin_epoch(e);
      verify_epoch();
    }
    if (epoch == epochs) verify_model();
    return fmt::format("{} of {}, recomputed from {}: identical",
                       first == epoch ? fmt::format("epoch {}", epoch)
                                      : fmt::format("epochs {} to {}", first, epoch),
                       folder_, start);
  }

 private:
  /// Of metrics.jsonl, on rank 0; returns how many there are.
  Index read_lines() {
    guard(session_.team, "reading the metrics", [&] {
      if (session_.is_root()) lines_ = lines_of(read_text_file(path_of(kMetricsFile)));
    });
    return max_over(session_.team, static_cast<std::int64_t>(lines_.size()));
  }

  std::string path_of(const char* name) const { return fmt::format("{}/{}", folder_, name); }

  /// Puts the training at the end of the epoch before, or somewhere before that. Returns where it
  /// took its state from.
  std::string go_before(Index epoch) {
    const CheckpointFolder files(session_.team, path_of(kCheckpointFolder), 1);
    Training<T>* training = nullptr;
    for (const Index all_steps : files.steps()) {
      try {
        const CheckpointManifest manifest = files.manifest(all_steps);
        check_data(manifest, experiment_, folder_);
        if (manifest.epoch >= epoch) continue;
        if (training == nullptr) training = &run_.prepare(run_.no_parameters());
        load_checkpoint(files, manifest, experiment_, *training);
        const bool is_done = manifest.step == run_.lanes().steps();
        if (is_done) training->begin_epoch(manifest.epoch + 1);
        return files.path_of(all_steps);
      } catch (const DamagedCheckpoint& damage) {
        say(session_, fmt::format("warning: damaged checkpoint: {}", damage.what()));
      }
    }
    run_.prepare(run_.initial_parameters()).begin_epoch(1);
    return "the beginning";
  }

  void verify_epoch() {
    Training<T>& training = run_.training();
    training.run_steps(
        run_.lanes().steps(), [] { return Wishes(0); }, [](Index) {});
    const Index epoch = training.position().epoch;
    const std::string found = run_.line_of(run_.measure());
    guard(session_.team, "comparing an epoch", [&] {
      if (!session_.is_root()) return;
      const std::string differing = difference(lines_[static_cast<std::size_t>(epoch) - 1], found);
      if (differing.empty()) return;
      throw DataError(fmt::format("{}:{}: epoch {} is not what it says: {}", path_of(kMetricsFile),
                                  epoch, epoch, differing));
    });
    say(session_, fmt::format("epoch {}  identical", epoch));
  }

  /// The model file, where it is there, has these parameters.
  void verify_model() {
    const std::string path = path_of(kModelFile);
    std::error_code error;
    if (max_over(session_.team, session_.is_root() && fs::exists(path, error) ? 1 : 0) == 0) return;
    const SafetensorsFile file = load_model_file(session_, path);
    const std::string said = tensors_sha256(file.tensors());
    const std::string found = parameters_sha256(run_.network(), run_.training().theta().data());
    if (said == found) return;
    throw DataError(
        fmt::format("{}: its parameters have the SHA-256 {}, recomputed {}", path, said, found));
  }

  Session& session_;
  Experiment& experiment_;
  std::string folder_;
  NetworkRun<T> run_;
  std::vector<std::string> lines_;
};

}  // namespace

std::string verify_network(Session& session, TrainingData data, const std::string& folder,
                           Index epoch) {
  Experiment experiment = prepare_experiment(session, std::move(data));
  return experiment.model.precision == "double"
             ? Verification<double>(session, experiment, folder).verify(epoch)
             : Verification<float>(session, experiment, folder).verify(epoch);
}

}  // namespace lockstep::trainer
