#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/layer.hpp"

namespace lockstep {

// Elementwise activations y = g(x), in place; the derivative follows from y alone.
//   relu        max(0, x); 0 at 0; derivative 1 for y > 0, else 0
//   leaky_relu  x for x > 0, else slope·x, 0 ≤ slope < 1; derivative 1 for y > 0, else slope
//   sigmoid     1/(1 + e⁻ˣ); derivative y(1 − y)
//   tanh        tanh x; derivative 1 − y²
// relu and leaky_relu select, forward and backward, and keep NaN.

/// @throws ConfigError for an unknown name
template <class T>
std::unique_ptr<Layer<T>> make_activation(std::string_view name, Index width, double slope);

/// Names that make_activation knows, sorted.
const std::vector<std::string>& activation_names();

/// What `model.init = auto` means after or before this activation: He for the rectifiers, Xavier
/// for the sigmoid-shaped ones.
Initialization initialization_for(std::string_view activation);

}  // namespace lockstep
