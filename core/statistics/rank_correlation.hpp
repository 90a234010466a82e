#pragma once

#include <span>
#include <vector>

#include "core/linalg/distributed_matrix.hpp"
#include "core/linalg/matrix.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// The rank of each value among all, from 1 on; equal values (−0 and +0 are) share the average of
/// theirs. Exact: ranks are whole or half numbers. Rank-local, O(n).
/// @throws DataError for NaN, which has no rank
std::vector<double> average_ranks(std::span<const double> values);

/// The same for each column of X over all ranks: a matrix of the same shape, with the same rows on
/// the same ranks.
/// @throws DataError for NaN, on all ranks alike, naming the first in row order
/// *Collective*; for each column, a rank sends its values once to be sorted (see sort_over_ranks)
/// and their ranks once back, 16 bytes each.
DistributedMatrix average_ranks(Team& team, const DistributedMatrix& X, int threads = 1);

/// Spearman's ρ: Pearson's correlation of the average ranks. In [−1, 1]; NaN when x or y does not
/// vary. @throws DataError for vectors of different lengths, and for NaN
double spearman_correlation(std::span<const double> x, std::span<const double> y);

/// Of all pairs of columns, as correlation(CoMoments).
/// Requires whole blocks of co_moment_blocks(X.total_rows, X.columns) on every rank (asserted).
/// *Collective*; see average_ranks and co_moments.
Matrix spearman_correlation(Team& team, const DistributedMatrix& X, int threads = 1);

}  // namespace lockstep
