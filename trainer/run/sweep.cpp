#include "trainer/run/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

#include "comm/sub_transport.hpp"
#include "core/base/error.hpp"
#include "core/data/data_hash.hpp"
#include "core/format/file_descriptor.hpp"
#include "core/model/losses.hpp"
#include "core/model/naive_bayes.hpp"
#include "trainer/cli/reference.hpp"
#include "trainer/cli/resolve.hpp"
#include "trainer/run/data_split.hpp"
#include "trainer/run/experiment.hpp"
#include "trainer/run/stop_signals.hpp"
#include "trainer/run/sweep_rules.hpp"
#include "trainer/run/text_table.hpp"
#include "trainer/run/train_model.hpp"

namespace lockstep::trainer {
namespace {

using nlohmann::json;

constexpr const char* kTrialFolder = "trial-";
constexpr const char* kResultFolder = "results";
constexpr const char* kRowsFile = "results/rows.sha256";

/// Teams wait for each other as long as their trials take. A rank that is lost meanwhile is missed
/// by the others of its team, which end the run.
constexpr std::chrono::milliseconds kAnyTime = std::chrono::hours(24 * 365);

/// The file as rank 0 reads it; nothing where it is not there. *Collective*.
std::optional<std::string> shared_text(Team& team, const std::string& path) {
  bool exists = false;
  std::string text;
  guard(team, "reading results", [&] {
    std::error_code error;
    if (team.rank() != 0 || !std::filesystem::exists(path, error)) return;
    exists = true;
    text = read_text_file(path);
  });
  if (max_over(team, exists ? 1 : 0) == 0) return std::nullopt;
  broadcast_text(team, text, 0);
  return text;
}

/// Where the rows are that trials are compared by: the results of the folds, or of the one model.
std::vector<double> scores_of(const json& result, const std::string& metric) {
  const auto number = [](const json& value) {
    return value.is_number() ? value.get<double>() : std::nan("");
  };
  std::vector<double> scores;
  if (result.contains("folds")) {
    for (const json& fold : result["folds"]) scores.push_back(number(fold["test"][metric]));
  } else {
    const bool has_best = result.contains("best") && result["best"]["metric"] == metric;
    scores.push_back(number(has_best ? result["best"]["value"] : result["validation"][metric]));
  }
  const auto none = std::find_if(scores.begin(), scores.end(),
                                 [](double score) { return !std::isfinite(score); });
  if (none == scores.end()) return scores;
  throw DataError(
      fmt::format("sweep.metric: {} has no value{}; take another metric{}", metric,
                  scores.size() == 1 ? "" : fmt::format(" in fold {}", none - scores.begin() + 1),
                  scores.size() == 1 ? "" : ", or set data.stratify = yes"));
}

const json& first_rows(const json& result) {
  return result.contains("folds") ? result["folds"][0]["test"] : result["validation"];
}

Index epochs_of(const json& result) {
  return (result.contains("folds") ? result["folds"][0] : result).value("epochs", Index{0});
}

}  // namespace

RunFiles sweep_files() {
  RunFiles files{"sweep", kSweepFile, {kSweepFile, kResultFile, kTrialsFile}};
  files.trees = {kTrialFolder, kResultFolder};
  return files;
}

bool may_change_in_a_sweep(std::string_view key) {
  return key.starts_with("run.") || key.starts_with("comm.") || key == "train.max_hours";
}

std::string trial_folder(Index number) { return fmt::format("{}{}", kTrialFolder, number); }

Sweep::Sweep(Session& session, RunDirectory& directory)
    : session_(session),
      directory_(directory),
      keys_(swept_keys(session.settings)),
      trials_(trials_of(session.settings, keys_)),
      config_(given_config(session.settings)) {
  check_sweep(session.settings, keys_);
  for (Index number = 1; number <= static_cast<Index>(trials_.size()); ++number) {
    check_trial(number);
  }
}

void Sweep::check_trial(Index number) const {
  const auto name = [&] {
    return fmt::format("trial {} ({})", number,
                       trial_text(trials_[static_cast<std::size_t>(number - 1)]));
  };
  try {
    const Settings settings = settings_of(number, rungs_of(session_.settings).front());
    const bool halves = !settings.is_word("sweep.halving", "none");
    if (halves && !is_independent_of_epochs(settings)) {
      throw PlacedConfigError(fmt::format(
          "command line: error: sweep.halving: train.schedule = {} depends on train.epochs, which "
          "it changes; take another schedule",
          settings.text("train.schedule")));
    }
  } catch (const PlacedConfigError& error) {
    constexpr std::string_view kPlace = "command line";
    std::string what = error.what();
    if (what.starts_with(kPlace)) what.erase(0, kPlace.size() + 2);
    throw PlacedConfigError(fmt::format("{}: {}", name(), what));
  }
}

/// What a trial is begun with, or goes on with.
std::vector<Override> Sweep::overrides_of(Index number, Index epochs, bool goes_on) const {
  std::vector<Override> overrides;
  if (!goes_on) overrides = trials_[static_cast<std::size_t>(number - 1)];
  if (epochs > 0) overrides.push_back({"train.epochs", std::to_string(epochs)});
  if (const std::string metrics = wanted_metrics(session_.settings); !goes_on && !metrics.empty()) {
    overrides.push_back({"validation.metrics", metrics});
  }
  for (const Override& given : session_.arguments.overrides) {
    if (may_change_in_a_sweep(given.key)) overrides.push_back(given);
  }
  return overrides;
}

Settings Sweep::settings_of(Index number, Index epochs) const {
  Arguments arguments;
  arguments.command = "train";
  arguments.overrides = overrides_of(number, epochs, false);
  return resolve_settings(arguments, kSweepFile, config_);
}

std::string Sweep::result_file(Index number, Index epochs) const {
  return epochs == 0
             ? fmt::format("{}/{}{}.json", kResultFolder, kTrialFolder, number)
             : fmt::format("{}/{}{}-epochs-{}.json", kResultFolder, kTrialFolder, number, epochs);
}

int Sweep::most_ranks_of_a_trial() const {
  int most = 1;
  for (Index number = 1; number <= static_cast<Index>(trials_.size()); ++number) {
    most = std::max(most, most_ranks(settings_of(number, 0), session_.team.size()));
  }
  return most;
}

/// Reads the rows once, which tells of those that cannot be read, makes sure that a sweep that goes
/// on has the rows that it was begun with, and that its metric is one of theirs. *Collective*.
void Sweep::check_rows() {
  Session first = session_;
  first.settings = settings_of(1, rungs_of(session_.settings).front());
  const Table rows = load_training_rows(first);
  if (const char* key = "sweep.metric"; !session_.settings.is_word(key, "auto")) {
    const bool has_probabilities =
        first.settings.text("model.type") == kNaiveBayesName ||
        loss_traits(network_spec(first.settings, rows).loss).has_probabilities;
    check_metric(session_.settings, key, session_.settings.text(key), rows, has_probabilities);
  }
  const std::string hash = data_hash(session_.team, rows);
  const auto begun = shared_text(session_.team, directory_.file(kRowsFile));
  if (!begun) {
    directory_.write(kRowsFile, hash);
  } else if (*begun != hash) {
    throw DataError(fmt::format(
        "{}: the training rows are not those that the sweep was begun with; give it the same data, "
        "or start a new sweep",
        directory_.path()));
  }
}

SweepOutcome Sweep::run() {
  directory_.claim();
  directory_.remove_previous();
  if (!directory_.is_resumed()) directory_.write(kSweepFile, config_);
  check_rows();
  const bool is_random = session_.settings.is_word("sweep.search", "random");
  const Index wanted = session_.settings.integer("sweep.trials");
  if (is_random && static_cast<Index>(trials_.size()) < wanted) {
    say(session_, fmt::format("{} of {}: there are no more combinations", trials_.size(),
                              plural(wanted, "trial")));
  }

  const std::vector<Index> rungs = rungs_of(session_.settings);
  std::vector<Index> due(trials_.size());
  std::iota(due.begin(), due.end(), Index{1});
  std::map<Index, TrialResult> newest;
  for (std::size_t rung = 0; rung < rungs.size(); ++rung) {
    if (rungs[rung] > 0) {
      say(session_, fmt::format("{} with {}", plural(static_cast<Index>(due.size()), "trial"),
                                plural(rungs[rung], "epoch")));
    }
    std::vector<TrialResult> results = run_all(due, rungs[rung]);
    for (TrialResult& result : results) {
      result.rung = static_cast<Index>(rung);
      newest[result.number] = result;
    }
    if (rung + 1 == rungs.size()) break;
    sort_results(results);
    const auto factor = static_cast<std::size_t>(session_.settings.integer("sweep.halving"));
    results.resize((results.size() + factor - 1) / factor);
    due.clear();
    for (const TrialResult& result : results) {
      if (!result.has_diverged()) due.push_back(result.number);
    }
    std::sort(due.begin(), due.end());
    if (due.empty()) break;
  }

  SweepOutcome outcome{trials_, {}};
  for (const auto& [ignored, result] : newest) outcome.results.push_back(result);
  sort_results(outcome.results);
  const auto& results = outcome.results;
  if (results[0].has_diverged()) {
    throw NumericalError("all trials diverged; try lower values of train.learning_rate");
  }
  for (const TrialResult& result : results) {
    if (result.has_diverged() || result.metric == results[0].metric) continue;
    throw DataError(
        fmt::format("sweep.metric: trial {} has {} and trial {} {}; set a metric that all have",
                    results[0].number, results[0].metric, result.number, result.metric));
  }
  if (!is_swept(keys_, "train.seed") && results.size() > 1 && results[1].scores.size() > 1 &&
      results[1].rung == results[0].rung) {
    outcome.test = corrected_paired_test(results[0].scores, results[1].scores);
  }
  return outcome;
}

/// The results of trials, on all ranks, in the order of their numbers. *Collective*.
std::vector<TrialResult> Sweep::run_all(const std::vector<Index>& numbers, Index epochs) {
  const int ranks = session_.team.size();
  const int teams =
      std::clamp(ranks / most_ranks_of_a_trial(), 1, static_cast<int>(numbers.size()));
  // Ranks that are neighbours, and so on one machine, form a team.
  const auto team_of = [&](int rank) {
    return static_cast<int>(static_cast<std::int64_t>(rank) * teams / ranks);
  };
  const int mine = team_of(session_.team.rank());
  std::vector<int> members;
  for (int rank = 0; rank < ranks; ++rank) {
    if (team_of(rank) == mine) members.push_back(rank);
  }
  std::vector<Index> due;
  for (std::size_t i = static_cast<std::size_t>(mine); i < numbers.size();
       i += static_cast<std::size_t>(teams)) {
    due.push_back(numbers[i]);
  }
  comm::SubTransport transport(session_.team.transport(), members);
  comm::Communicator team(transport, session_.team.timeout());
  std::vector<TrialResult> results;
  bool is_stopped = false;
  std::optional<CollectiveError> failed;
  try {
    run_mine(due, epochs, team, results);
  } catch (const MpiError&) {
    throw;  // nobody to agree with
  } catch (const Interrupted&) {
    is_stopped = true;
  } catch (const Error& error) {
    failed.emplace(error.exit_code(), error.what());
  }

  comm::Communicator all(session_.team.transport(), kAnyTime);
  if (max_over(all, directory_.has_progress() ? 1 : 0) > 0) directory_.keep_progress();
  guard(all, "running the trials", [&] {
    if (failed) throw *failed;
  });
  if (max_over(all, is_stopped ? 1 : 0) > 0) {
    throw Interrupted(fmt::format("the sweep was stopped; go on with: {}",
                                  resume_command(directory_.path(), "sweep")));
  }
  std::string texts;
  for (const TrialResult& result : results) {
    if (team.rank() == 0) texts += result_text(result);
  }
  results.clear();
  for (const std::string& of_rank : all_gather_text(all, texts)) {
    std::istringstream lines(of_rank);
    for (std::string line; std::getline(lines, line);) results.push_back(read_result(line));
  }
  std::sort(results.begin(), results.end(),
            [](const TrialResult& a, const TrialResult& b) { return a.number < b.number; });
  return results;
}

void Sweep::run_mine(const std::vector<Index>& mine, Index epochs, comm::Communicator& team,
                     std::vector<TrialResult>& results) {
  for (const Index number : mine) {
    if (max_over(team, StopSignals::received() != 0 ? 1 : 0) > 0) throw Interrupted("");
    const Trial& trial = trials_[static_cast<std::size_t>(number - 1)];
    try {
      results.push_back(run_trial(number, epochs, team));
    } catch (const MpiError&) {
      throw;
    } catch (const Interrupted&) {
      throw;
    } catch (const Error& error) {
      throw CollectiveError(error.exit_code(), fmt::format("trial {} ({}): {}", number,
                                                           trial_text(trial), error.what()));
    }
    if (team.rank() != 0) continue;
    fmt::print(stderr, "trial {}/{}  {}  {}\n", number, trials_.size(), trial_text(trial),
               score_text(results.back()));
  }
}

/// What a file says of a trial, if it is of this one.
TrialResult Sweep::known_result(Index number, const std::string& file,
                                const std::string& text) const {
  constexpr const char* kRemedy = "remove the file and the folder of its trial, or start anew";
  TrialResult result;
  try {
    result = read_result(text);
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}; {}", file, error.what(), kRemedy));
  }
  const auto scores = static_cast<std::size_t>(std::max<Index>(fold_count(session_.settings), 1));
  const bool fits = result.number == number &&
                    result.values == trial_text(trials_[static_cast<std::size_t>(number - 1)]) &&
                    (result.scores.empty() || result.scores.size() == scores);
  if (fits) return result;
  throw DataError(fmt::format("{}: is the result of another trial than {}, or of another sweep; {}",
                              file, number, kRemedy));
}

/// One trial by a team, or what the file of its result says. *Collective* over the team.
TrialResult Sweep::run_trial(Index number, Index epochs, comm::Communicator& team) {
  const std::string file = directory_.file(result_file(number, epochs));
  if (const auto known = shared_text(team, file)) return known_result(number, file, *known);
  TrialResult result{number, trial_text(trials_[static_cast<std::size_t>(number - 1)]), epochs};
  Arguments arguments;
  arguments.command = "train";
  const std::string folder = directory_.file(trial_folder(number));
  const bool goes_on = shared_text(team, fmt::format("{}/{}", folder, kConfigFile)).has_value();
  arguments.overrides = overrides_of(number, epochs, goes_on);
  if (goes_on) {
    arguments.resume = folder;
  } else {
    arguments.config_file = directory_.file(kSweepFile);
    arguments.overrides.push_back({"output.dir", folder});
  }
  Session trial = open_session(session_.environment, team, arguments);
  trial.is_quiet = true;
  trial.reports_bad_rows = false;  // check_rows did
  trial.started_at = session_.started_at;
  try {
    train_run(trial);
    const json found = json::parse(*shared_text(team, fmt::format("{}/{}", folder, kResultFile)));
    const json& rows = first_rows(found);
    result.metric = metric_of(trial.settings, rows.contains("accuracy"));
    if (!rows.contains(result.metric)) {
      throw DataError(
          fmt::format("sweep.metric: the model has no {}; take one of its metrics", result.metric));
    }
    result.epochs = epochs_of(found);
    result.scores = scores_of(found, result.metric);
  } catch (const Error& error) {
    if (error.exit_code() != ExitCode::diverged) throw;
  }
  guard(team, "writing results", [&] {
    if (team.rank() != 0) return;
    std::filesystem::create_directories(directory_.file(kResultFolder));
    write_text_file(file, result_text(result));
  });
  directory_.keep_progress();
  return result;
}

std::string Sweep::metric_of(const Settings& trial, bool classifies) const {
  const std::string& wanted = session_.settings.text("sweep.metric");
  if (wanted != "auto") return wanted;
  if (!trial.is_word("train.monitor", "none")) return trial.text("train.monitor");
  return classifies ? "accuracy" : "rmse";
}

}  // namespace lockstep::trainer
