#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/types.hpp"

namespace lockstep {

/// How far counts in bins are from those that were expected.
struct PopulationStability {
  /// PSI = Σᵢ (pᵢ − qᵢ)·ln(pᵢ/qᵢ) ≥ 0, in nats: Jeffreys' divergence of the shares of the bins,
  /// smoothed by half a count a bin, so that no bin is empty:
  ///   pᵢ = (aᵢ + ½)/(n + B/2),  qᵢ = (bᵢ + ½)/(m + B/2)
  /// over the B bins that either has anything in. 0 where nothing is in any bin, NaN where only one
  /// of the two has anything.
  double index = 0;
  Index bins = 0;  ///< B
  /// What chance makes of it, where both are drawn from one distribution: PSI/(1/n + 1/m) is
  /// distributed about as χ² with B − 1 degrees of freedom, whose mean and three standard
  /// deviations this is: (1/n + 1/m)·(B − 1 + 3·√(2(B − 1))).
  double by_chance = 0;

  friend bool operator==(const PopulationStability&, const PopulationStability&) = default;
};

/// @param expected, actual  counts of the same bins, ≥ 0
/// @throws DataError for different numbers of bins
PopulationStability population_stability(std::span<const std::int64_t> expected,
                                         std::span<const std::int64_t> actual);

/// Where the deciles of a column cut the numbers. A value that more than one decile has is a bin of
/// its own, between those below and above it.
class DecileBins {
 public:
  /// @param deciles  nine, ascending; or NaN, for a column without numbers, which makes one bin
  explicit DecileBins(std::span<const double> deciles);

  /// One more for missing cells, the last.
  std::size_t count() const { return cuts_.size() + 2; }
  /// The bin of a number, or of NaN.
  std::size_t bin_of(double x) const;

 private:
  struct Cut {
    double value;
    bool below;  ///< the value itself is above the cut
  };
  std::vector<Cut> cuts_;
};

}  // namespace lockstep
