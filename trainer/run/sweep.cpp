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
#include "core/metrics/evaluation.hpp"
#include "core/model/naive_bayes.hpp"
#include "core/parallel/lanes.hpp"
#include "trainer/cli/reference.hpp"
#include "trainer/cli/resolve.hpp"
#include "trainer/run/data_split.hpp"
#include "trainer/run/experiment.hpp"
#include "trainer/run/stop_signals.hpp"
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

/// Most lanes that a batch of these settings may have.
int most_lanes(const Settings& settings) {
  constexpr Index kLargeBatch = Index{1} << 20;
  if (!settings.is_word("train.lanes", "auto")) {
    return static_cast<int>(settings.integer("train.lanes"));
  }
  const bool is_all = settings.is_word("train.batch_size", "all");
  return static_cast<int>(
      automatic_lanes(is_all ? kLargeBatch : settings.integer("train.batch_size")));
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

/// What trials have to be measured by for sweep.metric; "" where they are in any case.
std::string wanted_metrics(const Settings& settings) {
  const std::string& metric = settings.text("sweep.metric");
  const auto& all = evaluation_metrics();
  const bool on_request = std::any_of(all.begin(), all.end(), [&](const EvaluationMetric& m) {
    return m.name == metric && m.on_request;
  });
  if (!on_request) return "";
  const std::string& others = settings.text("validation.metrics");
  return settings.is_word("validation.metrics", "none") ? metric : others + "," + metric;
}

void check_has_rows(const Settings& settings) {
  if (fold_count(settings) > 0 || settings.real("data.validation_fraction") > 0) return;
  throw PlacedConfigError(
      "command line: error: sweep: trials are compared by rows that they are not trained on; set "
      "data.validation_fraction or data.folds");
}

bool is_swept(const std::vector<SweptKey>& keys, std::string_view name) {
  return std::any_of(keys.begin(), keys.end(),
                     [&](const SweptKey& key) { return key.key == name; });
}

/// One metric, of one meaning, for all trials.
void check_metric_is_one(const Settings& settings, const std::vector<SweptKey>& keys) {
  constexpr const char* kKey = "sweep.metric";
  const auto fail = [&](const std::string& why) {
    throw PlacedConfigError(
        fmt::format("{}: error: {}: {}",
                    settings.given(kKey) ? settings.place(kKey) : "command line", kKey, why));
  };
  std::string metric = settings.text(kKey);
  if (metric == "auto") {
    if (is_swept(keys, "train.monitor"))
      fail("auto is train.monitor, which is swept; set a metric");
    metric = settings.text("train.monitor");
  }
  const bool has_loss = metric == "loss" || metric == "objective";
  for (const char* key : {"model.loss", "preprocess.target_scale"}) {
    if (!has_loss || !is_swept(keys, key)) continue;
    fail(fmt::format("{} means another thing for each {}; take another metric", metric, key));
  }
  const bool has_penalty = is_swept(keys, "penalty.l1") || is_swept(keys, "penalty.l2") ||
                           is_swept(keys, "penalty.bias") || is_swept(keys, "svm.C");
  if (metric == "objective" && has_penalty) {
    fail("objective has the penalty in it, which is swept; take another metric");
  }
}

/// Trials go on with more epochs than they were begun with.
void check_halving(const Settings& settings, const std::vector<SweptKey>& keys) {
  constexpr const char* kKey = "sweep.halving";
  if (settings.is_word(kKey, "none")) return;
  const auto fail = [&](const std::string& why) {
    throw PlacedConfigError(fmt::format("{}: error: {}: {}", settings.place(kKey), kKey, why));
  };
  if (settings.text("model.type") == kNaiveBayesName) fail("naive_bayes has no epochs");
  if (is_swept(keys, "train.epochs")) fail("gives trials their epochs; remove sweep.train.epochs");
  if (settings.integer("sweep.min_epochs") >= settings.integer("train.epochs")) {
    fail(fmt::format("needs train.epochs above sweep.min_epochs = {}",
                     settings.integer("sweep.min_epochs")));
  }
}

/// Epochs of each rung, ascending; of one without halving, where 0 is what is configured.
std::vector<Index> rungs_of(const Settings& settings) {
  if (settings.is_word("sweep.halving", "none")) return {0};
  std::vector<Index> rungs;
  const Index last = settings.integer("train.epochs");
  for (Index epochs = settings.integer("sweep.min_epochs"); epochs < last;
       epochs *= settings.integer("sweep.halving")) {
    rungs.push_back(epochs);
  }
  rungs.push_back(last);
  return rungs;
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
  check_has_rows(session.settings);
  check_metric_is_one(session.settings, keys_);
  check_halving(session.settings, keys_);
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
    const Settings settings = settings_of(number, 0);
    const bool has_lanes = settings.text("model.type") != kNaiveBayesName;
    most = std::max(most, has_lanes ? most_lanes(settings) : session_.team.size());
  }
  return most;
}

/// Reads the rows once, which tells of those that cannot be read, and makes sure that a sweep that
/// goes on has the rows that it was begun with. *Collective*.
void Sweep::check_rows() {
  Session first = session_;
  first.settings = settings_of(1, rungs_of(session_.settings).front());
  const std::string hash = data_hash(session_.team, load_training_rows(first));
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
  std::optional<std::string> stopped;
  std::optional<CollectiveError> failed;
  try {
    run_mine(due, epochs, team, results);
  } catch (const MpiError&) {
    throw;  // nobody to agree with
  } catch (const Interrupted& error) {
    stopped = error.what();
  } catch (const Error& error) {
    failed.emplace(error.exit_code(), error.what());
  }

  comm::Communicator all(session_.team.transport(), kAnyTime);
  if (max_over(all, directory_.has_progress() ? 1 : 0) > 0) directory_.keep_progress();
  guard(all, "running the trials", [&] {
    if (failed) throw *failed;
  });
  if (max_over(all, stopped ? 1 : 0) > 0) {
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
