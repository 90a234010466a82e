#include "trainer/run/resume_checks.hpp"

#include <fmt/format.h>

#include <map>
#include <vector>

#include "core/base/error.hpp"
#include "trainer/cli/key_rules.hpp"
#include "trainer/run/data_split.hpp"

namespace lockstep::trainer {
namespace {

using Options = std::map<std::string, std::string>;

/// Why a run that was begun with `began` cannot go on under these settings, a line for each key
/// that has another value.
std::vector<std::string> objections(const Settings& settings, const std::string& run,
                                    const Options& began) {
  const auto value = [](const Options& options, const std::string& key) {
    const auto found = options.find(key);
    return found == options.end() || found->second.empty() ? "nothing" : found->second;
  };
  const Options now = options_of_model(settings);
  Options all = began;
  all.insert(now.begin(), now.end());
  std::vector<std::string> given;
  std::vector<std::string> implied;
  for (const auto& [key, ignored] : all) {
    const bool is_epochs = key == "train.epochs";
    if (is_epochs && is_independent_of_epochs(settings)) continue;
    if (value(began, key) == value(now, key)) continue;
    const bool is_given = settings.find(key) != nullptr && settings.given(key);
    const std::string why = is_epochs ? fmt::format(", on which train.schedule = {} depends",
                                                    settings.text("train.schedule"))
                                      : "";
    (is_given ? given : implied)
        .push_back(fmt::format("{}: error: {}: the run in {} was begun with {}{}, and cannot go on "
                               "with {}",
                               is_given ? settings.place(key) : "command line", key, run,
                               value(began, key), why, value(now, key)));
  }
  return given.empty() ? implied : given;
}

void throw_any(const std::vector<std::string>& complaints) {
  if (!complaints.empty()) throw PlacedConfigError(fmt::format("{}", fmt::join(complaints, "\n")));
}

/// The start of a run that has begun is behind it.
void check_start(const Arguments& arguments, const std::string& run) {
  for (const Override& given : arguments.overrides) {
    if (given.key != "train.init_from") continue;
    throw PlacedConfigError(fmt::format(
        "command line: error: train.init_from: the run in {} has begun already; remove it", run));
  }
}

}  // namespace

void check_options(const Settings& settings, const CheckpointManifest& manifest,
                   const std::string& run) {
  std::vector<std::string> complaints = objections(settings, run, manifest.options);
  if (manifest.epoch > settings.integer("train.epochs")) {
    complaints.push_back(
        fmt::format("{}: error: train.epochs: the run in {} has come to epoch {} already; ask for "
                    "as many or more",
                    settings.place("train.epochs"), run, manifest.epoch));
  }
  throw_any(complaints);
}

void check_data(const CheckpointManifest& manifest, const Experiment& experiment,
                const std::string& run) {
  std::string changed;
  std::map<std::string, std::string> all = manifest.data;
  all.insert(experiment.data_hashes.begin(), experiment.data_hashes.end());
  for (const auto& [set, ignored] : all) {
    const auto began = manifest.data.find(set);
    const auto now = experiment.data_hashes.find(set);
    const bool is_same = began != manifest.data.end() && now != experiment.data_hashes.end() &&
                         began->second == now->second;
    if (!is_same) changed += (changed.empty() ? "" : " and ") + set;
  }
  if (changed.empty()) return;
  throw DataError(
      fmt::format("{}: the {} rows are not those that the run was begun with; give it the same "
                  "data, or start a new run",
                  run, changed));
}

void check_can_go_on(Session& session, const RunDirectory& directory) {
  std::vector<std::string> folders{kCheckpointFolder};
  for (Index fold = 0; fold < kMostFolds; ++fold) {
    folders.push_back(fmt::format("{}/{}", fold_folder(fold), kCheckpointFolder));
  }
  bool has_begun = false;
  for (const std::string& folder : folders) {
    const CheckpointFolder files(session.team, directory.file(folder), 1);
    for (const Index all_steps : files.steps()) {
      try {
        check_options(session.settings, files.manifest(all_steps), directory.path());
        has_begun = true;
      } catch (const DamagedCheckpoint&) {
        continue;  // told when it is loaded
      }
    }
  }
  if (has_begun) return check_start(session.arguments, directory.path());
  Arguments without_changes = session.arguments;
  without_changes.overrides.clear();
  const Session began = open_session(session.environment, session.team, without_changes);
  throw_any(objections(session.settings, directory.path(), options_of_model(began.settings)));
}

}  // namespace lockstep::trainer
