#pragma once

#include <cmath>

#include "core/optimize/optimizer.hpp"

namespace lockstep {

/// The factors of one step by moments: what Adam and its kin have in common.
template <class T>
struct AdamMoments {
  AdamMoments(const OptimizerOptions& options, Index step)
      : beta1(static_cast<T>(options.beta1)),
        rest1(static_cast<T>(1 - options.beta1)),
        beta2(static_cast<T>(options.beta2)),
        rest2(static_cast<T>(1 - options.beta2)),
        epsilon(static_cast<T>(options.epsilon)) {
    if (!options.bias_correction) return;
    first_correction = 1 - power(options.beta1, step);
    root_correction = static_cast<T>(1 / std::sqrt(1 - power(options.beta2, step)));
  }

  /// Adds a gradient to the moments of an element.
  void add(T g, T& m, T& v) const {
    m = beta1 * m + rest1 * g;
    v = beta2 * v + rest2 * (g * g);
  }
  /// √v̂ + ε of the second moment v.
  T denominator(T v) const { return std::sqrt(v) * root_correction + epsilon; }

  T beta1;
  T rest1;  ///< 1 − β₁
  T beta2;
  T rest2;
  T epsilon;
  double first_correction = 1;  ///< 1 − β₁ᵗ
  T root_correction = 1;        ///< 1/√(1 − β₂ᵗ)

 private:
  /// xⁿ by squaring: the same bits with any libm.
  static double power(double x, Index n) {
    double result = 1;
    for (; n > 0; n /= 2) {
      if (n % 2 == 1) result *= x;
      x *= x;
    }
    return result;
  }
};

}  // namespace lockstep
