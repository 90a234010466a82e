#pragma once

#include <cstdint>

#include "core/linalg/distributed_matrix.hpp"
#include "core/linalg/distributed_svd.hpp"
#include "core/linalg/matrix.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

struct RandomizedSvdOptions {
  Index oversampling = 10;   ///< columns of the sketch beyond the k that are wanted, at least 0
  int power_iterations = 4;  ///< each multiplies the error by (σₖ₊₁/σⱼ)², at least 0
  std::uint64_t seed = 0;
};

/// The blocks that randomized_svd folds over: tsqr_blocks(m, l) for the l = min(k + oversampling,
/// m, n) columns of its sketch.
RowBlocks sketch_blocks(Index total_rows, Index columns, Index k,
                        const RandomizedSvdOptions& options);

/// The leading k singular values and vectors of a wide matrix, or of one of which few are wanted,
/// in O(m·n·l) instead of O(m·n²) [Halko, Martinsson, Tropp 2011, algorithms 4.4 and 5.1]:
///   Q = an orthonormal basis of (X·Xᵀ)^q·X·Ω,  QᵀX = W·Σ·Vᵀ,  U = Q·W
/// where Ω is n×l and normal, element (j, c) a function of (seed, j, c), and the basis is made
/// orthonormal before each product. Exact but for rounding when the rank of X is at most l; else
/// the largest values are good when the values behind the l-th are smaller.
/// @param X       m×n in whole sketch_blocks (asserted)
/// @param k       from 1 to min(m, n), else DataError
/// @param center  n numbers that are taken off the columns first; empty for none
/// Errors: DataError for options below 0, and those of column_scales.
/// *Collective*; for each of q + 1 rounds a rank sends 2·log₂(blocks) nodes of 8·n·(l + 15) bytes
/// at most, and what thin_qr of m×l sends, to P−1 ranks. Beside X, n×l numbers are on every rank.
DistributedSvd randomized_svd(Team& team, const DistributedMatrix& X, Index k,
                              const RandomizedSvdOptions& options, int threads = 1,
                              const Vector& center = {});

}  // namespace lockstep
