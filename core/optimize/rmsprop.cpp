#include "core/optimize/rmsprop.hpp"

#include <cmath>

namespace lockstep {

template <class T>
void RmsProp<T>::update(const OptimizerStep& step, Index n, const T* gradient, T* theta,
                        T* const* state) const {
  const T alpha = static_cast<T>(step.rate);
  const T rho = static_cast<T>(options_.rho);
  const T rest = static_cast<T>(1 - options_.rho);
  const T epsilon = static_cast<T>(options_.epsilon);
  const T mu = static_cast<T>(options_.momentum);
  T* v = state[0];
  if (states() == 1) {
    for (Index i = 0; i < n; ++i) {
      const T g = gradient[i];
      v[i] = rho * v[i] + rest * (g * g);
      theta[i] -= alpha * (g / (std::sqrt(v[i]) + epsilon));
    }
    return;
  }
  T* velocity = state[1];
  for (Index i = 0; i < n; ++i) {
    const T g = gradient[i];
    v[i] = rho * v[i] + rest * (g * g);
    velocity[i] = mu * velocity[i] + g / (std::sqrt(v[i]) + epsilon);
    theta[i] -= alpha * velocity[i];
  }
}

template <class T>
void RmsProp<T>::step_sizes(const OptimizerStep& step, Index n, const T* const* state,
                            T* sizes) const {
  const T alpha = static_cast<T>(step.rate / (1 - options_.momentum));
  const T epsilon = static_cast<T>(options_.epsilon);
  for (Index i = 0; i < n; ++i) sizes[i] = alpha / (std::sqrt(state[0][i]) + epsilon);
}

template class RmsProp<float>;
template class RmsProp<double>;

}  // namespace lockstep
