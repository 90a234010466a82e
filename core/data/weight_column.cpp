#include "core/data/weight_column.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>
#include <variant>

#include "core/base/error.hpp"

namespace lockstep {

void take_weights(Team& team, Table& table) {
  assert(table.features > 0 && std::holds_alternative<Table::NumberValues>(table.values));
  std::string problem;
  guard(team, "taking the weights", [&] {
    auto& values = std::get<Table::NumberValues>(table.values);
    const Index features = table.features;
    std::vector<double>& weights = table.weights.emplace();
    weights.reserve(static_cast<std::size_t>(table.rows.size()));
    for (Index i = 0; i < table.rows.size(); ++i) {
      const auto row = values.begin() + i * features;
      const double weight = row[features - 1];
      if (!(weight >= 0) && problem.empty()) {
        problem = fmt::format("{}: expected a weight ≥ 0 in column {}, found {}",
                              table.place_of(table.number_read(i), features - 1),
                              quoted(table.feature_names.back()), weight);
      }
      weights.push_back(weight);
      std::copy_n(row, features - 1, values.begin() + i * (features - 1));
    }
    values.resize(values.size() - weights.size());
  });
  for (const std::string& first : all_gather_text(team, problem)) {
    if (!first.empty()) throw DataError(first);
  }
  --table.features;
  table.feature_names.pop_back();
  if (!table.file_columns.empty()) table.file_columns.pop_back();
  if (!table.feature_types.empty()) table.feature_types.pop_back();
}

}  // namespace lockstep
