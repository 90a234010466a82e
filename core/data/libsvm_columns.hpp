#pragma once

#include <string>

#include "core/base/types.hpp"
#include "core/data/row_places.hpp"
#include "core/data/sparse_values.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// The cells that a rank leaves out.
struct LeftOut {
  Index cells = 0;
  Index row = -1;  ///< of the first of them, on this rank
  Index index = 0;
};

/// Makes indices columns, of which there are `width`: index i is column i − base. Cells beyond are
/// left out. Requires that no index is below the base. Rank-local.
/// @param largest_index  no index of this rank is larger
LeftOut make_columns(SparseValues& values, Index base, Index width, Index largest_index);

/// The cells that all ranks leave out.
struct AllLeftOut {
  Index cells = 0;
  std::string place{};  ///< of the first row that has any: "data/a.svm:7"
  Index index = 0;      ///< of the first of them, as in the file
};

/// The same on all ranks. *Collective*; sends a text.
/// @param row  where the first row of `mine` stands among the rows that all ranks have read; any
///             number without cells
AllLeftOut agree_on_left_out(Team& team, const LeftOut& mine, Index row, const RowPlaces& places);

}  // namespace lockstep
