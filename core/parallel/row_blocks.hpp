#pragma once

#include <vector>

#include "core/base/types.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// The blocks of one-pass work over a data set: statistics, metrics, predictions, decompositions.
///
/// Rows are taken in order inside a block, and blocks are merged along the tree. The blocks are a
/// function of the number of rows (and of what is computed) alone, so the results have the same
/// bits whatever the ranks. Block k holds the rows [k·size, (k+1)·size); the last may be short.
class RowBlocks {
 public:
  /// Below 256 rows the tree would cost as much as the rows.
  static constexpr Index kSmallest = 256;

  /// Blocks of `total_rows` rows. Their size is the smallest power of two that is at least
  /// `smallest` and leaves at most 65536 blocks: few enough for the nodes of any statistic, and
  /// enough for thousands of ranks.
  explicit RowBlocks(Index total_rows, Index smallest = kSmallest);

  Index total_rows() const { return total_rows_; }
  Index size() const { return size_; }  ///< rows of a block
  Index count() const;                  ///< 0 for no rows

  /// The global rows of block k, 0 ≤ k < count().
  Range rows(Index k) const;

  /// P+1 row boundaries that give each of `ranks` an even share of whole blocks.
  std::vector<Index> row_boundaries(Index ranks) const;

  /// The blocks whose rows are `rows`. Requires that rows.begin and rows.end are multiples of the
  /// block size or total_rows (asserted).
  Range blocks_of(Range rows) const;

 private:
  Index total_rows_;
  Index size_;
};

/// The P+1 block numbers that tree_fold takes, from the rows that each rank holds: rows of ranks
/// lie end to end, whole blocks each. *Collective*; a rank sends 8 bytes to every other.
std::vector<Index> block_boundaries(Team& team, const RowBlocks& blocks, Range rows);

}  // namespace lockstep
