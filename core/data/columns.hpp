#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/data/column_type.hpp"
#include "core/data/table.hpp"
#include "core/linalg/distributed_matrix.hpp"

namespace lockstep {

/// All columns of a data set, the target among them, as one matrix in double: what describing and
/// decomposing take. A category is its index, a missing cell NaN.
struct Columns {
  std::vector<std::string> names;
  std::vector<ColumnType> types;  ///< of each
  DistributedMatrix values;
  std::optional<Index> target;  ///< its column
};

/// The columns of a table; its target, where it has one, is the last. Consumes the table.
/// Rank-local.
Columns columns_of(Table table);

/// The given columns, in this order; the target is forgotten unless it is among them. Rank-local.
Columns selected(const Columns& columns, const std::vector<Index>& which);

}  // namespace lockstep
