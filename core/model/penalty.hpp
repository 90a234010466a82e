#pragma once

#include <vector>

#include "core/base/types.hpp"
#include "core/model/tensor.hpp"

namespace lockstep {

/// λ₁Σ|w| + λ₂Σw² over the weights, biases excluded; added once to the mean loss.
///   gradient  λ₁·sign(w) + 2λ₂·w,  sign(0) = 0
struct Penalty {
  double l1 = 0;
  double l2 = 0;

  bool none() const { return l1 == 0 && l2 == 0; }

  /// The L2 penalty under which mean hinge + penalty is the SVM's objective ½‖w‖² + CΣξ divided by
  /// C·N: λ₂ = 1/(2CN).
  static Penalty of_svm(double C, Index rows) {
    return {0, 1.0 / (2.0 * C * static_cast<double>(rows))};
  }

  /// gradient[i] += ∂penalty/∂w[i] for n weights.
  template <class T>
  void add_gradient(Index n, const T* w, T* gradient) const {
    const T first = static_cast<T>(l1);
    const T second = static_cast<T>(2 * l2);
    for (Index i = 0; i < n; ++i) {
      const T sign = w[i] > T(0) ? T(1) : (w[i] < T(0) ? T(-1) : T(0));
      gradient[i] += first * sign + second * w[i];
    }
  }

  /// The penalty of n weights, summed one after another in double.
  template <class T>
  double value(Index n, const T* w) const {
    double absolute = 0;
    double square = 0;
    for (Index i = 0; i < n; ++i) {
      const double x = static_cast<double>(w[i]);
      absolute += x < 0 ? -x : x;
      square += x * x;
    }
    return l1 * absolute + l2 * square;
  }
};

/// The penalty of all weights of θ: a double for each block, folded along the tree over the list of
/// blocks. The same bits wherever it is computed. Rank-local.
template <class T>
double penalty_value(const std::vector<Tensor>& tensors, const Penalty& penalty, const T* theta);

}  // namespace lockstep
