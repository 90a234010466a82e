#include "core/optimize/sgd.hpp"

#include <algorithm>

namespace lockstep {

template <class T>
void Sgd<T>::update(const OptimizerStep& step, Index n, const T* gradient, T* theta,
                    T* const* state) const {
  const T alpha = static_cast<T>(step.rate);
  const T mu = static_cast<T>(momentum_);
  if (states() == 0) {
    for (Index i = 0; i < n; ++i) theta[i] -= alpha * gradient[i];
    return;
  }
  T* velocity = state[0];
  if (nesterov_) {
    for (Index i = 0; i < n; ++i) {
      velocity[i] = mu * velocity[i] + gradient[i];
      theta[i] -= alpha * (gradient[i] + mu * velocity[i]);
    }
  } else {
    for (Index i = 0; i < n; ++i) {
      velocity[i] = mu * velocity[i] + gradient[i];
      theta[i] -= alpha * velocity[i];
    }
  }
}

template <class T>
void Sgd<T>::step_sizes(const OptimizerStep& step, Index n, const T* const*, T* sizes) const {
  std::fill_n(sizes, n, static_cast<T>(step.rate / (1 - momentum_)));
}

template class Sgd<float>;
template class Sgd<double>;

}  // namespace lockstep
