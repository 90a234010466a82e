#include "core/probability/continuous.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/quadrature/tanh_sinh.hpp>
#include <cmath>
#include <exception>
#include <string>
#include <utility>

#include "core/base/error.hpp"

namespace lockstep {
namespace {

constexpr double kTolerance = 1e-12;     // where refinement stops
constexpr double kAccepted = 1e-8;       // of ∫|g(x)|f(x)dx
constexpr double kNormalisation = 1e-6;  // of ∫f(x)dx
constexpr std::size_t kMaxRefinements = 15;

void check_range(const std::vector<double>& range) {
  bool ascending = range.size() >= 2;
  for (std::size_t i = 0; i + 1 < range.size(); ++i) {
    ascending = ascending && range[i] < range[i + 1];
  }
  if (ascending) return;
  throw DataError(
      fmt::format("the range of a density is [{}]; expected at least two ascending "
                  "numbers",
                  fmt::join(range, ", ")));
}

/// ∫ g(x)·f(x) dx over the pieces of the range.
/// @param name  of the integral, for messages
double integral(const std::string& name, const ContinuousVariable::Function& g,
                const ContinuousVariable::Function& density, const std::vector<double>& range) {
  static boost::math::quadrature::tanh_sinh<double> rule(kMaxRefinements);  // thread-safe
  const auto integrand = [&](double x) {
    const double f = density(x);
    if (f >= 0) return f == 0 ? 0.0 : g(x) * f;
    throw DataError(fmt::format("the density is {} at {}; expected a number >= 0", f, x));
  };
  double sum = 0;
  double error = 0;
  double magnitude = 0;
  try {
    for (std::size_t i = 0; i + 1 < range.size(); ++i) {
      double piece_error = 0;
      double piece_magnitude = 0;
      sum += rule.integrate(integrand, range[i], range[i + 1], kTolerance, &piece_error,
                            &piece_magnitude);
      error += piece_error;
      magnitude += piece_magnitude;
    }
  } catch (const Error&) {
    throw;
  } catch (const std::exception& failure) {
    throw NumericalError(fmt::format("{} has no value: {}", name, failure.what()));
  }
  if (std::isfinite(sum) && error <= kAccepted * magnitude) return sum;
  throw NumericalError(
      fmt::format("{} has not converged: {} with an error of about {}; it may not exist, or the "
                  "range lacks the points where the density is not smooth",
                  name, sum, error));
}

}  // namespace

ContinuousVariable::ContinuousVariable(Function density, std::vector<double> range)
    : density_(std::move(density)), range_(std::move(range)) {
  check_range(range_);
  // Halves of an infinite range, so that what diverges on both sides cannot cancel.
  if (range_.size() == 2 && std::isinf(range_[0]) && std::isinf(range_[1])) {
    range_.insert(range_.begin() + 1, 0.0);
  }
  const double whole = integral(
      "the integral of the density", [](double) { return 1.0; }, density_, range_);
  if (std::fabs(whole - 1) <= kNormalisation) return;
  throw DataError(
      fmt::format("the density integrates to {} over [{}]; expected 1 within {} (a narrow peak is "
                  "found when the range has a point there)",
                  whole, fmt::join(range_, ", "), kNormalisation));
}

double ContinuousVariable::expectation() const {
  return integral(
      "E[X]", [](double x) { return x; }, density_, range_);
}

double ContinuousVariable::expectation(const Function& g) const {
  return integral("E[g(X)]", g, density_, range_);
}

double ContinuousVariable::variance() const {
  const double mean = expectation();
  return integral(
      "Var(X)", [mean](double x) { return (x - mean) * (x - mean); }, density_, range_);
}

}  // namespace lockstep
