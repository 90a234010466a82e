#pragma once

#include "core/optimize/optimizer.hpp"

namespace lockstep {

/// Adagrad [Duchi, Hazan, Singer 2011, with the diagonal alone; as PyTorch writes it].
///   s ← s + g²,  θ ← θ − α·g/(√s + ε)
template <class T>
class Adagrad final : public Optimizer<T> {
 public:
  explicit Adagrad(const OptimizerOptions& options) : epsilon_(options.epsilon) {}

  int states() const override { return 1; }
  bool rests_without_gradient() const override { return true; }
  void update(const OptimizerStep& step, Index n, const T* gradient, T* theta,
              T* const* state) const override;
  void step_sizes(const OptimizerStep& step, Index n, const T* const* state,
                  T* sizes) const override;

 private:
  double epsilon_;
};

}  // namespace lockstep
