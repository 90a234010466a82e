#pragma once

#include <span>
#include <variant>

#include "core/linalg/distributed_matrix.hpp"
#include "core/linalg/matrix.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/team.hpp"
#include "core/statistics/covariance.hpp"
#include "core/statistics/normalization.hpp"

namespace lockstep {

// Covariance and correlation of data with missing cells (NaN): each pair of columns over the rows
// where both are present, as pandas' DataFrame.corr.

/// For columns i and j, d×d each, over the rows where both are present:
struct PairMoments {
  Matrix count;      ///< their number n, symmetric
  Matrix mean;       ///< of column i
  Matrix mean_rest;  ///< what rounding took from it (WideMean)
  Matrix m2;         ///< Σ(x_i − mean)², of column i
  Matrix scatter;    ///< Σ(x_i − mean)(x_j − mean), symmetric

  friend bool operator==(const PairMoments&, const PairMoments&) = default;
};

/// Where no cell is missing, all pairs have the same rows, and CoMoments say all: only the blocks
/// with missing cells, and those merged with them, cost more.
struct PairwiseCoMoments {
  std::variant<CoMoments, PairMoments> moments;

  bool is_complete() const { return std::holds_alternative<CoMoments>(moments); }
  friend bool operator==(const PairwiseCoMoments&, const PairwiseCoMoments&) = default;
};

/// How they travel: the tag of the variant, then its numbers as doubles.
template <>
struct FoldCodec<PairwiseCoMoments> {
  static Bytes encode(const PairwiseCoMoments& moments);
  static PairwiseCoMoments decode(std::span<const std::byte> bytes);
};

/// As the merge of CoMoments, pair by pair. Of the same columns (asserted).
PairwiseCoMoments merge(PairwiseCoMoments a, const PairwiseCoMoments& b);

/// Of n×d data with missing cells, over all ranks, along the blocks of co_moments; without missing
/// cells the result has the bits of co_moments.
///
/// In a block with missing cells, with presence P (0 or 1), deviations D from the first value of
/// each column, 0 where missing, and their squares Q, the sums of all pairs are the products PᵀP,
/// DᵀP, QᵀP and DᵀD. A pair whose mean is so far from the first value that this would lose digits
/// is summed once more, by the definition; so a column that does not vary over the rows of a pair
/// has m2 = 0 there, exactly.
/// Requires whole blocks of co_moment_blocks(X.total_rows, X.columns) on every rank (asserted).
/// *Collective*; a rank sends at most 2·log₂(blocks) nodes of 8·(5·d² + 2) bytes to every other.
PairwiseCoMoments pairwise_co_moments(Team& team, const DistributedMatrix& X, int threads = 1);

/// The same for the rows of X, n×d. Rank-local.
PairwiseCoMoments pairwise_co_moments(const MatrixRef& X);

/// scatter/n or scatter/(n−1) of each pair, with its own n; NaN for pairs with too few rows.
Matrix covariance(const PairwiseCoMoments& moments, Normalization normalization);

/// ρ of each pair over its own rows, in [−1, 1]; exactly 1 on the diagonal. NaN where one of the
/// two does not vary over these rows, and for pairs without rows. Such a matrix need not be
/// positive semidefinite.
Matrix correlation(const PairwiseCoMoments& moments);

}  // namespace lockstep
