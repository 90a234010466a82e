#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/linalg/distributed_matrix.hpp"
#include "core/parallel/team.hpp"
#include "core/statistics/normalization.hpp"
#include "core/statistics/wide_mean.hpp"

namespace lockstep {

/// What describes the distribution of one column: count, mean, the sums of powers of deviations
///   Mₚ = Σᵢ (xᵢ − mean)ᵖ,  p = 2, 3, 4,
/// minimum and maximum, of the values that are present: NaN is a missing cell and is skipped.
/// Trivially copyable, so that it travels as bytes.
///
/// The moments keep 10 digits where the mean is 10⁹ deviations away from 0; ColumnMoments, whose
/// bits are part of trained models, keeps 7 there. A value that is infinite makes the moments NaN.
/// Minimum and maximum are exact, as quantiles are.
///
/// Fourth powers of 10⁸⁰ are no doubles, and those of 10⁻⁸⁰ vanish. So mean and Mₚ are those of
/// x/unit, unit() a power of two that follows from minimum and maximum; what has no unit (skewness,
/// kurtosis) or is a double in that of x (mean, deviation) is right for all doubles.
struct CentralMoments {
  std::int64_t count = 0;
  WideMean center;  ///< the mean, in units
  double m2 = 0;    ///< in unit²
  double m3 = 0;
  double m4 = 0;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();

  /// unit_for(max |x|) (units.hpp): 1 unless the largest magnitude is beyond 2^±128.
  double unit() const;
  /// E[X] = Σx/n; NaN without values.
  double mean() const;
  /// M₂ = Σ(x − mean)², in the square of the values' unit: infinite or 0 where it is no double.
  double sum_of_squares() const;
  /// Var(X) = E[(X − E[X])²]: M2/n, or M2/(n−1) as the unbiased estimate. NaN for n = 0, and for
  /// n = 1 when divided by n − 1; infinite or 0 where it is no double.
  double variance(Normalization normalization) const;
  /// σ = √Var(X), in the unit of the values.
  double deviation(Normalization normalization) const;
  /// g₁ = (M3/n)/(M2/n)^(3/2) of the values themselves, as scipy.stats.skew; or, as the estimate
  /// for their population, G₁ = g₁·√(n(n−1))/(n−2), as pandas. NaN when all values are equal, and
  /// for n < 3 as an estimate.
  double skewness(Normalization normalization) const;
  /// The excess over the normal distribution, g₂ = (M4/n)/(M2/n)² − 3, as scipy.stats.kurtosis;
  /// or G₂ = (n−1)/((n−2)(n−3))·((n+1)·g₂ + 6), as pandas. NaN when all values are equal, and for
  /// n < 4 as an estimate.
  double kurtosis(Normalization normalization) const;

  friend bool operator==(const CentralMoments&, const CentralMoments&) = default;
};

/// The moments of the values behind `left` and `right` together [Pébay 2008, §3.1]. Merging with
/// empty moments returns the other unchanged. Not commutative in the last bits.
CentralMoments merge(const CentralMoments& left, const CentralMoments& right);

/// Of the values that are not NaN. Rank-local, O(n).
CentralMoments central_moments(std::span<const double> values);

/// Of every column of X; a column has the bits that the function above gives for it alone.
/// Requires whole RowBlocks(total_rows), or larger powers of two, on every rank (asserted).
/// *Collective*; a rank sends at most 2·log₂(blocks) nodes of 72 bytes a column to every other.
std::vector<CentralMoments> central_moments(Team& team, const DistributedMatrix& X,
                                            int threads = 1);

}  // namespace lockstep
