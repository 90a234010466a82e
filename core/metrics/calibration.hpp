#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/types.hpp"
#include "core/linalg/distributed_matrix.hpp"
#include "core/metrics/fold_rows.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

// How far predicted probabilities are those that occur. Functions over rows of all ranks are
// *Collective*, throw DataError on all ranks for lengths that do not fit and values out of range
// (core/metrics/checks.hpp), and have no value (NaN) without rows.

/// Mean of (p − y)², p the probability of class 1: in [0, 1]                       [Brier 1950]
/// @param labels  0 or 1
/// A rank sends at most 2·log₂(blocks) nodes of 8 bytes to every other.
double brier_score(Team& team, const RowShare& share, std::span<const double> probabilities,
                   std::span<const double> labels, int threads = 1);

/// Mean of Σₖ (pₖ − [y = k])², Brier's own form for K classes: in [0, 2], and for two classes twice
/// the score above.
/// @param probabilities  n×K, each row sums to 1
/// @param classes        actual classes, from 0 to K − 1
/// A rank sends at most 2·log₂(blocks) nodes of 8 bytes to every other.
double brier_score(Team& team, const DistributedMatrix& probabilities,
                   std::span<const double> classes, int threads = 1);

/// The predictions whose probability lies in one bin. Trivially copyable.
struct ReliabilityBin {
  std::int64_t rows = 0;
  std::int64_t hits = 0;   ///< rows where what was predicted is so
  double probability = 0;  ///< sum of the predicted probabilities

  double mean_probability() const;  ///< NaN without rows
  double hit_rate() const;          ///< NaN without rows

  friend bool operator==(const ReliabilityBin&, const ReliabilityBin&) = default;
};

/// M bins of equal width over [0, 1]: bin m has the probabilities in (m/M, (m+1)/M], the first one
/// also 0, as [Guo et al. 2017] and scikit-learn's calibration_curve cut.
using ReliabilityBins = std::vector<ReliabilityBin>;

/// Takes a prediction into its bin.
void add_to_bins(ReliabilityBins& bins, double probability, bool hit);

/// Bin by bin the predictions behind `a` and then those behind `b`, which have as many bins
/// (asserted).
ReliabilityBins merge_bins(ReliabilityBins a, const ReliabilityBins& b);

/// Σₘ nₘ/n · |hit rate − mean probability|, in [0, 1]; NaN without rows   [Naeini et al. 2015]
double expected_calibration_error(const ReliabilityBins& bins);

/// The bins of p, the probability of class 1; a hit is a row of class 1. `count` ≥ 1 (DataError).
/// A rank sends at most 2·log₂(blocks) nodes of 24 bytes a bin to every other.
ReliabilityBins reliability_bins(Team& team, const RowShare& share,
                                 std::span<const double> probabilities,
                                 std::span<const double> labels, Index count, int threads = 1);

/// The bins of the highest probability of each row; a hit is a row of that class (the first of
/// equal ones).
ReliabilityBins reliability_bins(Team& team, const DistributedMatrix& probabilities,
                                 std::span<const double> classes, Index count, int threads = 1);

}  // namespace lockstep
