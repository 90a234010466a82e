#include "trainer/run/monitor.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace lockstep::trainer {

namespace {

bool larger_is_better(const std::string& name) {
  const std::vector<EvaluationMetric>& all = evaluation_metrics();
  return std::any_of(all.begin(), all.end(), [&](const EvaluationMetric& metric) {
    return metric.name == name && metric.larger_is_better;
  });
}

}  // namespace

Monitor::Monitor(MonitorOptions options)
    : options_(std::move(options)), larger_is_better_(larger_is_better(options_.metric)) {}

bool Monitor::is_better(double value) const {
  if (!std::isfinite(value)) return false;
  if (!state_.best) return true;
  return larger_is_better_ ? value > *state_.best + options_.min_delta
                           : value < *state_.best - options_.min_delta;
}

bool Monitor::see(const Evaluation& validation, Index epoch, Index steps, bool warms_up) {
  const double value = metric_of(validation, options_.metric);
  if (is_better(value)) {
    state_ = {value, epoch, steps, 0, 0, state_.rate_changes};
    return true;
  }
  ++state_.waited;
  if (warms_up) return false;
  ++state_.rate_waited;
  if (options_.rate_patience && state_.rate_waited >= *options_.rate_patience) {
    ++state_.rate_changes;
    state_.rate_waited = 0;
  }
  return false;
}

bool Monitor::is_out_of_patience() const {
  return options_.patience && state_.waited >= *options_.patience;
}

double Monitor::rate_scale() const {
  double scale = 1;
  for (Index i = 0; i < state_.rate_changes; ++i) scale *= options_.rate_factor;
  return scale;
}

}  // namespace lockstep::trainer
