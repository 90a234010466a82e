#pragma once

#include "core/optimize/optimizer.hpp"

namespace lockstep {

/// Adam [Kingma, Ba 2015], and AdamW [Loshchilov, Hutter 2019] when the decay is positive.
///   m ← β₁m + (1 − β₁)g,  v ← β₂v + (1 − β₂)g²
///   m̂ = m/(1 − β₁ᵗ),  v̂ = v/(1 − β₂ᵗ)          (bias correction; without it m̂ = m, v̂ = v)
///   θ ← θ − α·λ·θ − α·m̂/(√v̂ + ε)               (λ, the decoupled decay, on weights alone)
/// AMSGrad [Reddi, Kale, Kumar 2018; corrected as PyTorch does] has the largest v so far for v:
///   w ← max(w, v),  v̂ = w/(1 − β₂ᵗ)
template <class T>
class Adam final : public Optimizer<T> {
 public:
  /// What the second moment is in a step.
  enum class Second { latest, largest };

  explicit Adam(const OptimizerOptions& options, double weight_decay = 0,
                Second second = Second::latest)
      : options_(options), weight_decay_(weight_decay), second_(second) {}

  int states() const override { return second_ == Second::largest ? 3 : 2; }
  bool rests_without_gradient() const override { return false; }
  void update(const OptimizerStep& step, Index n, const T* gradient, T* theta,
              T* const* state) const override;
  void step_sizes(const OptimizerStep& step, Index n, const T* const* state,
                  T* sizes) const override;

 private:
  OptimizerOptions options_;
  double weight_decay_;
  Second second_;
};

}  // namespace lockstep
