#include "core/optimize/minimize.hpp"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "core/base/error.hpp"
#include "core/linalg/norms.hpp"

namespace lockstep {
namespace {

void require_options(const MinimizeOptions& options) {
  if (!(options.rate > 0 && std::isfinite(options.rate))) {
    throw ConfigError(
        fmt::format("minimize: the rate must be positive and finite, but is {}", options.rate));
  }
  if (!(options.gradient_tolerance >= 0)) {
    throw ConfigError(
        fmt::format("minimize: the gradient's tolerance must be at least 0, but is {}",
                    options.gradient_tolerance));
  }
  if (options.max_iterations < 0) {
    throw ConfigError(fmt::format("minimize: the iterations must be at least 0, but are {}",
                                  options.max_iterations));
  }
}

/// Evaluates f at minimum.point.
void evaluate(const ValueAndGradient& f, const MinimizeOptions& options, Minimum& minimum,
              Vector& gradient) {
  minimum.value = f(minimum.point, gradient);
  if (gradient.size() != minimum.point.size()) {
    throw DataError(fmt::format("minimize: f made a gradient of {} entries for a point of {}",
                                gradient.size(), minimum.point.size()));
  }
  minimum.gradient_norm = norm(gradient);
  if (!std::isfinite(minimum.value) || !std::isfinite(minimum.gradient_norm)) {
    throw NumericalError(fmt::format(
        "minimize: diverged at iteration {} with {} at rate {}: the value is {}, the norm of the "
        "gradient {}; a smaller rate may help",
        minimum.iterations, options.optimizer, options.rate, minimum.value, minimum.gradient_norm));
  }
  minimum.converged = minimum.gradient_norm <= options.gradient_tolerance;
}

/// x is one tensor, of weights.
void take_step(const Optimizer<double>& optimizer, double rate, Minimum& minimum,
               const Vector& gradient, const std::vector<double*>& state) {
  OptimizerStep step{rate, minimum.iterations};
  const Index n = gradient.size();
  double* x = minimum.point.data();
  if (optimizer.is_layerwise()) {
    step.trust_ratio =
        optimizer.trust_ratio(optimizer.measure(step, n, gradient.data(), x, state.data()), true);
  }
  optimizer.update(step, n, gradient.data(), x, state.data());
}

}  // namespace

Minimum minimize(const ValueAndGradient& f, const VectorRef& start,
                 const MinimizeOptions& options) {
  require_options(options);
  if (start.size() == 0) throw DataError("minimize: the start is empty");
  const auto optimizer = make_optimizer<double>(options.optimizer, options.optimizer_options);
  const Index n = start.size();
  Matrix memory = Matrix::Zero(n, optimizer->states());
  std::vector<double*> state;
  for (Index s = 0; s < memory.cols(); ++s) state.push_back(memory.col(s).data());

  Minimum minimum;
  minimum.point = start;
  Vector gradient = Vector::Zero(n);
  evaluate(f, options, minimum, gradient);
  while (!minimum.converged && minimum.iterations < options.max_iterations) {
    ++minimum.iterations;
    take_step(*optimizer, options.rate, minimum, gradient, state);
    evaluate(f, options, minimum, gradient);
  }
  return minimum;
}

}  // namespace lockstep
