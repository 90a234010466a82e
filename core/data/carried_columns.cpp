#include "core/data/carried_columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <string>
#include <variant>

#include "core/base/error.hpp"

namespace lockstep {
namespace {

/// What is wrong with one of the cells behind the features; "" when nothing is.
std::string problem_of(double cell, bool is_weight, const std::string& column) {
  if (!is_weight) {
    return std::isnan(cell) ? fmt::format("missing value in column {}", quoted(column)) : "";
  }
  if (cell >= 0) return "";
  return fmt::format("expected a weight ≥ 0 in column {}, found {}", quoted(column), cell);
}

}  // namespace

void take_carried_columns(Team& team, const CsvColumns& columns, Table& table) {
  const Index carried = columns.carried();
  if (carried == 0) return;
  assert(table.features >= carried && std::holds_alternative<Table::NumberValues>(table.values));
  const Index all = table.features;
  const Index features = all - carried;
  std::string problem;
  guard(team, "taking targets and weights", [&] {
    auto& values = std::get<Table::NumberValues>(table.values);
    const auto rows = static_cast<std::size_t>(table.rows.size());
    table.target.reserve(rows * static_cast<std::size_t>(columns.carried_targets));
    if (columns.has_weights) table.weights.emplace().reserve(rows);
    for (Index i = 0; i < table.rows.size(); ++i) {
      const auto row = values.begin() + i * all;
      for (Index c = features; c < all; ++c) {
        const bool is_weight = c - features >= columns.carried_targets;
        (is_weight ? *table.weights : table.target).push_back(row[c]);
        if (!problem.empty()) continue;
        problem = problem_of(row[c], is_weight, table.feature_names[static_cast<std::size_t>(c)]);
        if (!problem.empty()) {
          problem = fmt::format("{}: {}", table.place_of(table.number_read(i), c), problem);
        }
      }
      std::copy_n(row, features, values.begin() + i * features);
    }
    values.resize(rows * static_cast<std::size_t>(features));
  });
  for (const std::string& first : all_gather_text(team, problem)) {
    if (!first.empty()) throw DataError(first);
  }
  const auto kept = static_cast<std::size_t>(features);
  table.features = features;
  table.feature_names.resize(kept);
  if (!table.file_columns.empty()) table.file_columns.resize(kept);
  if (!table.feature_types.empty()) table.feature_types.resize(kept);
}

}  // namespace lockstep
