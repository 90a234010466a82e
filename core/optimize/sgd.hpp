#pragma once

#include "core/optimize/optimizer.hpp"

namespace lockstep {

/// Gradient descent: batch (batch_size = all), mini-batch, or stochastic (batch_size = 1).
///   momentum 0    θ ← θ − α·g
///   momentum μ    u ← μ·u + g,  θ ← θ − α·u                [Polyak 1964; as PyTorch writes it]
///   nesterov      u ← μ·u + g,  θ ← θ − α·(g + μ·u)        [Sutskever et al. 2013, as PyTorch]
template <class T>
class Sgd final : public Optimizer<T> {
 public:
  explicit Sgd(const OptimizerOptions& options)
      : momentum_(options.momentum), nesterov_(options.nesterov) {}

  int states() const override { return momentum_ == 0 ? 0 : 1; }
  bool rests_without_gradient() const override { return momentum_ == 0; }
  void update(const OptimizerStep& step, Index n, const T* gradient, T* theta,
              T* const* state) const override;
  void step_sizes(const OptimizerStep& step, Index n, const T* const* state,
                  T* sizes) const override;

 private:
  double momentum_;
  bool nesterov_;
};

}  // namespace lockstep
