#pragma once

#include <optional>
#include <string>

#include "core/base/types.hpp"
#include "core/metrics/evaluation.hpp"

namespace lockstep::trainer {

/// What a training does about its validations.
struct MonitorOptions {
  std::string metric;               ///< one of evaluation_metrics()
  double min_delta = 0;             ///< by more than that a value has to be better than the best
  std::optional<Index> patience{};  ///< validations in a row that are no better: then it ends
  std::optional<Index> rate_patience{};  ///< or then the rate is multiplied by
  double rate_factor = 1;                ///< this, and the count begins anew
};

/// How the metric has gone so far: all that a checkpoint has to keep of it.
struct MonitorState {
  std::optional<double> best{};
  Index epoch = 0;        ///< of the best
  Index steps = 0;        ///< of all epochs, until the best
  Index waited = 0;       ///< validations since the best
  Index rate_waited = 0;  ///< since the best, or the last change of the rate
  Index rate_changes = 0;

  friend bool operator==(const MonitorState&, const MonitorState&) = default;
};

/// Follows a metric from validation to validation. The same on all ranks, from the same values.
class Monitor {
 public:
  /// Requires a known metric.
  explicit Monitor(MonitorOptions options);

  const MonitorOptions& options() const { return options_; }
  const MonitorState& state() const { return state_; }
  void restore(const MonitorState& state) { state_ = state; }

  /// Takes a validation, and says whether it is the best so far. A value that is not finite is
  /// never better.
  /// @param warms_up  the rate is still going up: it does not count as one without a better value
  ///                  for the rate
  bool see(const Evaluation& validation, Index epoch, Index steps, bool warms_up = false);

  bool is_out_of_patience() const;
  /// What the rate of the schedule is multiplied by from here on.
  double rate_scale() const;

 private:
  bool is_better(double value) const;

  MonitorOptions options_;
  bool larger_is_better_;
  MonitorState state_;
};

}  // namespace lockstep::trainer
