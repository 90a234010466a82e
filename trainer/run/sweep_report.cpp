#include "trainer/run/sweep_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <tuple>

#include "core/base/error.hpp"
#include "core/metrics/evaluation.hpp"
#include "trainer/run/report.hpp"
#include "trainer/run/text_table.hpp"

namespace lockstep::trainer {
namespace {

using Json = nlohmann::ordered_json;

const Trial& trial_of(const SweepOutcome& outcome, const TrialResult& result) {
  return outcome.trials[static_cast<std::size_t>(result.number - 1)];
}

/// A cell of CSV.
std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

Spread spread(const TrialResult& result) { return spread_of(result.scores); }

bool has_folds(const SweepOutcome& outcome) { return outcome.results.front().scores.size() > 1; }

const std::string& metric_of(const SweepOutcome& outcome) { return outcome.results.front().metric; }

}  // namespace

bool larger_is_better(const std::string& metric) {
  const auto& all = evaluation_metrics();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& m) { return m.name == metric; });
  return found != all.end() && found->larger_is_better;
}

void sort_results(std::vector<TrialResult>& results) {
  const auto place = [](const TrialResult& result) {
    if (result.has_diverged()) return std::tuple(true, Index{0}, 0.0, result.number);
    const double cost =
        larger_is_better(result.metric) ? -spread(result).mean : spread(result).mean;
    return std::tuple(false, -result.rung, cost, result.number);
  };
  std::sort(results.begin(), results.end(),
            [&](const TrialResult& a, const TrialResult& b) { return place(a) < place(b); });
}

std::string score_text(const TrialResult& result) {
  if (result.has_diverged()) return "diverged";
  std::string mean = fmt::format("{} {:.5g}", result.metric, spread(result).mean);
  if (result.scores.size() == 1) return mean;
  return fmt::format("{} ± {:.2g}", mean, spread(result).deviation);
}

std::string sweep_table(const SweepOutcome& outcome) {
  std::vector<std::vector<std::string>> rows(1);
  rows[0].emplace_back("trial");
  for (const Override& value : outcome.trials.front()) rows[0].push_back(value.key);
  rows[0].emplace_back("epochs");
  rows[0].push_back(metric_of(outcome));
  if (has_folds(outcome)) rows[0].emplace_back("±");
  for (const TrialResult& result : outcome.results) {
    std::vector<std::string> row{std::to_string(result.number)};
    for (const Override& value : trial_of(outcome, result)) row.push_back(name_text(value.value));
    row.push_back(std::to_string(result.epochs));
    row.push_back(result.has_diverged() ? "diverged" : fmt::format("{:.5g}", spread(result).mean));
    if (has_folds(outcome)) {
      row.push_back(result.has_diverged() ? "" : fmt::format("{:.2g}", spread(result).deviation));
    }
    rows.push_back(std::move(row));
  }
  return aligned(rows);
}

std::string sweep_json(const SweepOutcome& outcome) {
  Json json{{"metric", metric_of(outcome)},
            {"measured_on", has_folds(outcome) ? "folds" : "validation"}};
  for (const TrialResult& result : outcome.results) {
    Json trial{{"trial", result.number}};
    for (const Override& value : trial_of(outcome, result))
      trial["values"][value.key] = value.value;
    trial["epochs"] = result.epochs;
    trial["mean"] = result.has_diverged() ? Json() : Json(spread(result).mean);
    trial["std"] = result.scores.size() < 2 ? Json() : Json(spread(result).deviation);
    trial["scores"] = result.scores;
    json["trials"].push_back(std::move(trial));
  }
  json["paired_test"] = nullptr;
  if (const auto& test = outcome.test) {
    json["paired_test"] = {{"trial", outcome.results[0].number},
                           {"against", outcome.results[1].number},
                           {"difference", test->difference},
                           {"std", test->deviation},
                           {"t", std::isinf(test->t) ? Json() : Json(test->t)},
                           {"degrees_of_freedom", outcome.results[0].scores.size() - 1},
                           {"p", test->p}};
  }
  return json.dump(2) + "\n";
}

std::string sweep_csv(const SweepOutcome& outcome) {
  std::string text = "trial";
  for (const Override& value : outcome.trials.front()) text += "," + csv_cell(value.key);
  text += fmt::format(",epochs,{0}_mean,{0}_std\n", metric_of(outcome));
  for (const TrialResult& result : outcome.results) {
    text += std::to_string(result.number);
    for (const Override& value : trial_of(outcome, result)) text += "," + csv_cell(value.value);
    text += fmt::format(",{},{},{}\n", result.epochs,
                        result.has_diverged() ? "" : format_real(spread(result).mean),
                        result.scores.size() < 2 ? "" : format_real(spread(result).deviation));
  }
  return text;
}

std::string test_line(const SweepOutcome& outcome) {
  const auto& results = outcome.results;
  if (results.size() < 2) return "one trial: nothing to compare it with";
  if (results[1].has_diverged()) return "one trial has a result: nothing to compare it with";
  if (results[1].rung < results[0].rung) {
    return fmt::format("trial {} alone has had {}: nothing to compare it with", results[0].number,
                       plural(results[0].epochs, "epoch"));
  }
  if (!outcome.test) {
    return has_folds(outcome) ? "the trials have different folds (train.seed): no paired test"
                              : "one set of validation rows: no paired test; data.folds makes one";
  }
  const double difference = outcome.test->difference;
  const std::string size = difference == 0 ? "is the same"
                                           : fmt::format("{:.2g} {}", std::fabs(difference),
                                                         difference < 0 ? "lower" : "higher");
  return fmt::format(
      "trial {} against trial {}: {} {}, p = {:.2g} (corrected paired t-test over {} folds)",
      results[0].number, results[1].number, metric_of(outcome), size, outcome.test->p,
      results[0].scores.size());
}

std::string result_text(const TrialResult& result) {
  return Json{{"trial", result.number},
              {"values", result.values},
              {"epochs", result.epochs},
              {"metric", result.metric},
              {"scores", result.scores}}
             .dump() +
         "\n";
}

TrialResult read_result(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    return {json.at("trial").get<Index>(),        json.at("values").get<std::string>(),
            json.at("epochs").get<Index>(),       0,
            json.at("metric").get<std::string>(), json.at("scores").get<std::vector<double>>()};
  } catch (const Json::exception& error) {
    throw DataError(fmt::format("expected the result of a trial: {}", error.what()));
  }
}

}  // namespace lockstep::trainer
