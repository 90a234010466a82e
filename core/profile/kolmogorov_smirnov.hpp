#pragma once

#include <cstdint>
#include <span>

#include "core/parallel/team.hpp"

namespace lockstep {

/// The two-sample test of Kolmogorov and Smirnov.
struct KolmogorovSmirnov {
  /// D = sup |F₁(x) − F₂(x)| of the empirical distribution functions, from 0 to 1; NaN where a
  /// sample has no values.
  double statistic;
  /// The probability of so large a D where both samples are of one continuous distribution, in the
  /// limit of many values: Q(√(n₁n₂/(n₁+n₂))·D). With ties it is too large. NaN as above.
  double p_value;
};

/// Q(λ) = 2·Σₖ (−1)ᵏ⁻¹·exp(−2k²λ²), k = 1, 2, …: the limit of P(√n·D > λ) [Kolmogorov 1933], as
/// scipy.special.kolmogorov. 1 for λ ≤ 0. For small λ by the other series of the theta function,
///   Q(λ) = 1 − (√(2π)/λ)·Σₖ exp(−(2k−1)²π²/(8λ²)).
double kolmogorov_tail(double lambda);

/// The test on what all ranks hold of two samples. NaN is a missing cell and is skipped; −0 counts
/// as +0. The values are sorted together and the steps counted, so D is exact but for one division.
/// *Collective*; sends what sort_over_ranks sends of records of 16 bytes.
KolmogorovSmirnov kolmogorov_smirnov(Team& team, std::span<const double> first,
                                     std::span<const double> second, int threads);

}  // namespace lockstep
