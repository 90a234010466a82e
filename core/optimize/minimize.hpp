#pragma once

#include <functional>
#include <string>

#include "core/linalg/matrix.hpp"
#include "core/optimize/optimizer.hpp"

namespace lockstep {

/// f(x), with ∇f(x) assigned to `gradient`, which comes with as many entries as x.
using ValueAndGradient = std::function<double(const Vector& x, Vector& gradient)>;

struct MinimizeOptions {
  std::string optimizer = "sgd";  ///< of the registry: with every gradient exact, sgd is descent
  OptimizerOptions optimizer_options;
  double rate = 0.1;                 ///< α, the same for every step
  double gradient_tolerance = 1e-8;  ///< stop when ‖∇f‖₂ is at most this
  Index max_iterations = 10000;      ///< or after so many steps
};

struct Minimum {
  Vector point;
  double value = 0;          ///< f at the point
  double gradient_norm = 0;  ///< ‖∇f‖₂ at the point
  Index iterations = 0;      ///< steps taken
  bool converged = false;    ///< the gradient is within its tolerance
};

/// Gradient descent on any differentiable function f: ℝⁿ → ℝ, by the optimizers that train models:
///   x ← x − α·∇f(x)        with "sgd" and no momentum; see core/optimize for the others
/// Descends to a point where the gradient vanishes, which for a convex f is the minimum. The last
/// point is returned, not the best. A step is one evaluation of f and O(n).
/// @throws NumericalError when f or its gradient is not finite (the rate is too large, mostly);
/// ConfigError for an unknown optimizer or options out of range; DataError when x is empty or f
/// changes the length of the gradient
Minimum minimize(const ValueAndGradient& f, const VectorRef& start,
                 const MinimizeOptions& options = {});

}  // namespace lockstep
