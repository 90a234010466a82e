#include "core/data/columns.hpp"

#include <algorithm>
#include <utility>

namespace lockstep {

namespace {

/// Rank-local.
Columns as_columns(Table table) {
  Columns columns;
  columns.names = std::move(table.feature_names);
  columns.types = std::move(table.feature_types);
  if (columns.types.empty()) columns.types.resize(columns.names.size());
  const bool has_target = table.target_kind != TargetKind::none;
  if (has_target) {
    columns.target = table.features;
    columns.names.push_back(table.target_name());
    columns.types.emplace_back();
    if (table.target_kind == TargetKind::classes) {
      columns.types.back() = {ColumnKind::category, std::move(table.class_names)};
    }
  }
  DistributedMatrix& matrix = columns.values;
  matrix.rows = table.rows;
  matrix.total_rows = table.total_rows;
  matrix.columns = table.features + (has_target ? 1 : 0);
  matrix.values.resize(static_cast<std::size_t>(table.rows.size() * matrix.columns));
  for (Index local = 0; local < table.rows.size(); ++local) {
    double* row = matrix.values.data() + local * matrix.columns;
    table.copy_row(local, row);
    if (has_target) row[table.features] = table.target[static_cast<std::size_t>(local)];
  }
  return columns;
}

/// Rank-local.
Columns select(const Columns& columns, const std::vector<Index>& which) {
  Columns result;
  DistributedMatrix& matrix = result.values;
  matrix.rows = columns.values.rows;
  matrix.total_rows = columns.values.total_rows;
  matrix.columns = static_cast<Index>(which.size());
  matrix.values.resize(static_cast<std::size_t>(matrix.rows.size() * matrix.columns));
  for (std::size_t k = 0; k < which.size(); ++k) {
    const auto j = static_cast<std::size_t>(which[k]);
    result.names.push_back(columns.names[j]);
    result.types.push_back(columns.types[j]);
    if (columns.target == which[k]) result.target = static_cast<Index>(k);
  }
  double* to = matrix.values.data();
  for (Index i = matrix.rows.begin; i < matrix.rows.end; ++i) {
    const double* from = columns.values.row(i);
    for (const Index j : which) *to++ = from[j];
  }
  return result;
}

}  // namespace

Columns columns_of(Team& team, Table table) {
  Columns columns;
  guard(team, "taking the columns", [&] { columns = as_columns(std::move(table)); });
  return columns;
}

Columns selected(Team& team, const Columns& columns, const std::vector<Index>& which) {
  Columns result;
  guard(team, "selecting columns", [&] { result = select(columns, which); });
  return result;
}

}  // namespace lockstep
