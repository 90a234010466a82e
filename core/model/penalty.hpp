#pragma once

#include <vector>

#include "core/base/types.hpp"
#include "core/model/tensor.hpp"

namespace lockstep {

/// How steps take λ₁Σ|w| into account.
enum class L1Method {
  proximal,  ///< each step ends with w ← sign(w)·max(0, |w| − s·λ₁), which makes exact zeros
  subgradient  ///< λ₁·sign(w) is part of the gradient, sign(0) = 0
};

/// λ₁Σ|w| + λ₂Σw² over the weights, added once to the mean loss.
///   gradient       2λ₂·w, and of the subgradient method λ₁·sign(w)
///   proximal step  w ← sign(w)·max(0, |w| − s·λ₁), s the size of the optimizer's step for each
///                  element: forward-backward splitting [Duchi, Singer 2009], in the optimizer's
///                  own metric [Duchi, Hazan, Singer 2011], so that steps come to rest where the
///                  objective is least
struct Penalty {
  double l1 = 0;
  double l2 = 0;
  bool biases = false;  ///< are penalised as weights are
  L1Method l1_method = L1Method::proximal;

  bool none() const { return l1 == 0 && l2 == 0; }
  bool applies_to(const Tensor& tensor) const {
    return !none() && tensor.trained && (tensor.penalised || biases);
  }
  bool is_proximal() const { return l1 != 0 && l1_method == L1Method::proximal; }

  /// The L2 penalty under which mean hinge + penalty is the SVM's objective ½‖w‖² + CΣξ divided by
  /// C·N: λ₂ = 1/(2CN).
  static Penalty of_svm(double C, Index rows) {
    return {.l2 = 1.0 / (2.0 * C * static_cast<double>(rows))};
  }

  /// Adds to the gradient of n weights what of the penalty is part of it.
  template <class T>
  void add_gradient(Index n, const T* w, T* gradient) const {
    const T first = static_cast<T>(is_proximal() ? 0 : l1);
    const T second = static_cast<T>(2 * l2);
    for (Index i = 0; i < n; ++i) {
      const T sign = w[i] > T(0) ? T(1) : (w[i] < T(0) ? T(-1) : T(0));
      gradient[i] += first * sign + second * w[i];
    }
  }

  /// The proximal step of n weights; NaN stays.
  /// @param sizes  s of each
  template <class T>
  void shrink(Index n, const T* sizes, T* w) const {
    const T first = static_cast<T>(l1);
    for (Index i = 0; i < n; ++i) {
      const T threshold = first * sizes[i];
      const T magnitude = w[i] < T(0) ? -w[i] : w[i];
      const T rest = w[i] > T(0) ? w[i] - threshold : w[i] + threshold;
      w[i] = magnitude <= threshold ? T(0) : rest;
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

/// The penalty of θ: a double for each block, folded along the tree over the list of
/// blocks. The same bits wherever it is computed. Rank-local.
template <class T>
double penalty_value(const std::vector<Tensor>& tensors, const Penalty& penalty, const T* theta);

}  // namespace lockstep
