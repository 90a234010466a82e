#pragma once

#include "core/optimize/optimizer.hpp"

namespace lockstep {

/// RMSProp [Tieleman, Hinton 2012, lecture 6e; as PyTorch writes it, not centred].
///   v ← ρv + (1 − ρ)g²
///   momentum 0    θ ← θ − α·g/(√v + ε)
///   momentum μ    u ← μ·u + g/(√v + ε),  θ ← θ − α·u
template <class T>
class RmsProp final : public Optimizer<T> {
 public:
  explicit RmsProp(const OptimizerOptions& options) : options_(options) {}

  int states() const override { return options_.momentum == 0 ? 1 : 2; }
  bool rests_without_gradient() const override { return false; }
  void update(const OptimizerStep& step, Index n, const T* gradient, T* theta,
              T* const* state) const override;
  void step_sizes(const OptimizerStep& step, Index n, const T* const* state,
                  T* sizes) const override;

 private:
  OptimizerOptions options_;
};

}  // namespace lockstep
