#pragma once

#include <functional>
#include <vector>

#include "core/base/types.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// The rows of a data set that this rank holds: `rows` of the ranks lie end to end and cover
/// [0, total_rows), and each rank has whole blocks of RowBlocks(total_rows).
struct RowShare {
  Range rows;
  Index total_rows = 0;

  /// Where a row stands among those held here.
  std::size_t place(Index row) const { return static_cast<std::size_t>(row - rows.begin); }
};

/// Folds all rows of all ranks: rows in order inside row blocks, blocks along the tree. So the
/// result has the same bits on any number of ranks and threads.
/// @param zero      the sums of no rows, from which every block begins, and the result without rows
/// @param add_rows  add_rows(Sums&, Range rows) takes the rows of a block, by their global numbers
/// @param merge     merge(Sums left, Sums right) → Sums
/// Neither may throw or communicate. Requires whole row blocks on every rank (asserted).
/// *Collective*; a rank sends 8 bytes and its canonical nodes to P−1 ranks.
template <class Sums, class AddRows, class Merge>
Sums fold_row_blocks(Team& team, const RowShare& share, const Sums& zero, const AddRows& add_rows,
                     const Merge& merge, int threads = 1) {
  const RowBlocks blocks(share.total_rows);
  const std::vector<Index> boundaries = block_boundaries(team, blocks, share.rows);
  if (share.total_rows == 0) return zero;
  const auto sums_of_block = [&](Index block) {
    Sums sums = zero;
    add_rows(sums, blocks.rows(block));
    return sums;
  };
  return tree_fold<Sums>(team, boundaries, sums_of_block, merge, threads);
}

/// The same with add(Sums&, Index row), which takes one row.
template <class Sums, class Add, class Merge>
Sums fold_rows(Team& team, const RowShare& share, const Sums& zero, const Add& add,
               const Merge& merge, int threads = 1) {
  const auto add_rows = [&](Sums& sums, Range rows) {
    for (Index row = rows.begin; row < rows.end; ++row) add(sums, row);
  };
  return fold_row_blocks(team, share, zero, add_rows, merge, threads);
}

/// The mean of value(row) over all rows; NaN without rows. *Collective*; see fold_rows.
template <class Value>
double mean_over_rows(Team& team, const RowShare& share, const Value& value, int threads = 1) {
  const auto add = [&](double& sum, Index row) { sum += value(row); };
  const double sum = fold_rows(team, share, 0.0, add, std::plus<>(), threads);
  return sum / static_cast<double>(share.total_rows);
}

}  // namespace lockstep
