#pragma once

#include <cstdint>
#include <limits>

namespace lockstep {

/// What sums of squared deviations are divided by: n, for the values themselves (Var and
/// Cov, 1/n), or n − 1, the unbiased estimate for the population that they were drawn from.
enum class Normalization { population, sample };

/// n or n − 1; NaN where there are too few values for it.
constexpr double divisor(Normalization normalization, std::int64_t n) {
  const std::int64_t free = normalization == Normalization::population ? n : n - 1;
  return free > 0 ? static_cast<double>(free) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace lockstep
