#pragma once

#include "core/linalg/distributed_matrix.hpp"
#include "core/linalg/matrix.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

// Products of tall matrices whose rows are spread over the ranks, by the kernels of
// core/kernel/product.hpp. `center` holds one number for each column of X that is taken off first;
// empty for none. Shapes are asserted.

/// (X − 1·centreᵀ)·B, m×l, with its rows where those of X are. A row's bits depend on that row and
/// on B alone. Rank-local, O(n·l) a row.
DistributedMatrix multiply(const DistributedMatrix& X, const MatrixRef& B, int threads = 1,
                           const Vector& center = {});

/// (X − 1·centreᵀ)ᵀ·Y, n×l, summed inside blocks by 256 rows at a time, then along the tree.
/// Requires whole `blocks` on every rank (asserted).
/// *Collective*; a rank sends 2·log₂(blocks) times 8·n·(l + 15) bytes at most to P−1 ranks.
Matrix transposed_multiply(Team& team, const DistributedMatrix& X, const DistributedMatrix& Y,
                           const RowBlocks& blocks, int threads = 1, const Vector& center = {});

}  // namespace lockstep
