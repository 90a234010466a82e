#pragma once

#include <functional>

#include "core/data/column_type.hpp"
#include "core/data/table.hpp"
#include "core/linalg/distributed_matrix.hpp"

namespace lockstep {

/// Columns of a table that are taken out of it at a time: two cache lines of a row.
inline constexpr Index kColumnGroup = 16;

/// This rank's rows of some columns of a table that is not sparse (asserted), as one matrix in
/// double: a category is its index, a missing cell NaN. Rank-local.
DistributedMatrix dense_columns(const Table& table, Range columns);

/// What feature j is: numbers in a table without types.
ColumnKind kind_of(const Table& table, Index feature);

/// The texts of a column of categories; none of numbers.
const std::vector<std::string>& categories_of(const Table& table, Index feature);

/// Calls visit(columns) for the groups of `features` columns, from left to right.
void for_column_groups(Index features, const std::function<void(Range)>& visit);

}  // namespace lockstep
