#include "core/optimize/adam.hpp"

#include <algorithm>

#include "core/optimize/adam_moments.hpp"

namespace lockstep {

template <class T>
void Adam<T>::update(const OptimizerStep& step, Index n, const T* gradient, T* theta,
                     T* const* state) const {
  const AdamMoments<T> moments(options_, step.number);
  const T alpha = static_cast<T>(step.rate / moments.first_correction);
  const T decay = static_cast<T>(step.decayed ? step.rate * weight_decay_ : 0);
  T* m = state[0];
  T* v = state[1];
  const auto step_of_all = [&](const auto& second) {
    for (Index i = 0; i < n; ++i) {
      moments.add(gradient[i], m[i], v[i]);
      theta[i] = theta[i] - decay * theta[i] - alpha * (m[i] / moments.denominator(second(i)));
    }
  };
  if (second_ == Second::latest) {
    step_of_all([&](Index i) { return v[i]; });
  } else {
    T* largest = state[2];
    step_of_all([&](Index i) { return largest[i] = std::max(largest[i], v[i]); });
  }
}

template <class T>
void Adam<T>::step_sizes(const OptimizerStep& step, Index n, const T* const* state,
                         T* sizes) const {
  const AdamMoments<T> moments(options_, step.number);
  const T* second = state[second_ == Second::largest ? 2 : 1];
  const T alpha = static_cast<T>(step.rate);
  for (Index i = 0; i < n; ++i) sizes[i] = alpha / moments.denominator(second[i]);
}

template class Adam<float>;
template class Adam<double>;

}  // namespace lockstep
