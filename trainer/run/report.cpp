#include "trainer/run/report.hpp"

#include <fmt/format.h>
#include <gnu/libc-version.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "comm/affinity.hpp"
#include "core/data/class_labels.hpp"
#include "core/parallel/ranges.hpp"
#include "trainer/cli/reference.hpp"
#include "trainer/run/text_table.hpp"

namespace lockstep::trainer {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr double kProgressSeconds = 10;

std::string range_text(Index least, Index most) {
  return least == most ? fmt::format("{}", least) : fmt::format("{}–{}", least, most);
}

/// "train", "validation" and "test": null for a set without rows.
void add_evaluations(Json& json, const Evaluations& measured) {
  const auto json_of = [](const std::optional<Evaluation>& evaluation) {
    return evaluation ? evaluation_json(*evaluation) : Json();
  };
  json["train"] = evaluation_json(measured.train);
  json["validation"] = json_of(measured.validation);
  json["test"] = json_of(measured.test);
}

Json json_of(const RunResult& result) {
  Json json;
  add_evaluations(json, result.measured);
  if (const auto& best = result.best) {
    json["best"] = {{"metric", best->metric},
                    {"value", best->value},
                    {"epoch", best->epoch},
                    {"steps", best->steps}};
  }
  json["rows_per_second"] = result.rows_per_second;
  json["epochs"] = result.epochs;
  json["steps"] = result.steps;
  json["parameters"] = result.parameters;
  json["parameters_sha256"] = result.parameters_sha256;
  return json;
}

/// Of each metric of a set of rows, in the order of the results.
std::vector<std::pair<std::string, Spread>> spreads(const Json& folds, const char* set) {
  std::vector<std::pair<std::string, Spread>> all;
  for (const auto& [metric, first] : folds.front()[set].items()) {
    if (metric == "rows" || metric == "targets") continue;
    const auto value = [&, name = metric](const Json& fold) {
      const Json& number = fold[set][name];
      return number.is_number() ? number.get<double>() : std::numeric_limits<double>::quiet_NaN();
    };
    std::vector<double> values;
    for (const Json& fold : folds) values.push_back(value(fold));
    all.emplace_back(metric, spread_of(values));
  }
  return all;
}

std::vector<std::string> distinct(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

/// The provenance of a run with that of the process that goes on with it, last under "resumed".
/// Throws DataError where that has other rows.
std::string continued(const RunFolder& folder, const std::string& provenance) {
  const std::string path = folder.directory().file(kProvenanceFile);
  std::error_code error;
  Json json;
  if (fs::exists(path, error)) json = Json::parse(read_text_file(path), nullptr, false);
  if (!json.is_object()) return provenance;
  const Json now = Json::parse(provenance);
  if (json.value("data_hash", Json()) != now["data_hash"]) {
    throw DataError(
        fmt::format("{}: the training rows are not those that the run was begun with; give it the "
                    "same data, or start a new run",
                    folder.directory().path()));
  }
  const Json start = json.value("initial_parameters", Json());
  if (!start.is_null() && start != now["initial_parameters"]) {
    throw DataError(other_start(folder.directory().path()));
  }
  json["resumed"].push_back(now);
  return json.dump(2) + "\n";
}

}  // namespace

std::string other_start(const std::string& run) {
  return fmt::format(
      "{}: the parameters in train.init_from are not those that the run was begun "
      "with; give it the same file, or start a new run",
      run);
}

std::string evaluation_line(const Evaluation& e) {
  std::string line = fmt::format("loss {:.5g}", e.loss);
  if (e.objective != e.loss) line += fmt::format("  objective {:.5g}", e.objective);
  if (e.accuracy) line += fmt::format("  accuracy {:.4f}", *e.accuracy);
  if (e.regression) line += "  " + regression_text(*e.regression);
  for (const auto& [name, value] : e.requested) line += fmt::format("  {} {:.4g}", name, value);
  return line;
}

std::string regression_text(const Evaluation::Regression& regression) {
  return fmt::format("rmse {:.5g}  R² {:.4f}", regression.rmse, regression.r2);
}

std::string team_line(Session& session) {
  Team& team = session.team;
  const auto hosts = distinct(session.environment.hosts());
  std::string host_text = hosts[0];
  if (hosts.size() > 1) host_text += fmt::format(" … {}", hosts.back());
  return fmt::format("{} on {} ({}), {} threads each", plural(team.size(), "rank"),
                     plural(static_cast<Index>(hosts.size()), "host"), host_text,
                     range_text(min_over(team, session.threads), max_over(team, session.threads)));
}

std::string start_line(Session& session, const Experiment& experiment, Index memory_bytes) {
  Team& team = session.team;
  const auto boundaries = lane_boundaries(experiment.lanes, team.size());
  const Index mine = part_of(boundaries, team.rank()).size();
  return fmt::format("{}, {} lanes ({} a rank), {} a rank", team_line(session), experiment.lanes,
                     range_text(min_over(team, mine), max_over(team, mine)),
                     memory_text(max_over(team, memory_bytes)));
}

std::vector<std::string> launch_warnings(Session& session) {
  const std::string launch = comm::launch_advice(session.team, session.threads);
  if (launch.empty() || !session.environment.uses_mpi()) return {};
  return {"warning: " + launch};
}

std::vector<std::string> advice(Session& session, const Experiment& experiment) {
  std::vector<std::string> lines;
  if (session.team.size() > experiment.lanes) {
    lines.push_back(fmt::format(
        "warning: {} of {} ranks have no lane and only help to move data; set train.lanes = {} or "
        "more (with a batch_size of at least 32 rows a lane), or start fewer ranks",
        session.team.size() - static_cast<int>(experiment.lanes), session.team.size(),
        tree_width(session.team.size())));
  }
  if (!session.settings.is_word("train.batch_size", "all") &&
      session.settings.integer("train.batch_size") > experiment.train.total_rows) {
    lines.push_back(
        fmt::format("warning: train.batch_size = {} is more than the {} training rows; all of them "
                    "make one step",
                    session.settings.integer("train.batch_size"), experiment.train.total_rows));
  }
  const Index steps = Lanes(experiment.train.total_rows, 1, experiment.batch).steps();
  const bool validates =
      (experiment.validate_epochs > 0 && experiment.validate_epochs <= experiment.epochs) ||
      (experiment.validate_steps > 0 && experiment.validate_steps <= experiment.epochs * steps);
  if (experiment.monitor && !validates) {
    lines.push_back(fmt::format(
        "warning: there is no validation in {} epochs of {} steps, and train.monitor has nothing "
        "to go by; lower validation.every_epochs or every_steps",
        experiment.epochs, steps));
  }
  constexpr std::size_t kManyClasses = 100;
  const std::vector<std::string>& classes = experiment.model.schema.class_names;
  double ignored = 0;
  if (classes.size() > kManyClasses && parse_csv_number(classes.front(), ignored) &&
      parse_csv_number(classes.back(), ignored)) {
    lines.push_back(fmt::format(
        "warning: {} numbers of the target are taken as {} classes; where they are quantities, set "
        "model.type = linear, or model.loss = squared",
        classes.size(), classes.size()));
  }
  for (const std::string& line : launch_warnings(session)) lines.push_back(line);
  return lines;
}

Spread spread_of(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  Spread spread;
  for (const double value : values) spread.mean += value / n;
  for (const double value : values) {
    const double residual = value - spread.mean;
    spread.deviation += residual * residual / (n - 1);
  }
  spread.deviation = std::sqrt(spread.deviation);
  return spread;
}

std::string provenance_json(Session& session, const RunOrigin& origin) {
  Json json;
  json["version"] = LOCKSTEP_VERSION;
  json["compiler"] = LOCKSTEP_COMPILER;
  json["flags"] = LOCKSTEP_FLAGS;
  json["mpi"] = session.environment.library_version();
  json["glibc"] = gnu_get_libc_version();
  json["instruction_set"] = kernel::name_of(kernel::instruction_set());
  json["hosts"] = session.environment.hosts();
  json["ranks"] = session.team.size();
  std::vector<int> threads;
  for (const auto& text : all_gather_text(session.team, std::to_string(session.threads))) {
    threads.push_back(std::stoi(text));
  }
  json["threads"] = threads;
  json["seed"] = session.settings.integer("train.seed");
  json["data_hash"] = origin.data_hash;
  json["initial_parameters"] = origin.initial_parameters;
  return json.dump(2) + "\n";
}

std::string metrics_line(const EpochMetrics& metrics) {
  Json json{{"epoch", metrics.epoch}};
  if (metrics.step) json["step"] = *metrics.step;
  json["steps"] = metrics.steps;
  if (metrics.learning_rate) json["learning_rate"] = *metrics.learning_rate;
  add_evaluations(json, metrics.measured);
  json["parameters_sha256"] = metrics.parameters_sha256;
  return json.dump();
}

std::string timings_line(const EpochTimes& times) {
  return Json{{"epoch", times.epoch},
              {"seconds", times.seconds},
              {"rows_per_second", times.rows_per_second},
              {"checkpoint_seconds", times.checkpoint_seconds}}
      .dump();
}

void claim_run(RunFolder& folder) {
  if (!folder.directory().is_claimed()) folder.directory().claim();
}

void begin_run(Session& session, RunFolder& folder, RunOrigin origin) {
  RunDirectory& directory = folder.directory();
  if (directory.has_begun()) return;
  claim_run(folder);
  origin.data_hash = folder.data_hash(origin.data_hash);
  std::string provenance = provenance_json(session, origin);
  guard(session.team, "reading the provenance", [&] {
    if (session.is_root() && directory.is_resumed()) provenance = continued(folder, provenance);
  });
  directory.remove_previous();
  const bool is_changed = !directory.is_resumed() || !session.arguments.overrides.empty();
  if (is_changed) directory.write(kConfigFile, resolved_config(session.settings));
  if (is_changed && directory.is_resumed()) directory.claim();  // the file that has the name now
  directory.write(kProvenanceFile, provenance);
  directory.note_begun();
}

std::string result_json(const RunResult& result) { return json_of(result).dump(2) + "\n"; }

std::string folds_json(const std::vector<RunResult>& folds) {
  Json json;
  for (const RunResult& fold : folds) json["folds"].push_back(json_of(fold));
  for (const char* set : {"train", "test"}) {
    for (const auto& [metric, spread] : spreads(json["folds"], set)) {
      json["mean"][set][metric] = spread.mean;
      json["std"][set][metric] = spread.deviation;
    }
  }
  return json.dump(2) + "\n";
}

std::string folds_table(const std::vector<RunResult>& folds) {
  Json json;
  for (const RunResult& fold : folds) json.push_back(json_of(fold));
  const auto all = spreads(json, "test");
  std::vector<std::vector<std::string>> rows(1, {"fold", "rows"});
  for (const auto& [metric, ignored] : all) rows[0].push_back(metric);
  for (std::size_t i = 0; i < json.size(); ++i) {
    const Json& test = json[i]["test"];
    rows.push_back({std::to_string(i + 1), std::to_string(test["rows"].get<Index>())});
    for (const auto& [metric, ignored] : all) {
      const Json& value = test[metric];
      rows.back().push_back(value.is_number() ? fmt::format("{:.5g}", value.get<double>()) : "");
    }
  }
  rows.push_back({"mean", ""});
  rows.push_back({"std", ""});
  for (const auto& [ignored, spread] : all) {
    rows[rows.size() - 2].push_back(fmt::format("{:.5g}", spread.mean));
    rows.back().push_back(fmt::format("{:.2g}", spread.deviation));
  }
  return aligned(rows);
}

std::string folds_line(const std::vector<RunResult>& folds) {
  Json json;
  for (const RunResult& fold : folds) json.push_back(json_of(fold));
  std::map<std::string, Spread> of;
  for (const auto& [metric, spread] : spreads(json, "test")) of[metric] = spread;
  std::string line = fmt::format("{} folds  test", folds.size());
  const auto add = [&](const char* metric, const std::string& name) {
    if (of.count(metric) == 0) return;
    line += fmt::format("  {} {:.5g} ± {:.2g}", name, of[metric].mean, of[metric].deviation);
  };
  add("loss", "loss");
  add("accuracy", "accuracy");
  add("rmse", "rmse");
  add("r2", "R²");
  return line;
}

std::string model_line(const std::string& path, const RunResult& result) {
  const Evaluations& measured = result.measured;
  return fmt::format("model {}  {}", path,
                     measured.test         ? "test " + evaluation_line(*measured.test)
                     : measured.validation ? "validation " + evaluation_line(*measured.validation)
                                           : "train " + evaluation_line(measured.train));
}

std::string best_line(const std::string& path, const BestValidation& best) {
  return fmt::format("best {}  validation {} {:.5g} in epoch {}, after {} steps", path, best.metric,
                     best.value, best.epoch, best.steps);
}

Progress::Progress(const Session& session, const TrainingPosition& from, Index epochs, Index steps)
    : session_(session),
      epoch_(from.epoch),
      epochs_(epochs),
      steps_(steps),
      first_(from.step),
      start_(seconds_now()),
      last_(start_) {}

void Progress::step_done(Index steps_done) {
  if (!session_.is_root()) return;
  const double now = seconds_now();
  if (now - last_ < kProgressSeconds || steps_done == steps_) return;
  last_ = now;
  const auto taken = static_cast<double>(steps_done - first_);
  const auto left_steps = static_cast<double>((epochs_ - epoch_ + 1) * steps_ - steps_done);
  const double left = (now - start_) * left_steps / taken;
  say(session_, fmt::format("epoch {}/{}  step {}/{}  about {:.0f} s left", epoch_, epochs_,
                            steps_done, steps_, left));
}

}  // namespace lockstep::trainer
