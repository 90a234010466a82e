#pragma once

#include <functional>
#include <limits>
#include <vector>

namespace lockstep {

/// A continuous random variable by its density, with expectations by numerical integration: the
/// tanh-sinh rule [Takahasi, Mori 1974] of Boost.Math, piece by piece.
///
/// The density is 0 outside of [range.front(), range.back()], smooth between neighbouring points of
/// the range, and may be infinite at them. Kinks, jumps and peaks that are narrow for their
/// distance from 0 belong among the points: a normal density at 1000 with deviation 1 wants
/// {−∞, 1000, ∞}. A relative error of 10⁻¹² is aimed at; where 10⁻⁸ is not reached, or the integral
/// does not exist, the answer is an error, not a number.
///
/// Not for what must have the same bits on every machine: densities usually call libm.
class ContinuousVariable {
 public:
  using Function = std::function<double(double)>;

  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  /// @param density  f(x) ≥ 0; else DataError when it is met
  /// @param range    at least two ascending numbers, the outer ones possibly infinite; else
  /// DataError DataError unless ∫f(x)dx is 1 within 10⁻⁶.
  explicit ContinuousVariable(Function density,
                              std::vector<double> range = {-kInfinity, kInfinity});

  /// E[X] = ∫ x·f(x) dx. NumericalError when it does not exist (Cauchy's) or is not reached.
  double expectation() const;
  /// E[g(X)] = ∫ g(x)·f(x) dx; errors as above. g is smooth where f is.
  double expectation(const Function& g) const;
  /// Var(X) = ∫ (x − E[X])²·f(x) dx; errors as above.
  double variance() const;

 private:
  Function density_;
  std::vector<double> range_;
};

}  // namespace lockstep
