#include "core/optimize/adagrad.hpp"

#include <cmath>

namespace lockstep {

template <class T>
void Adagrad<T>::update(double rate, Index, bool, Index n, const T* gradient, T* theta,
                        T* const* state) const {
  const T alpha = static_cast<T>(rate);
  const T epsilon = static_cast<T>(epsilon_);
  T* sum = state[0];
  for (Index i = 0; i < n; ++i) {
    const T g = gradient[i];
    sum[i] += g * g;
    theta[i] -= alpha * (g / (std::sqrt(sum[i]) + epsilon));
  }
}

template class Adagrad<float>;
template class Adagrad<double>;

}  // namespace lockstep
