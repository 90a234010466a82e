#include "core/profile/dense_columns.hpp"

#include <algorithm>
#include <cassert>
#include <string>
#include <variant>
#include <vector>

#include "core/data/byte_numbers.hpp"

namespace lockstep {

DistributedMatrix dense_columns(const Table& table, Range columns) {
  assert(!table.is_sparse() && 0 <= columns.begin && columns.end <= table.features);
  DistributedMatrix matrix;
  matrix.rows = table.rows;
  matrix.total_rows = table.total_rows;
  matrix.columns = columns.size();
  matrix.values.resize(static_cast<std::size_t>(table.rows.size() * columns.size()));
  double* to = matrix.values.data();
  const auto* bytes = std::get_if<Table::ByteValues>(&table.values);
  const auto* numbers = std::get_if<Table::NumberValues>(&table.values);
  std::vector<double> row;  // of rows that stay in their file
  if (table.mapped() != nullptr) row.resize(static_cast<std::size_t>(table.features));
  for (Index local = 0; local < table.rows.size(); ++local) {
    if (!row.empty()) {
      table.copy_row(local, row.data());
      to = std::copy_n(row.begin() + columns.begin, columns.size(), to);
      continue;
    }
    const auto first = static_cast<std::size_t>(local * table.features + columns.begin);
    for (std::size_t j = 0; j < static_cast<std::size_t>(columns.size()); ++j) {
      *to++ = bytes != nullptr ? kByteNumbers[(*bytes)[first + j]] : (*numbers)[first + j];
    }
  }
  return matrix;
}

ColumnKind kind_of(const Table& table, Index feature) {
  return table.feature_types.empty() ? ColumnKind::number
                                     : table.feature_types[static_cast<std::size_t>(feature)].kind;
}

const std::vector<std::string>& categories_of(const Table& table, Index feature) {
  static const std::vector<std::string> kNone;
  return table.feature_types.empty()
             ? kNone
             : table.feature_types[static_cast<std::size_t>(feature)].categories;
}

void for_column_groups(Index features, const std::function<void(Range)>& visit) {
  for (Index first = 0; first < features; first += kColumnGroup) {
    visit({first, std::min(first + kColumnGroup, features)});
  }
}

}  // namespace lockstep
