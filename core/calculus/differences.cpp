#include "core/calculus/differences.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "core/base/error.hpp"

namespace lockstep {
namespace {

void require_step(std::string_view function, double step) {
  if (step > 0 && std::isfinite(step)) return;
  throw DataError(
      fmt::format("{}: the step must be positive and finite, but is {}", function, step));
}

void require_point(std::string_view function, const VectorRef& x) {
  if (x.size() == 0) throw DataError(fmt::format("{}: x is empty", function));
}

/// Two points on either side of x, and their distance as it is after rounding.
struct Pair {
  Pair(double x, double step)
      : up(x + step * std::max(1.0, std::fabs(x))), down(x - step * std::max(1.0, std::fabs(x))) {}
  double distance() const { return up - down; }

  double up;
  double down;
};

Vector gradient_of(const ScalarFunction& f, Vector x, double step) {
  Vector result(x.size());
  for (Index j = 0; j < x.size(); ++j) {
    const double at = x[j];
    const Pair pair(at, step);
    x[j] = pair.up;
    const double up = f(x);
    x[j] = pair.down;
    const double down = f(x);
    x[j] = at;
    result[j] = (up - down) / pair.distance();
  }
  return result;
}

double relative_error(double analytic, double numeric) {
  const double scale = std::max({1.0, std::fabs(analytic), std::fabs(numeric)});
  const double error = std::fabs(analytic - numeric) / scale;
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

}  // namespace

double central_derivative(const std::function<double(double)>& f, double x, double step) {
  require_step("central_derivative", step);
  const Pair pair(x, step);
  return (f(pair.up) - f(pair.down)) / pair.distance();
}

Vector central_gradient(const ScalarFunction& f, const VectorRef& x, double step) {
  require_point("central_gradient", x);
  require_step("central_gradient", step);
  return gradient_of(f, x, step);
}

Matrix central_jacobian(const VectorFunction& f, const VectorRef& x, double step) {
  require_point("central_jacobian", x);
  require_step("central_jacobian", step);
  Vector point = x;
  Matrix result;
  for (Index j = 0; j < x.size(); ++j) {
    const Pair pair(x[j], step);
    point[j] = pair.up;
    const Vector up = f(point);
    point[j] = pair.down;
    const Vector down = f(point);
    point[j] = x[j];
    if (j == 0) result.resize(up.size(), x.size());
    if (up.size() != result.rows() || down.size() != result.rows()) {
      throw DataError(fmt::format("central_jacobian: f returned {} values, then {} and {}",
                                  result.rows(), up.size(), down.size()));
    }
    result.col(j) = (up - down) / pair.distance();
  }
  return result;
}

GradientCheck check_gradient(const ScalarFunction& f, const VectorRef& gradient, const VectorRef& x,
                             double step) {
  require_point("check_gradient", x);
  require_step("check_gradient", step);
  if (gradient.size() != x.size()) {
    throw DataError(fmt::format("check_gradient: the gradient has {} entries, but x has {}",
                                gradient.size(), x.size()));
  }
  const Vector numeric = gradient_of(f, x, step);
  GradientCheck worst{0, gradient[0], numeric[0], relative_error(gradient[0], numeric[0])};
  for (Index i = 1; i < x.size(); ++i) {
    const double error = relative_error(gradient[i], numeric[i]);
    if (error > worst.relative_error) worst = {i, gradient[i], numeric[i], error};
  }
  return worst;
}

}  // namespace lockstep
