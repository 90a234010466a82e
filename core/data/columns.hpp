#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/data/column_type.hpp"
#include "core/data/table.hpp"
#include "core/linalg/distributed_matrix.hpp"
#include "core/parallel/team.hpp"

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
/// *Collective*, for the memory that it needs on every rank; sends nothing else.
Columns columns_of(Team& team, Table table);

/// The given columns, in this order; the target is forgotten unless it is among them. *Collective*,
/// as above.
Columns selected(Team& team, const Columns& columns, const std::vector<Index>& which);

}  // namespace lockstep
