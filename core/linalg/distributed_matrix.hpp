#pragma once

#include "core/base/memory.hpp"
#include "core/base/types.hpp"
#include "core/linalg/matrix.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// One rank's rows of a matrix that all ranks hold together: contiguous rows in global order, in
/// double, row-major and without padding. Over the team, `rows` of the ranks lie end to end and
/// cover [0, total_rows).
struct DistributedMatrix {
  Range rows;            ///< global row numbers of the rows held here
  Index total_rows = 0;  ///< over all ranks
  Index columns = 0;
  AlignedVector<double> values;  ///< rows.size() × columns

  const double* row(Index global) const { return values.data() + (global - rows.begin) * columns; }
  double* row(Index global) { return values.data() + (global - rows.begin) * columns; }

  /// The given global rows, which are held here (asserted), copied into aligned columns: what a
  /// leaf of a fold decomposes. The copy's bits do not depend on where the rows stand in memory.
  Matrix block(Range global_rows) const;
};

/// The same matrix with whole `blocks` on every rank, evenly shared: what tree_fold wants.
/// *Collective*; a rank sends the rows that leave it, each once.
DistributedMatrix in_blocks(Team& team, DistributedMatrix matrix, const RowBlocks& blocks);

}  // namespace lockstep
