#include "core/optimize/lars.hpp"

#include <algorithm>
#include <cmath>

namespace lockstep {

template <class T>
TensorSquares Lars<T>::measure(const OptimizerStep&, Index n, const T* gradient, const T* theta,
                               T* const*) const {
  TensorSquares squares;
  for (Index i = 0; i < n; ++i) {
    const auto g = static_cast<double>(gradient[i]);
    const auto w = static_cast<double>(theta[i]);
    squares.theta += w * w;
    squares.step += g * g;
  }
  return squares;
}

template <class T>
double Lars<T>::trust_ratio(const TensorSquares& of_tensor, bool decayed) const {
  const double theta = std::sqrt(of_tensor.theta);
  const double gradient = std::sqrt(of_tensor.step);
  if (!decayed || theta == 0 || gradient == 0) return options_.trust;
  return options_.trust * theta / (gradient + options_.weight_decay * theta);
}

template <class T>
void Lars<T>::update(const OptimizerStep& step, Index n, const T* gradient, T* theta,
                     T* const* state) const {
  const T alpha = static_cast<T>(step.rate * step.trust_ratio);
  const T decay = static_cast<T>(step.decayed ? options_.weight_decay : 0);
  const T mu = static_cast<T>(options_.momentum);
  if (states() == 0) {
    for (Index i = 0; i < n; ++i) theta[i] -= alpha * (gradient[i] + decay * theta[i]);
    return;
  }
  T* velocity = state[0];
  for (Index i = 0; i < n; ++i) {
    velocity[i] = mu * velocity[i] + alpha * (gradient[i] + decay * theta[i]);
    theta[i] -= velocity[i];
  }
}

template <class T>
void Lars<T>::step_sizes(const OptimizerStep& step, Index n, const T* const*, T* sizes) const {
  std::fill_n(sizes, n, static_cast<T>(step.rate * step.trust_ratio / (1 - options_.momentum)));
}

template class Lars<float>;
template class Lars<double>;

}  // namespace lockstep
