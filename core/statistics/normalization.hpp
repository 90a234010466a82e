#pragma once

namespace lockstep {

/// What sums of squared deviations are divided by: n, for the values themselves (Var and
/// Cov, 1/n), or n − 1, the unbiased estimate for the population that they were drawn from.
enum class Normalization { population, sample };

}  // namespace lockstep
