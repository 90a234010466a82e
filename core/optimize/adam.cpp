#include "core/optimize/adam.hpp"

#include <algorithm>
#include <cmath>

namespace lockstep {
namespace {

/// xⁿ by squaring: the same bits with any libm.
double power(double x, Index n) {
  double result = 1;
  for (; n > 0; n /= 2) {
    if (n % 2 == 1) result *= x;
    x *= x;
  }
  return result;
}

}  // namespace

template <class T>
void Adam<T>::update(double rate, Index step, bool decayed, Index n, const T* gradient, T* theta,
                     T* const* state) const {
  const double correction1 = options_.bias_correction ? 1 - power(options_.beta1, step) : 1;
  const double correction2 = options_.bias_correction ? 1 - power(options_.beta2, step) : 1;
  const T beta1 = static_cast<T>(options_.beta1);
  const T beta2 = static_cast<T>(options_.beta2);
  const T rest1 = static_cast<T>(1 - options_.beta1);
  const T rest2 = static_cast<T>(1 - options_.beta2);
  const T alpha = static_cast<T>(rate / correction1);
  const T root_correction = static_cast<T>(1 / std::sqrt(correction2));
  const T epsilon = static_cast<T>(options_.epsilon);
  const T decay = static_cast<T>(decayed ? rate * weight_decay_ : 0);
  T* m = state[0];
  T* v = state[1];
  const auto step_of_all = [&](const auto& second) {
    for (Index i = 0; i < n; ++i) {
      const T g = gradient[i];
      m[i] = beta1 * m[i] + rest1 * g;
      v[i] = beta2 * v[i] + rest2 * (g * g);
      const T denominator = std::sqrt(second(i)) * root_correction + epsilon;
      theta[i] = theta[i] - decay * theta[i] - alpha * (m[i] / denominator);
    }
  };
  if (second_ == Second::latest) {
    step_of_all([&](Index i) { return v[i]; });
  } else {
    T* largest = state[2];
    step_of_all([&](Index i) { return largest[i] = std::max(largest[i], v[i]); });
  }
}

template class Adam<float>;
template class Adam<double>;

}  // namespace lockstep
