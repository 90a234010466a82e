#include "trainer/run/verify_network.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/base/error.hpp"
#include "trainer/run/experiment.hpp"
#include "trainer/run/loaded_model.hpp"
#include "trainer/run/network_run.hpp"
#include "trainer/run/replay.hpp"
#include "trainer/run/run_directory.hpp"

namespace lockstep::trainer {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Adds "train.loss is 1, recomputed 2" for each member that differs.
void add_differences(const std::string& prefix, const Json& said, const Json& found,
                     std::vector<std::string>& differences) {
  if (said.is_object() && found.is_object()) {
    for (const auto& [key, value] : found.items()) {
      add_differences(prefix.empty() ? key : fmt::format("{}.{}", prefix, key),
                      said.value(key, Json()), value, differences);
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
    lines_ = metrics_of(session_, folder_);
    const auto count = static_cast<Index>(lines_.size());
    Index finished = 0;
    while (lines_until(finished + 1) <= count) ++finished;
    if (count == 0 || epoch > finished) {
      throw DataError(fmt::format("{}: has {} finished epochs; there is no epoch {} to verify",
                                  folder_, finished, std::max<Index>(epoch, 1)));
    }
    const Index last_line = epoch > 0 ? lines_until(epoch) : count;
    // A training may have ended within an epoch.
    const Index last = epoch > 0 ? epoch : finished + (lines_until(finished) < count ? 1 : 0);
    const std::string start = go_before(session_, experiment_, folder_, last, run_);
    const TrainingPosition& position = run_.training().position();
    const Index first = position.epoch;
    for (Index line = 0; line < last_line;) {
      if (position.step == steps()) begin_next_epoch(run_);
      take_steps(run_, run_.next_line());
      line = line_count(experiment_, steps(), position.all_steps);
      verify_line(line);
    }
    if (last_line == count) verify_models();
    return fmt::format(
        "{} of {}, recomputed from {}: identical",
        first == last ? fmt::format("epoch {}", last) : fmt::format("epochs {} to {}", first, last),
        folder_, start);
  }

 private:
  std::string path_of(std::string_view name) const { return fmt::format("{}/{}", folder_, name); }

  Index steps() const { return run_.lanes().steps(); }
  /// Lines of metrics.jsonl up to the end of an epoch.
  Index lines_until(Index epoch) const { return line_count(experiment_, steps(), epoch * steps()); }

  /// The line that is due where the training stands, from 1.
  void verify_line(Index line) {
    const TrainingPosition& position = run_.training().position();
    const Evaluations measured = run_.measure(NetworkRun<T>::Sets::due);
    const std::string found = run_.line_of(measured);
    run_.see(measured);
    std::string where = fmt::format("epoch {}", position.epoch);
    if (position.step < steps()) where += fmt::format(", step {}", position.step);
    guard(session_.team, "comparing an epoch", [&] {
      if (!session_.is_root()) return;
      const std::string differing = difference(lines_[static_cast<std::size_t>(line) - 1], found);
      if (differing.empty()) return;
      throw DataError(fmt::format("{}:{}: {} is not what it says: {}", path_of(kMetricsFile), line,
                                  where, differing));
    });
    say(session_, where + "  identical");
  }

  void verify_models() {
    verify_model(kModelFile, run_.training().theta(), run_.training().position().all_steps);
    if (run_.monitor() && run_.monitor()->state().best) {
      verify_model(kBestFile, run_.best_parameters(), run_.monitor()->state().steps);
    }
  }

  /// A model file has these parameters, which are those after so many steps. One that is not there,
  /// or is of other steps, is no fault: the run may go on, or have been killed.
  void verify_model(std::string_view name, const AlignedVector<T>& theta, Index steps) {
    const std::string path = path_of(name);
    std::error_code error;
    if (max_over(session_.team, session_.is_root() && fs::exists(path, error) ? 1 : 0) == 0) {
      say(session_, fmt::format("{}: is not there, and not compared", path));
      return;
    }
    const SafetensorsFile file = load_model_file(session_, path);
    const std::string said = tensors_sha256(file.tensors());
    const std::string found = parameters_sha256(run_.network(), theta.data());
    if (said == found) return;
    const bool is_one_of_these = name == kModelFile || file.metadata().contains("best");
    const Index of_file =
        max_over(session_.team, session_.is_root() && is_one_of_these ? steps_of(file, said) : 0);
    if (of_file > 0 && of_file != steps) {
      say(session_, fmt::format("{}: is of {} steps, and not compared", path, of_file));
      return;
    }
    throw DataError(
        fmt::format("{}: its parameters have the SHA-256 {}, recomputed {}", path, said, found));
  }

  /// After how many steps a model was written: as it says itself, or the line with its parameters.
  /// 0 where neither says so.
  Index steps_of(const SafetensorsFile& file, const std::string& parameters) const {
    const auto best = file.metadata().find("best");
    if (best != file.metadata().end()) {  // newer than the lines, or not what it says
      const Index said = Json::parse(best->second, nullptr, false).value("steps", Index{0});
      return said > run_.training().position().all_steps ? said : 0;
    }
    for (const std::string& line : lines_) {
      const Json json = Json::parse(line, nullptr, false);
      if (!json.is_object() || json.value("parameters_sha256", "") != parameters) continue;
      return json.value("steps", Index{0});
    }
    return 0;
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
