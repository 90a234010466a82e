#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/statistics/description.hpp"
#include "trainer/commands/commands.hpp"
#include "trainer/run/data_source.hpp"
#include "trainer/run/text_table.hpp"

namespace lockstep::trainer {
namespace {

using Json = nlohmann::ordered_json;

std::string number_text(double x) { return std::isfinite(x) ? fmt::format("{:.5g}", x) : "-"; }

std::string information_text(const ColumnDescription& column) {
  return column.mutual_information ? fmt::format("{:.4f}", *column.mutual_information) : "";
}

/// What is said of a column of numbers, with the names of `--json`.
std::vector<std::pair<const char*, double>> numbers_of(const ColumnDescription& column) {
  const CentralMoments& m = column.moments;
  const double none = std::numeric_limits<double>::quiet_NaN();
  return {{"mean", m.mean()},
          {"std", m.deviation(Normalization::sample)},
          {"min", m.count > 0 ? m.min : none},
          {"q25", column.quartiles.lower},
          {"median", column.quartiles.median},
          {"q75", column.quartiles.upper},
          {"max", m.count > 0 ? m.max : none},
          {"skewness", m.skewness(Normalization::population)},
          {"kurtosis", m.kurtosis(Normalization::population)}};
}

std::string table_of_numbers(const Description& d) {
  std::vector<std::vector<std::string>> rows{{"numbers", "count", "missing"}};
  for (const auto& [name, value] : numbers_of({})) rows.back().emplace_back(name);
  if (d.target) rows.back().emplace_back("information");
  for (const Index j : d.numbers) {
    const ColumnDescription& column = d.columns[static_cast<std::size_t>(j)];
    rows.push_back(
        {name_text(column.name), std::to_string(column.count), std::to_string(column.missing)});
    for (const auto& [name, value] : numbers_of(column)) rows.back().push_back(number_text(value));
    if (d.target) rows.back().push_back(information_text(column));
  }
  return aligned(rows);
}

std::string table_of_categories(const Description& d) {
  std::vector<std::vector<std::string>> rows{{"categories", "count", "missing", "distinct"}};
  if (d.target) rows.back().emplace_back("information");
  for (const ColumnDescription& column : d.columns) {
    if (column.kind == ColumnKind::number) continue;
    rows.push_back({name_text(column.name), std::to_string(column.count),
                    std::to_string(column.missing), std::to_string(column.distinct)});
    if (d.target) rows.back().push_back(information_text(column));
  }
  return aligned(rows);
}

/// The whole matrix where it fits on a screen, else its strongest pairs.
std::string correlation_text(const Description& d) {
  constexpr std::size_t kWidest = 10;
  constexpr std::size_t kStrongest = 20;
  const auto name = [&](std::size_t k) {
    return name_text(d.columns[static_cast<std::size_t>(d.numbers[k])].name);
  };
  const auto rho = [&](std::size_t i, std::size_t j) {
    return d.correlation(static_cast<Index>(i), static_cast<Index>(j));
  };
  const auto text_of = [](double x) { return std::isnan(x) ? "-" : fmt::format("{:.3f}", x); };
  std::vector<std::vector<std::string>> rows;
  if (d.numbers.size() <= kWidest) {
    rows.push_back({"correlation"});
    for (std::size_t k = 0; k < d.numbers.size(); ++k) rows.back().push_back(name(k));
    for (std::size_t i = 0; i < d.numbers.size(); ++i) {
      rows.push_back({name(i)});
      for (std::size_t j = 0; j < d.numbers.size(); ++j) rows.back().push_back(text_of(rho(i, j)));
    }
    return aligned(rows);
  }
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t i = 0; i < d.numbers.size(); ++i) {
    for (std::size_t j = i + 1; j < d.numbers.size(); ++j) {
      if (!std::isnan(rho(i, j))) pairs.emplace_back(i, j);
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(), [&](const auto& a, const auto& b) {
    return std::fabs(rho(a.first, a.second)) > std::fabs(rho(b.first, b.second));
  });
  pairs.resize(std::min(pairs.size(), kStrongest));
  rows.push_back({"strongest correlations", "", ""});
  for (const auto& [i, j] : pairs) rows.push_back({name(i), name(j), text_of(rho(i, j))});
  return aligned(rows);
}

std::string human_text(const Description& d) {
  std::string text =
      fmt::format("{} rows, {} columns: {} numbers, {} categories", d.rows, d.columns.size(),
                  d.numbers.size(), d.columns.size() - d.numbers.size());
  if (d.target) {
    const ColumnDescription& target = d.columns[static_cast<std::size_t>(*d.target)];
    text += fmt::format("; information about {} in bits", lockstep::quoted(target.name));
  }
  text += '\n';
  if (!d.numbers.empty()) text += '\n' + table_of_numbers(d);
  if (d.numbers.size() < d.columns.size()) text += '\n' + table_of_categories(d);
  if (d.numbers.size() > 1) text += '\n' + correlation_text(d);
  return text;
}

Json column_json(const ColumnDescription& column) {
  const bool is_number = column.kind == ColumnKind::number;
  Json json{{"type", is_number ? "number" : "category"},
            {"count", column.count},
            {"missing", column.missing}};
  // What is not a number, or has no meaning for this kind of column, is dumped as null.
  for (const auto& [name, value] : numbers_of(column))
    json[name] = is_number ? Json(value) : Json();
  json["distinct"] = is_number ? Json() : Json(column.distinct);
  json["mutual_information"] =
      column.mutual_information ? Json(*column.mutual_information) : Json();
  return json;
}

std::string json_text(const Description& d) {
  Json json;
  json["rows"] = d.rows;
  json["columns"] = Json::object();
  for (const ColumnDescription& column : d.columns) {
    json["columns"][column.name] = column_json(column);
  }
  Json names = Json::array();
  Json matrix = Json::array();
  for (std::size_t i = 0; i < d.numbers.size(); ++i) {
    names.push_back(d.columns[static_cast<std::size_t>(d.numbers[i])].name);
    const Vector row = d.correlation.row(static_cast<Index>(i));
    matrix.push_back(std::vector<double>(row.begin(), row.end()));
  }
  json["correlation"] = {{"columns", names}, {"matrix", matrix}};
  return json.dump(2) + "\n";
}

/// All that is said of numbers are doubles, but for the deviation of columns that reach to the
/// largest double (or, a few apart from many that are equal, are the smallest).
void warn_of_deviations(const Session& session, const Description& d) {
  for (const Index j : d.numbers) {
    const ColumnDescription& column = d.columns[static_cast<std::size_t>(j)];
    const double deviation = column.moments.deviation(Normalization::sample);
    const bool varies = column.count > 1 && column.moments.m2 > 0;
    if (!varies || (deviation > 0 && std::isfinite(deviation))) continue;
    say(session,
        fmt::format("warning: column {}: its standard deviation is beyond the {} double",
                    lockstep::quoted(column.name), deviation > 0 ? "largest" : "smallest"));
  }
}

}  // namespace

void describe(Session& session) {
  const Description description =
      lockstep::describe(session.team, load_columns(session, true), session.threads);
  if (!session.is_root()) return;
  warn_of_deviations(session, description);
  print_result(session, session.arguments.json ? json_text(description) : human_text(description));
}

}  // namespace lockstep::trainer
