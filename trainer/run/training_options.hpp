#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/model/penalty.hpp"
#include "core/optimize/lbfgs.hpp"
#include "core/optimize/optimizer.hpp"
#include "core/optimize/schedule.hpp"
#include "core/parallel/lanes.hpp"

namespace lockstep::trainer {

/// What a training run is configured with, all `auto`s resolved.
struct TrainingOptions {
  std::uint64_t seed = 1;
  Shuffle shuffle = Shuffle::rows;
  std::string optimizer = "adam";
  OptimizerOptions optimizer_options;
  LbfgsOptions lbfgs;
  double learning_rate = 1e-3;
  Schedule schedule;      ///< of the rate
  double rate_scale = 1;  ///< on top of it, as validations have it
  /// Bounds of the gradient of the mean loss, before penalties: of each element, and then of the
  /// Euclidean norm of all, by which it is multiplied with c/(‖g‖ + 10⁻⁶) where that is below 1
  /// [Pascanu, Mikolov, Bengio 2013; as PyTorch's clip_grad_value_ and clip_grad_norm_].
  std::optional<double> clip_value;
  std::optional<double> clip_norm;
  Penalty penalty;
  double label_smoothing = 0;  ///< ε, see make_loss
  double input_noise = 0;      ///< see add_input_noise; of dense rows
  Index micro_batch = 0;       ///< most rows that a rank takes through the network at once; 0: all

  bool is_full_batch() const { return optimizer == kLbfgsName; }

  /// Of step `step` of all, from 1.
  double rate_of(Index step) const { return learning_rate * schedule.factor(step) * rate_scale; }
};

}  // namespace lockstep::trainer
