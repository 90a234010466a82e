#pragma once

#include <span>
#include <vector>

#include "core/linalg/distributed_matrix.hpp"
#include "core/linalg/matrix.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

// Quantiles by linear interpolation between the order statistics x₍₀₎ ≤ … ≤ x₍ₙ₋₁₎, exact and
// without sorting: with h = p·(n−1), k = ⌊h⌋ and t = h − k,
//   Q(p) = a + t·(b − a)        for t < ½,
//          b − (1 − t)·(b − a)  from there on,   a = x₍ₖ₎, b = x₍ₖ₊₁₎
// as numpy.quantile [Hyndman, Fan 1996, definition 7]; a itself where t = 0 or a = b. NaN is a
// missing cell and is skipped; −0 counts as +0. Q is NaN of no values, and infinite or NaN where a
// or b is infinite; where b − a alone is, Q(p) = (1 − t)·a + t·b, which no numpy does.

/// @param probabilities  p, each from 0 to 1
/// @return Q(p) of `values` for each p. Rank-local, O(n) for a fixed number of probabilities
/// @throws DataError for a p outside [0, 1]
std::vector<double> quantiles(std::span<const double> values,
                              std::span<const double> probabilities);

/// The same for every column of X and all ranks: columns × probabilities.
///
/// The order statistics are found by their sort_key, 11 bits at a time from the highest: each of
/// six rounds counts the values that share the bits found so far by their next bits, over all
/// ranks, for all probabilities and up to 16 columns at once. No row moves, and nothing is rounded
/// before the interpolation. A rank holds the keys of these columns, and at most 32 MiB of
/// histograms a thread, unless one column has more. *Collective*; a rank sends, in each round, a
/// histogram of 16 KiB for each order statistic of a column, two for each p at most, which
/// all_reduce sums.
Matrix quantiles(Team& team, const DistributedMatrix& X, std::span<const double> probabilities,
                 int threads = 1);

/// Q(½).
double median(std::span<const double> values);

/// Q(¼), Q(½) and Q(¾).
struct Quartiles {
  double lower = 0;
  double median = 0;
  double upper = 0;

  /// The spread of the middle half, in the unit of the values.
  double interquartile_range() const { return upper - lower; }
  friend bool operator==(const Quartiles&, const Quartiles&) = default;
};

Quartiles quartiles(std::span<const double> values);

/// Of every column of X. *Collective*; see quantiles.
std::vector<Quartiles> quartiles(Team& team, const DistributedMatrix& X, int threads = 1);

}  // namespace lockstep
