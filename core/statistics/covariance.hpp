#pragma once

#include <cstdint>
#include <span>

#include "core/linalg/distributed_matrix.hpp"
#include "core/linalg/matrix.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/team.hpp"
#include "core/statistics/normalization.hpp"

namespace lockstep {

/// What covariance and correlation of d columns are made of:
///   S = Σᵣ (xᵣ − mean)(xᵣ − mean)ᵀ,   symmetric, d×d.
/// A column with a value that is NaN or infinite has NaN in its row and column of S, and no effect
/// on the others. Products of deviations are doubles: for deviations above 10¹⁵⁴ they overflow, to
/// an infinity or NaN, and below 10⁻¹⁵⁴ they vanish.
struct CoMoments {
  std::int64_t count = 0;
  Vector mean;       ///< d
  Vector mean_rest;  ///< what rounding took from `mean` (WideMean)
  Matrix scatter;    ///< S

  friend bool operator==(const CoMoments&, const CoMoments&) = default;
};

/// How they travel: d, count, mean, rest and scatter, each number as a double.
template <>
struct FoldCodec<CoMoments> {
  static Bytes encode(const CoMoments& moments);
  static CoMoments decode(std::span<const std::byte> bytes);
};

/// The moments of the rows behind `a` and `b` together [Chan, Golub, LeVeque 1983]:
///   S = S_a + S_b + (n_a·n_b/n)·δδᵀ,  δ = mean_b − mean_a.
/// Of the same columns (asserted). Merging with no rows returns the other unchanged.
CoMoments merge(CoMoments a, const CoMoments& b);

/// The row blocks of co_moments: at least 1024 rows, and 8 times as many as columns, so that
/// merging the d×d sums of blocks costs little beside computing them.
RowBlocks co_moment_blocks(Index total_rows, Index columns);

/// Of `count` rows of one block, row-major without padding: what a leaf computes. Rank-local.
CoMoments block_co_moments(const double* rows, Index count, Index columns);

/// Of the n rows of X, n×d. Inside a block, deviations are taken from the mean of its first rows,
/// and products are summed by 256 rows at a time. Rank-local, O(n·d²).
CoMoments co_moments(const MatrixRef& X);

/// The same over all ranks, with the same bits. Requires whole blocks of
/// co_moment_blocks(X.total_rows, X.columns) on every rank (asserted; see in_blocks).
/// *Collective*; a rank sends at most 2·log₂(blocks) nodes of 8·(d² + 2d + 2) bytes to every other.
CoMoments co_moments(Team& team, const DistributedMatrix& X, int threads = 1);

/// Cov(X, Y) = E[(X − E[X])(Y − E[Y])] of all pairs of columns: S/n or S/(n−1), exactly symmetric.
/// NaN for n = 0, and for n = 1 when divided by n − 1.
Matrix covariance(const CoMoments& moments, Normalization normalization);

/// ρ = Cov(X, Y)/(σ_X·σ_Y) of all pairs of columns [Pearson]: exactly symmetric, in [−1, 1], and
/// exactly 1 on the diagonal. The row and column of a column without variance are NaN: its
/// correlation is not defined.
Matrix correlation(const CoMoments& moments);

/// ρ of one pair from Σ(x − x̄)(y − ȳ), Σ(x − x̄)² and Σ(y − ȳ)²: clipped to [−1, 1]; NaN when x or y
/// does not vary, or when a sum is not finite.
double correlation_of(double scatter, double m2_x, double m2_y);

/// Of two vectors of equal length. NaN as stated above for matrices, and when a value is NaN.
/// @throws DataError for vectors of different lengths
double covariance(std::span<const double> x, std::span<const double> y,
                  Normalization normalization);
double correlation(std::span<const double> x, std::span<const double> y);

}  // namespace lockstep
