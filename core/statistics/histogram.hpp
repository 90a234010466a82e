#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/linalg/distributed_matrix.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// Counts of values between edges, by numpy's convention: bin i is [edges[i], edges[i+1]), and the
/// last bin is closed on both sides.
struct Histogram {
  std::vector<double> edges;         ///< bins + 1, ascending
  std::vector<std::int64_t> counts;  ///< of each bin
  std::int64_t below = 0;            ///< values under the first edge
  std::int64_t above = 0;            ///< values over the last edge
  std::int64_t missing = 0;          ///< NaN

  friend bool operator==(const Histogram&, const Histogram&) = default;
};

/// The counts of both. @throws DataError for different edges
Histogram merge(Histogram a, const Histogram& b);

/// The edges of `bins` bins of equal width from `lower` to `upper`: lower + i·(upper − lower)/bins,
/// and `upper` itself; from lower − ½ to upper + ½ when the two are equal.
/// @throws DataError unless bins ≥ 1 and lower ≤ upper are finite, and so is their difference
std::vector<double> equal_width_edges(double lower, double upper, Index bins);

/// Where `values` lie. An edge decides by `≤` alone, without rounding. Rank-local, O(n·log bins).
/// @param edges  at least two, ascending; equal ones make an empty bin
/// @throws DataError for other edges
Histogram histogram(std::span<const double> values, std::vector<double> edges);

/// Of every column of X over all ranks, with edges for each column. @throws DataError as above, on
/// all ranks, and when `edges` are not X.columns lists.
/// *Collective*; a rank sends 8·(bins + 3) bytes a column, which all_reduce sums.
std::vector<Histogram> histograms(Team& team, const DistributedMatrix& X,
                                  std::vector<std::vector<double>> edges, int threads = 1);

}  // namespace lockstep
