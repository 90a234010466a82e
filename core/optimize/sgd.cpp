#include "core/optimize/sgd.hpp"

namespace lockstep {

template <class T>
void Sgd<T>::update(double rate, Index, bool, Index n, const T* gradient, T* theta,
                    T* const* state) const {
  const T alpha = static_cast<T>(rate);
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

template class Sgd<float>;
template class Sgd<double>;

}  // namespace lockstep
