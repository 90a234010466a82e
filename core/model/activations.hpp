#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/layer.hpp"

namespace lockstep {

// Elementwise activations y = g(x).
//   elu         x for x > 0, else eˣ − 1; derivative 1 for x > 0, else eˣ  [Clevert et al. 2016]
//   gelu        x·Φ(x), Φ of the standard normal distribution; derivative Φ(x) + x·φ(x)
//                                                            [Hendrycks, Gimpel 2016; not its tanh]
//   leaky_relu  x for x > 0, else slope·x, 0 ≤ slope < 1; derivative 1 for x > 0, else slope
//   relu        max(0, x); 0 at 0; derivative 1 for x > 0, else 0
//   sigmoid     σ(x) = 1/(1 + e⁻ˣ); derivative y(1 − y)
//   silu        x·σ(x); derivative σ(x)·(1 + x(1 − σ(x)))            [Elfwing et al. 2018; Swish]
//   softplus    ln(1 + eˣ); derivative σ(x) = 1 − e⁻ʸ                      [Dugas et al. 2001]
//   tanh        tanh x; derivative 1 − y²
// gelu and silu keep x for their derivative; that of the others follows from y, which takes the
// place of x. relu, leaky_relu and elu select, forward and backward. All keep NaN.

/// @throws ConfigError for an unknown name
template <class T>
std::unique_ptr<Layer<T>> make_activation(std::string_view name, Index width, double slope);

/// Names that make_activation knows, sorted.
const std::vector<std::string>& activation_names();

/// What `model.init = auto` means after or before this activation: Xavier for those that are
/// sigmoid-shaped, He for the others, which are rectifiers or near them.
Initialization initialization_for(std::string_view activation);

}  // namespace lockstep
