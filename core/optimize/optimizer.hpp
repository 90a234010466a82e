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
};

/// Changes θ elementwise from a gradient. Immutable: the state belongs to whoever owns the blocks
/// of θ, so it can be sharded over the ranks.
template <class T>
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// Numbers of state kept for each element of θ; they start at 0.
  virtual int states() const = 0;

  /// A step with a gradient of 0 changes neither θ nor the state.
  virtual bool rests_without_gradient() const = 0;

  /// One step on n elements.
  /// @param rate  the learning rate of this step
  /// @param step  1 for the first step
  /// @param decayed  the elements are weights (biases are not decayed)
  /// @param state  state[s] points at the s-th state of the n elements
  /// Rank-local, thread-safe on disjoint elements, O(n).
  virtual void update(double rate, Index step, bool decayed, Index n, const T* gradient, T* theta,
                      T* const* state) const = 0;
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
