#include "core/optimize/lamb.hpp"

#include <cmath>

#include "core/optimize/adam_moments.hpp"

namespace lockstep {
namespace {

/// What θ is moved by, before the rate and the ratio of norms.
template <class T>
class Direction {
 public:
  Direction(const AdamMoments<T>& moments, double decay)
      : moments_(moments),
        first_(static_cast<T>(1 / moments.first_correction)),
        decay_(static_cast<T>(decay)) {}

  T of(T m, T v, T theta) const { return first_ * (m / moments_.denominator(v)) + decay_ * theta; }

 private:
  const AdamMoments<T>& moments_;
  T first_;
  T decay_;
};

}  // namespace

template <class T>
TensorSquares Lamb<T>::measure(const OptimizerStep& step, Index n, const T* gradient,
                               const T* theta, T* const* state) const {
  const AdamMoments<T> moments(options_, step.number);
  const Direction<T> direction(moments, step.decayed ? options_.weight_decay : 0);
  T* m = state[0];
  T* v = state[1];
  TensorSquares squares;
  for (Index i = 0; i < n; ++i) {
    moments.add(gradient[i], m[i], v[i]);
    const auto w = static_cast<double>(theta[i]);
    const auto r = static_cast<double>(direction.of(m[i], v[i], theta[i]));
    squares.theta += w * w;
    squares.step += r * r;
  }
  return squares;
}

template <class T>
double Lamb<T>::trust_ratio(const TensorSquares& of_tensor, bool decayed) const {
  if (!decayed || of_tensor.theta == 0 || of_tensor.step == 0) return 1;
  return std::sqrt(of_tensor.theta) / std::sqrt(of_tensor.step);
}

template <class T>
void Lamb<T>::update(const OptimizerStep& step, Index n, const T*, T* theta,
                     T* const* state) const {
  const AdamMoments<T> moments(options_, step.number);
  const Direction<T> direction(moments, step.decayed ? options_.weight_decay : 0);
  const T alpha = static_cast<T>(step.rate * step.trust_ratio);
  for (Index i = 0; i < n; ++i)
    theta[i] -= alpha * direction.of(state[0][i], state[1][i], theta[i]);
}

template <class T>
void Lamb<T>::step_sizes(const OptimizerStep& step, Index n, const T* const* state,
                         T* sizes) const {
  const AdamMoments<T> moments(options_, step.number);
  const T alpha = static_cast<T>(step.rate * step.trust_ratio);
  for (Index i = 0; i < n; ++i) sizes[i] = alpha / moments.denominator(state[1][i]);
}

template class Lamb<float>;
template class Lamb<double>;

}  // namespace lockstep
