#pragma once

#include <functional>

#include "core/linalg/matrix.hpp"

namespace lockstep {

using ScalarFunction = std::function<double(const Vector&)>;
using VectorFunction = std::function<Vector(const Vector&)>;

// Derivatives of functions that are known by their values alone:
//
//   f′(x) ≈ [f(x + h) − f(x − h)] / 2h,   h = step·max(1, |x|)
//
// The formula is wrong by h²·f‴/6, the values by about ε·|f|, which the division makes ε·|f|/h.
// Both are alike at the default step, ∛ε: about 10 digits remain where f, f′ and f‴ are near 1.
// Exact derivatives are in derivatives.hpp.

inline constexpr double kCentralStep = 6.055454452393343e-06;  // ∛ε

/// f′(x) of a function of one number.
/// @throws DataError unless the step is positive and finite
double central_derivative(const std::function<double(double)>& f, double x,
                          double step = kCentralStep);

/// ∇f at x, in 2n evaluations.
/// @throws DataError when x is empty, or unless the step is positive and finite
Vector central_gradient(const ScalarFunction& f, const VectorRef& x, double step = kCentralStep);

/// J with Jᵢⱼ = ∂fᵢ/∂xⱼ, m×n, in 2n evaluations.
/// @throws DataError as central_gradient(), and when f returns columns of different lengths
Matrix central_jacobian(const VectorFunction& f, const VectorRef& x, double step = kCentralStep);

/// The entry of a gradient that differs most from central differences.
struct GradientCheck {
  Index entry = 0;
  double analytic = 0;
  double numeric = 0;
  double relative_error = 0;  ///< |analytic − numeric| / max(1, |analytic|, |numeric|); NaN is ∞
};

/// Compares a gradient of f at x with central differences and reports the worst entry: a correct
/// gradient of a smooth function has a relative error of 10⁻⁹ or so, a wrong one of 10⁻³ or more.
/// @param gradient  n entries, as computed by the code under test
/// @throws DataError as central_gradient(), and unless the gradient has n entries
GradientCheck check_gradient(const ScalarFunction& f, const VectorRef& gradient, const VectorRef& x,
                             double step = kCentralStep);

}  // namespace lockstep
