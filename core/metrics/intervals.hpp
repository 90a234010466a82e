#pragma once

#include <cstdint>
#include <span>

#include "core/metrics/ranking.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// A confidence interval: it holds the true value in `level` of all repetitions, about.
struct Interval {
  double low = 0;
  double high = 0;

  friend bool operator==(const Interval&, const Interval&) = default;
};

/// "confidence level 1.5; expected a number between 0 and 1": DataError.
void check_level(double level);

/// The z for which a standard normal number lies in [−z, z] with probability `level`; 1.9599… for
/// 0.95. Checks the level.
double two_sided_z(double level);

/// Wilson's interval of a proportion, such as an accuracy:
///   (k + z²/2 ± z·√(k(n − k)/n + z²/4)) / (n + z²)                            [Wilson 1927]
/// in [0, 1]; its end is exactly 0 for k = 0 and 1 for k = n.
/// @param successes  k of `trials` n; DataError unless 0 ≤ k ≤ n, n ≥ 1
Interval wilson_interval(std::int64_t successes, std::int64_t trials, double level = 0.95);

/// The variance of AUC [DeLong, DeLong, Clarke-Pearson 1988]: with m positive and n negative rows,
///   Var = S₁₀/m + S₀₁/n,   S₁₀ = Σᵢ (V₁₀(i) − AUC)²/(m − 1),   S₀₁ = Σⱼ (V₀₁(j) − AUC)²/(n − 1),
/// where V₁₀(i) is the part of the negative rows that positive row i is above, ties counting half,
/// and V₀₁(j) the part of the positive rows that are above negative row j. The V are exact ratios
/// of counts, got from the sorted order in O(n) [Sun, Xu 2014]; the squares are summed over the
/// blocks of sorted positions along the tree.
/// Fewer than two rows of a class: DataError.
/// *Collective*; a rank sends at most 2·log₂(blocks) nodes of 16 bytes to every other.
double auc_variance(Team& team, const RankedScores& ranked);

/// AUC ± z·√Var, cut to [0, 1]. Of no width where the classes are separated. *Collective*.
Interval auc_interval(Team& team, const RankedScores& ranked, double level = 0.95);

/// The empirical quantiles (1 − level)/2 and (1 + level)/2 of values, by linear interpolation
/// between neighbours in their order. DataError without values; NaN is not allowed (asserted).
Interval percentile_interval(std::span<const double> values, double level = 0.95);

}  // namespace lockstep
