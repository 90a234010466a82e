#pragma once

#include <cstdint>
#include <functional>

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

/// A matrix m×n that is known by its products alone: a sparse one, a centred one, a sum of such.
/// Both may be collective; all ranks call them alike.
struct MatrixProducts {
  Index rows = 0;     ///< m
  Index columns = 0;  ///< n
  /// X·B, m×l, in whole sketch_blocks.
  std::function<DistributedMatrix(const Matrix& B)> multiply;
  /// Xᵀ·Y, n×l, on all ranks with the same bits.
  std::function<Matrix(const DistributedMatrix& Y)> transposed_multiply;
};

/// The leading k singular values and vectors of a wide matrix, or of one of which few are wanted,
/// in O(m·n·l) instead of O(m·n²) [Halko, Martinsson, Tropp 2011, algorithms 4.4 and 5.1]:
///   Q = an orthonormal basis of (X·Xᵀ)^q·X·Ω,  QᵀX = W·Σ·Vᵀ,  U = Q·W
/// where Ω is n×l and normal, element (j, c) a function of (seed, j, c), and the basis is made
/// orthonormal before each product. Exact but for rounding when the rank of X is at most l; else
/// the largest values are good when the values behind the l-th are smaller.
/// @param k  from 1 to min(m, n)
/// Errors: DataError for k out of range and options below 0.
/// *Collective*; a rank sends what q + 2 products and thin_qr of m×l do. Beside X, n×l numbers are
/// on every rank.
DistributedSvd randomized_svd(Team& team, const MatrixProducts& X, Index k,
                              const RandomizedSvdOptions& options, int threads = 1);

/// The same of a dense matrix.
/// @param X       m×n in whole sketch_blocks (asserted)
/// @param center  n numbers that are taken off the columns first; empty for none
/// Errors: as above, those of column_scales, and DataError for magnitudes from 2⁹⁶⁰ on.
/// *Collective*; for each of q + 1 products a rank
/// sends 2·log₂(blocks) nodes of 8·n·(l + 15) bytes at most to P−1 ranks.
DistributedSvd randomized_svd(Team& team, const DistributedMatrix& X, Index k,
                              const RandomizedSvdOptions& options, int threads = 1,
                              const Vector& center = {});

}  // namespace lockstep
