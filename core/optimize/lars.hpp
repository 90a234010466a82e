#pragma once

#include "core/optimize/optimizer.hpp"

namespace lockstep {

/// LARS, layer-wise adaptive rate scaling [You, Gitman, Ginsburg 2017, algorithm 1].
///   r = η·‖θ‖/(‖g‖ + λ‖θ‖),  u ← μ·u + α·r·(g + λθ),  θ ← θ − u
/// The norms are those of a tensor of weights. Of biases, and where θ or the gradient is 0, r = η,
/// and biases have no decay λ. Momentum is of steps, the rate included, as in the paper.
template <class T>
class Lars final : public Optimizer<T> {
 public:
  explicit Lars(const OptimizerOptions& options) : options_(options) {}

  int states() const override { return options_.momentum == 0 ? 0 : 1; }
  bool rests_without_gradient() const override { return false; }
  bool is_layerwise() const override { return true; }
  TensorSquares measure(const OptimizerStep& step, Index n, const T* gradient, const T* theta,
                        T* const* state) const override;
  double trust_ratio(const TensorSquares& of_tensor, bool decayed) const override;
  void update(const OptimizerStep& step, Index n, const T* gradient, T* theta,
              T* const* state) const override;
  void step_sizes(const OptimizerStep& step, Index n, const T* const* state,
                  T* sizes) const override;

 private:
  OptimizerOptions options_;
};

}  // namespace lockstep
