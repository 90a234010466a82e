#pragma once

#include "core/linalg/distributed_matrix.hpp"
#include "core/linalg/matrix.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// The leaves of the decompositions of a matrix: blocks of at least max(1024, 8·columns) rows, so
/// that the R factors on the way up the tree cost little beside the rows.
RowBlocks tsqr_blocks(Index total_rows, Index columns);

/// R of X = Q·R by the tree of R factors ("tall-skinny QR") [Demmel, Grigori, Hoemmen, Langou
/// 2012]:
///   R(leaf) of its rows,   R(node) of the stack [R(left); R(right)].
/// As accurate as Householder's QR of the whole, column by column; the Gram matrix XᵀX, which costs
/// as much, has lost everything below 10⁻⁸ of the largest singular value.
/// @param X       m×n in whole tsqr_blocks(m, n) (asserted); see in_blocks
/// @param center  n numbers that are taken off the columns first; empty for none
/// @return min(m, n) × n, upper triangular, or trapezoidal for m < n, with a nonnegative diagonal
/// Errors: those of column_scales; DataError, naming the column, for a norm beyond the doubles.
/// *Collective*; a rank sends 2·log₂(leaves) triangles of 4n(n+1) bytes at most to P−1 ranks.
Matrix tsqr(Team& team, const DistributedMatrix& X, int threads = 1, const Vector& center = {});

/// X = Q·R with k = min(m, n) columns of Q.
struct ThinQr {
  DistributedMatrix Q;  ///< m×k; QᵀQ = I to some 10⁻¹⁵, whatever X is
  Matrix R;             ///< k×n, upper triangular, with a nonnegative diagonal
  Index rank = 0;       ///< columns that do not depend on those before them; k for m < n
};

/// The thin QR decomposition, by Q = X·R⁻¹ and, until R stays near the identity, Q ← Q·R⁻¹ again:
/// mostly twice [Giraud, Langou, Rozložník, van den Eshof 2005; Fukaya et al. 2014, with TSQR in
/// the place of Cholesky's R].
///
/// A column of which the columns before it leave no more than 4(n + 8)·ε of its length *depends* on
/// them: its row of R is zero, its column of Q completes an orthonormal basis (from fixed random
/// numbers), and `rank` does not count it. A matrix with m < n is decomposed by Eigen where it is.
/// Parameters, errors: as tsqr. *Collective*; a rank sends what tsqr does, two to four times.
ThinQr thin_qr(Team& team, const DistributedMatrix& X, int threads = 1);

}  // namespace lockstep
