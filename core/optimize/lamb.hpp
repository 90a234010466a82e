#pragma once

#include "core/optimize/optimizer.hpp"

namespace lockstep {

/// LAMB, Adam with layers as large as their steps [You et al. 2020, algorithm 2, φ(z) = z].
///   m̂, v̂ as Adam's,  r = m̂/(√v̂ + ε) + λθ,  θ ← θ − α·(‖θ‖/‖r‖)·r
/// The norms are those of a tensor of weights; of biases, and where either norm is 0, their ratio
/// is 1, and biases have no decay λ.
template <class T>
class Lamb final : public Optimizer<T> {
 public:
  explicit Lamb(const OptimizerOptions& options) : options_(options) {}

  int states() const override { return 2; }
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
