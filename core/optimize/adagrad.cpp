#include "core/optimize/adagrad.hpp"

#include <cmath>

namespace lockstep {

template <class T>
void Adagrad<T>::update(const OptimizerStep& step, Index n, const T* gradient, T* theta,
                        T* const* state) const {
  const T alpha = static_cast<T>(step.rate);
  const T epsilon = static_cast<T>(epsilon_);
  T* sum = state[0];
  for (Index i = 0; i < n; ++i) {
    const T g = gradient[i];
    sum[i] += g * g;
    theta[i] -= alpha * (g / (std::sqrt(sum[i]) + epsilon));
  }
}

template <class T>
void Adagrad<T>::step_sizes(const OptimizerStep& step, Index n, const T* const* state,
                            T* sizes) const {
  const T alpha = static_cast<T>(step.rate);
  const T epsilon = static_cast<T>(epsilon_);
  for (Index i = 0; i < n; ++i) sizes[i] = alpha / (std::sqrt(state[0][i]) + epsilon);
}

template class Adagrad<float>;
template class Adagrad<double>;

}  // namespace lockstep
