#pragma once

#include <optional>
#include <vector>

#include "core/linalg/distributed_matrix.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/team.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {

// A statistic is written once, as a leaf (of a block of rows) and a merge; it has the same bits in
// the memory of one caller and over all ranks.

/// leaf(Range of rows) over all blocks, merged along the tree. T() without rows. Rank-local.
template <class T, class Leaf, class Merge>
T fold_blocks(const RowBlocks& blocks, const Leaf& leaf, const Merge& merge) {
  if (blocks.count() == 0) return T();
  const FloatingPointMode mode;
  const auto take = [&](TreeNode node) -> std::optional<T> {
    if (node.span > 1) return std::nullopt;
    return leaf(blocks.rows(node.leaf));
  };
  return fold_subtree<T>({0, tree_width(blocks.count())}, blocks.count(), take, merge);
}

/// The same over the rows of all ranks. Requires whole blocks on every rank (asserted).
/// *Collective*; see tree_fold.
template <class T, class Leaf, class Merge>
T fold_blocks(Team& team, const DistributedMatrix& matrix, const RowBlocks& blocks,
              const Leaf& leaf, const Merge& merge, int threads) {
  const std::vector<Index> boundaries = block_boundaries(team, blocks, matrix.rows);
  const auto leaf_of_block = [&](Index block) { return leaf(blocks.rows(block)); };
  return tree_fold<T>(team, boundaries, leaf_of_block, merge, threads);
}

}  // namespace lockstep
