#include "trainer/run/check_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "trainer/run/text_table.hpp"

namespace lockstep::trainer {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kSeverities{Severity::error, Severity::warning, Severity::note};

std::string number_text(double x) { return std::isfinite(x) ? fmt::format("{:.3g}", x) : "-"; }

/// "0", "12 KiB", "17 MiB": rounded up below a mebibyte.
std::string bytes_text(Index bytes) {
  constexpr Index kKibibyte = 1024;
  if (bytes == 0) return "0";
  if (bytes >= kKibibyte * kKibibyte) return memory_text(bytes);
  return fmt::format("{} KiB", (bytes + kKibibyte - 1) / kKibibyte);
}

/// "1 error, 2 warnings, 0 notes".
std::string counts_text(const Findings& findings) {
  std::string text;
  for (const Severity severity : kSeverities) {
    if (!text.empty()) text += ", ";
    text += plural(findings.count(severity), std::string(name_of(severity)));
  }
  return text;
}

/// Of examples; `--json` has a few more.
constexpr std::size_t kMostPlaces = 2;

std::string findings_text(const Findings& findings) {
  std::string text;
  for (const Severity severity : kSeverities) {
    for (const Finding& finding : findings.all()) {
      if (finding.severity != severity) continue;
      text += fmt::format("{}: {}: ", name_of(severity), finding.check);
      text += finding.message;
      if (!finding.places.empty()) {
        const std::size_t shown = std::min(finding.places.size(), kMostPlaces);
        text += fmt::format(
            " ({}{})",
            fmt::join(finding.places.begin(),
                      finding.places.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
            shown < finding.places.size() ? ", …" : "");
      }
      text += '\n';
    }
  }
  return text;
}

std::string sets_text(const CheckReport& report) {
  std::string text;
  for (const auto& [name, rows] : report.sets) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, plural(rows, "row"));
  }
  if (text.empty()) return "";
  return fmt::format("{}; {}\n", text,
                     plural(static_cast<Index>(report.features.size()), "feature column"));
}

std::string classes_text(const CheckReport& report) {
  constexpr std::size_t kMostClasses = 20;
  if (report.class_rows.empty() || report.classes.empty()) return "";
  std::vector<std::vector<std::string>> rows{{"classes"}};
  for (const auto& set : report.sets) rows.front().push_back(set.first);
  for (std::size_t y = 0; y < std::min(report.classes.size(), kMostClasses); ++y) {
    rows.push_back({name_text(report.classes[y])});
    for (const std::vector<Index>& of_set : report.class_rows) {
      rows.back().push_back(of_set.empty() ? "-" : std::to_string(of_set[y]));
    }
  }
  std::string text = '\n' + aligned(rows);
  if (report.classes.size() > kMostClasses) {
    text += fmt::format("and {} more\n", report.classes.size() - kMostClasses);
  }
  return text;
}

/// The columns that moved most.
std::string drift_text(const CheckReport& report) {
  constexpr std::size_t kMostColumns = 10;
  std::vector<std::size_t> order;
  for (std::size_t j = 0; j < report.drifts.size(); ++j) {
    if (report.drifts[j].stability.index > 0) order.push_back(j);
  }
  if (order.empty()) return "";
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return report.drifts[a].stability.index > report.drifts[b].stability.index;
  });
  order.resize(std::min(order.size(), kMostColumns));
  std::vector<std::vector<std::string>> rows{{"drift", "PSI", "by chance", "KS", "p"}};
  for (const std::size_t j : order) {
    const ColumnDrift& drift = report.drifts[j];
    rows.push_back({name_text(report.features[j]), number_text(drift.stability.index),
                    number_text(drift.stability.by_chance),
                    drift.distance ? number_text(drift.distance->statistic) : "",
                    drift.distance ? number_text(drift.distance->p_value) : ""});
  }
  return '\n' + aligned(rows);
}

std::string lanes_text(const TrainingPlan& plan) {
  return plan.least_rows_per_lane == plan.most_rows_per_lane
             ? std::to_string(plan.most_rows_per_lane)
             : fmt::format("{}–{}", plan.least_rows_per_lane, plan.most_rows_per_lane);
}

std::string plan_text(const TrainingPlan& plan) {
  std::string text =
      fmt::format("\n{} of {} rows an epoch, {}: {}; {} of {} rows\n",
                  plural(plan.steps_per_epoch, "step"), plan.batch, plural(plan.epochs, "epoch"),
                  plural(plan.steps(), "step"), plural(plan.lanes, "lane"), lanes_text(plan));
  std::vector<std::vector<std::string>> rows{{"memory of a rank", "as read", "rows", "parameters",
                                              "gradients", "optimizer", "scratch", "exchange",
                                              "most at once"}};
  const auto add = [&](const std::string& name, const RankMemory& memory) {
    rows.push_back({name});
    for (const Index bytes : {memory.tables, memory.rows, memory.parameters, memory.gradients,
                              memory.optimizer, memory.scratch, memory.exchange, memory.peak()}) {
      rows.back().push_back(bytes_text(bytes));
    }
  };
  for (const RankMemory& memory : plan.memory) add(plural(memory.ranks, "rank"), memory);
  const bool is_listed = std::any_of(plan.memory.begin(), plan.memory.end(),
                                     [&](const auto& m) { return m.ranks == plan.here.ranks; });
  if (!is_listed) add(plural(plan.here.ranks, "rank"), plan.here);
  text += aligned(rows);
  const Index idle = plan.here.ranks - plan.lanes;
  text += idle <= 0 ? fmt::format("beyond {}, ranks are idle\n", plan.lanes)
                    : fmt::format(
                          "{} of {} ranks have no lane and are idle; raise train.lanes, or "
                          "start fewer\n",
                          idle, plan.here.ranks);
  return text;
}

Json json_of(const Finding& finding) {
  return {{"severity", name_of(finding.severity)},
          {"check", finding.check},
          {"message", finding.message},
          {"columns", finding.columns},
          {"places", finding.places}};
}

Json json_of(const ColumnDrift& drift) {
  Json json{{"psi", drift.stability.index},
            {"psi_by_chance", drift.stability.by_chance},
            {"bins", drift.stability.bins}};
  json["ks"] = drift.distance ? Json(drift.distance->statistic) : Json();
  json["p"] = drift.distance ? Json(drift.distance->p_value) : Json();
  json["unknown"] = drift.unknown.cells;
  return json;
}

Json columns_json(const CheckReport& report) {
  Json json = Json::object();
  for (std::size_t j = 0; j < report.columns.size(); ++j) {
    const ColumnProfile& column = report.columns[j];
    Json& one = json[report.features[j]];
    one["type"] = report.kinds[j] == ColumnKind::number ? "number" : "category";
    one["present"] = column.present;
    one["missing"] = column.missing;
    one["drift"] = report.drifts.empty() ? Json() : json_of(report.drifts[j]);
  }
  return json;
}

Json classes_json(const CheckReport& report) {
  if (report.classes.empty()) return {};
  Json json = Json::object();
  for (std::size_t y = 0; y < report.classes.size(); ++y) {
    for (std::size_t s = 0; s < report.sets.size(); ++s) {
      const std::vector<Index>& rows = report.class_rows[s];
      json[report.classes[y]][report.sets[s].first] = rows.empty() ? Json() : Json(rows[y]);
    }
  }
  return json;
}

Json duplicates_json(const CheckReport& report) {
  Json json = Json::array();
  for (const Duplicates& pair : report.duplicates) {
    json.push_back({{"of", report.sets[pair.second_set].first},
                    {"like", report.sets[pair.first_set].first},
                    {"equal", pair.equal},
                    {"contradicting", pair.contradicting}});
  }
  return json;
}

Json json_of(const RankMemory& memory) {
  return {{"ranks", memory.ranks},         {"as_read", memory.tables},
          {"rows", memory.rows},           {"parameters", memory.parameters},
          {"gradients", memory.gradients}, {"optimizer", memory.optimizer},
          {"scratch", memory.scratch},     {"exchange", memory.exchange},
          {"peak", memory.peak()}};
}

Json plan_json(const std::optional<TrainingPlan>& plan) {
  if (!plan) return {};
  Json json{{"rows", plan->rows},
            {"features", plan->features},
            {"parameters", plan->parameters},
            {"batch", plan->batch},
            {"epochs", plan->epochs},
            {"steps_per_epoch", plan->steps_per_epoch},
            {"steps", plan->steps()},
            {"lanes", plan->lanes},
            {"rows_per_lane", {plan->least_rows_per_lane, plan->most_rows_per_lane}},
            {"most_useful_ranks", plan->lanes}};
  json["memory_of_a_rank"] = Json::array();
  for (const RankMemory& memory : plan->memory) json["memory_of_a_rank"].push_back(json_of(memory));
  return json;
}

}  // namespace

std::string check_text(const CheckReport& report) {
  std::string text = sets_text(report) + findings_text(report.findings);
  text += classes_text(report) + drift_text(report);
  if (report.plan) text += plan_text(*report.plan);
  return text + '\n' + counts_text(report.findings) + '\n';
}

std::string check_json(const CheckReport& report) {
  Json json;
  for (const Severity severity : kSeverities) {
    json[std::string(name_of(severity)) + "s"] = report.findings.count(severity);
  }
  json["rows"] = Json::object();
  for (const auto& [name, rows] : report.sets) json["rows"][name] = rows;
  json["findings"] = Json::array();
  for (const Finding& finding : report.findings.all()) json["findings"].push_back(json_of(finding));
  json["duplicates"] = duplicates_json(report);
  json["classes"] = classes_json(report);
  json["columns"] = columns_json(report);
  json["plan"] = plan_json(report.plan);
  return json.dump(2) + "\n";
}

}  // namespace lockstep::trainer
