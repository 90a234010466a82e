#include "core/profile/population_stability.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/error.hpp"
#include "core/kernel/elementary.hpp"

namespace lockstep {

PopulationStability population_stability(std::span<const std::int64_t> expected,
                                         std::span<const std::int64_t> actual) {
  if (expected.size() != actual.size()) {
    throw DataError(fmt::format("population stability: {} bins were expected, and {} found",
                                expected.size(), actual.size()));
  }
  PopulationStability result;
  const auto n = std::accumulate(expected.begin(), expected.end(), std::int64_t{0});
  const auto m = std::accumulate(actual.begin(), actual.end(), std::int64_t{0});
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (expected[i] + actual[i] > 0) ++result.bins;
  }
  if (result.bins == 0) return result;
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  if (n == 0 || m == 0) return {kNone, result.bins, kNone};
  const double smoothing = static_cast<double>(result.bins) / 2;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (expected[i] + actual[i] == 0) continue;
    const double p =
        (static_cast<double>(expected[i]) + 0.5) / (static_cast<double>(n) + smoothing);
    const double q = (static_cast<double>(actual[i]) + 0.5) / (static_cast<double>(m) + smoothing);
    result.index += (p - q) * kernel::log(p / q);
  }
  const auto freedom = static_cast<double>(result.bins - 1);
  result.by_chance = (1 / static_cast<double>(n) + 1 / static_cast<double>(m)) *
                     (freedom + 3 * std::sqrt(2 * freedom));
  return result;
}

DecileBins::DecileBins(std::span<const double> deciles) {
  for (std::size_t k = 0; k < deciles.size(); ++k) {
    const double x = deciles[k];
    if (std::isnan(x)) continue;
    if (cuts_.empty() || cuts_.back().value != x) {
      cuts_.push_back({x, false});
    } else if (!cuts_.back().below && (cuts_.size() < 2 || cuts_[cuts_.size() - 2].value != x)) {
      cuts_.insert(cuts_.end() - 1, {x, true});
    }
  }
}

std::size_t DecileBins::bin_of(double x) const {
  if (std::isnan(x)) return cuts_.size() + 1;
  const auto beyond = [](const Cut& cut, double value) {
    return cut.below ? cut.value <= value : cut.value < value;
  };
  return static_cast<std::size_t>(std::lower_bound(cuts_.begin(), cuts_.end(), x, beyond) -
                                  cuts_.begin());
}

}  // namespace lockstep
