#pragma once

#include <vector>

#include "core/linalg/matrix.hpp"

namespace lockstep {

// Distributions over Boost.Math. It calls libm, so their last bits belong to the machine: they
// serve evaluation, not what must have the same bits everywhere.
//
// Of all of them: parameters out of their domain are a DataError; logarithms are natural, −∞ where
// the density or mass is 0; cumulative(x) = P(X ≤ x); quantile(p) is the smallest x of the support
// with cumulative(x) ≥ p, DataError unless 0 ≤ p ≤ 1; NaN as x gives NaN.

/// Normal: f(x) = exp(−(x − μ)²/2σ²) / (σ√2π)
class Gaussian {
 public:
  /// @param mean       μ, finite
  /// @param deviation  σ > 0, finite, in the unit of x
  Gaussian(double mean, double deviation);

  double density(double x) const;
  double log_density(double x) const;
  double cumulative(double x) const;
  double quantile(double p) const;  ///< −∞ for 0, ∞ for 1
  double mean() const { return mean_; }
  double variance() const { return deviation_ * deviation_; }

 private:
  double mean_;
  double deviation_;
};

/// Uniform: f(x) = 1/(b − a) for a ≤ x ≤ b, else 0
class Uniform {
 public:
  /// @param low, high  a < b, finite and so is their difference
  Uniform(double low, double high);

  double density(double x) const;
  double log_density(double x) const;
  double cumulative(double x) const;
  double quantile(double p) const;
  double mean() const;
  double variance() const;

 private:
  double low_;
  double high_;
};

/// Bernoulli: P(1) = p, P(0) = 1 − p
class Bernoulli {
 public:
  /// @param p  in [0, 1]
  explicit Bernoulli(double p);

  double mass(Index k) const;
  double log_mass(Index k) const;
  double cumulative(double x) const;
  Index quantile(double p) const;
  double mean() const { return p_; }
  double variance() const { return p_ * (1 - p_); }

 private:
  double p_;
};

/// Poisson: P(k) = λᵏ·exp(−λ)/k!, k = 0, 1, …
class Poisson {
 public:
  /// @param rate  λ > 0, finite
  explicit Poisson(double rate);

  double mass(Index k) const;
  double log_mass(Index k) const;  ///< absolute error up to 10⁻¹⁵·(k log λ + λ)
  double cumulative(double x) const;
  double quantile(double p) const;  ///< a whole number; ∞ for 1
  double mean() const { return rate_; }
  double variance() const { return rate_; }

 private:
  double rate_;
};

/// Categorical: P(k) = pₖ, k = 0 … K−1
class Categorical {
 public:
  /// @param probabilities  K ≥ 1 of them, which sum to 1 within kProbabilityTolerance
  explicit Categorical(const VectorRef& probabilities);

  Index categories() const { return static_cast<Index>(probabilities_.size()); }
  double mass(Index k) const;  ///< 0 for k outside of [0, K)
  double log_mass(Index k) const;
  double cumulative(double x) const;  ///< of the number of the category; exactly 1 from K − 1 on
  Index quantile(double p) const;

 private:
  std::vector<double> probabilities_;
  std::vector<double> cumulative_;
};

}  // namespace lockstep
