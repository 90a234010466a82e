#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/types.hpp"

namespace lockstep {

/// Everything that optimizers are configured with; each reads its own.
struct OptimizerOptions {
  double momentum = 0;
  bool nesterov = false;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double rho = 0.99;
  double epsilon = 1e-8;
  bool bias_correction = true;
  double weight_decay = 0;
  double trust = 0.001;  ///< η of LARS
};

/// One step, of elements of one tensor.
struct OptimizerStep {
  double rate = 0;         ///< α of this step
  Index number = 1;        ///< t, 1 for the first
  bool decayed = true;     ///< the elements are weights (biases are not decayed)
  double trust_ratio = 1;  ///< of the tensor, where the optimizer is layerwise
};

/// Sums of squares over the elements of a tensor, or of a part of one.
struct TensorSquares {
  double theta = 0;
  double step = 0;  ///< of what θ would be moved by

  friend TensorSquares operator+(const TensorSquares& a, const TensorSquares& b) {
    return {a.theta + b.theta, a.step + b.step};
  }
};

/// Changes θ elementwise from a gradient. Immutable: the state belongs to whoever owns the blocks
/// of θ, so it can be sharded over the ranks.
///
/// The step of a *layerwise* optimizer is as long as the norm of the tensor it is of says: whoever
/// takes it first calls measure() for all blocks of the tensor, adds up what that returns, and
/// gives the trust_ratio() of the sum to update().
template <class T>
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// Numbers of state kept for each element of θ; they start at 0.
  virtual int states() const = 0;

  /// A step with a gradient of 0 changes neither θ nor the state.
  virtual bool rests_without_gradient() const = 0;

  virtual bool is_layerwise() const { return false; }

  /// Of a layerwise optimizer: the first half of a step on n elements, which changes the state
  /// alone. The parameters are those of update(). Rank-local, thread-safe on disjoint elements,
  /// O(n).
  virtual TensorSquares measure(const OptimizerStep& step, Index n, const T* gradient,
                                const T* theta, T* const* state) const;

  /// Of a layerwise optimizer: what the step of a tensor is multiplied by.
  virtual double trust_ratio(const TensorSquares& of_tensor, bool decayed) const;

  /// One step on n elements; of a layerwise optimizer the second half of it.
  /// @param state  state[s] points at the s-th state of the n elements
  /// Rank-local, thread-safe on disjoint elements, O(n).
  virtual void update(const OptimizerStep& step, Index n, const T* gradient, T* theta,
                      T* const* state) const = 0;

  /// By what a step like the last multiplies a gradient that stays as it is, for each of n
  /// elements: s, where θ ← θ − s·g after all moments have settled. The threshold of a proximal
  /// step is that times the penalty.
  /// @param state  after the step
  /// Rank-local, thread-safe, O(n).
  virtual void step_sizes(const OptimizerStep& step, Index n, const T* const* state,
                          T* sizes) const = 0;
};

/// What the registry knows of an optimizer.
struct OptimizerEntry {
  std::string name;
  double default_rate;  ///< with hidden layers, and of each step in a long epoch without
  double convex_rate;   ///< without hidden layers
  bool by_steps;        ///< that is of one step an epoch, and of n it is 1/√n of that
  bool takes_momentum;
  std::string equation;
};
const std::vector<OptimizerEntry>& optimizer_entries();

/// The rate that `train.learning_rate = auto` means.
///
/// With momentum the effective rate is rate/(1 − momentum); auto keeps that at the optimizer's
/// default. A model without hidden layers has a convex objective, and an optimizer may have a rate
/// of its own for those. Steps of Adam and its kin have about the length of the rate, however large
/// the gradient, so what a weight can reach in an epoch follows from the number of steps: they
/// start from 0.05 for one step an epoch and follow the square-root rule of batch size and rate
/// [Malladi et al. 2022], down to the optimizer's default. Adagrad's steps grow shorter by
/// themselves; the best rate by its bound on the regret is 1/√2 of how far weights have to go
/// [Duchi, Hazan, Singer 2011, theorem 5], with standardized columns about 1.
/// @param steps  of an epoch
double automatic_rate(std::string_view name, const OptimizerOptions& options, bool hidden_layers,
                      Index steps);

/// @throws ConfigError for an unknown name
template <class T>
std::unique_ptr<Optimizer<T>> make_optimizer(std::string_view name,
                                             const OptimizerOptions& options);

}  // namespace lockstep
