#include "core/model/batch_norm.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>

namespace lockstep {
namespace {

/// What is kept of a step, each a vector of the layer's width.
template <class T>
struct OfStep {
  OfStep(T* kept, Index vector_size)
      : mean(kept),
        inverse(mean + vector_size),
        slope(inverse + vector_size),
        slope_along(slope + vector_size) {}

  T* mean;
  T* inverse;      // of the deviation
  T* slope;        // mean of ∂L/∂y
  T* slope_along;  // mean of ∂L/∂y·x̂
};

template <class T>
T inverse_deviation(double variance) {
  return static_cast<T>(1 / std::sqrt(variance + kNormalizationEpsilon));
}

// Of BatchNorm::Moments, of so many units.
constexpr std::size_t kCount = 0;
std::size_t units_of(const std::vector<double>& moments) { return (moments.size() - 1) / 2; }
const double* means_of(const std::vector<double>& moments) { return moments.data() + 1; }
const double* squares_of(const std::vector<double>& moments) {
  return means_of(moments) + units_of(moments);
}

}  // namespace

template <class T>
std::vector<Tensor> BatchNorm<T>::tensors() const {
  std::vector<Tensor> tensors = NormalizingLayer<T>::tensors();
  for (const char* name : {"running_mean", "running_var"}) {
    const auto before = static_cast<Index>(tensors.size());
    tensors.push_back({name, 1, width_, false, before * this->vector_size(), false});
  }
  return tensors;
}

template <class T>
void BatchNorm<T>::initialize(Initialization how, const RandomStream& stream, std::uint64_t layer,
                              T* theta) const {
  NormalizingLayer<T>::initialize(how, stream, layer, theta);
  T* running = theta + 2 * this->vector_size();
  std::fill_n(running, 2 * this->vector_size(), T(0));
  std::fill_n(running + this->vector_size(), width_, T(1));
}

template <class T>
typename BatchNorm<T>::Moments BatchNorm<T>::moments(Range rows, Rows<const T> x) const {
  const auto width = static_cast<std::size_t>(width_);
  Moments moments(1 + 2 * width);
  if (rows.empty()) return moments;
  const auto count = static_cast<double>(rows.size());
  moments[kCount] = count;
  double* means = moments.data() + 1;
  double* squares = means + width;
  for (Index r = rows.begin; r < rows.end; ++r) {
    const T* in = x.row(r);
    for (std::size_t c = 0; c < width; ++c) means[c] += static_cast<double>(in[c]);
  }
  for (std::size_t c = 0; c < width; ++c) means[c] /= count;
  for (Index r = rows.begin; r < rows.end; ++r) {
    const T* in = x.row(r);
    for (std::size_t c = 0; c < width; ++c) {
      const double deviation = static_cast<double>(in[c]) - means[c];
      squares[c] += deviation * deviation;
    }
  }
  return moments;
}

template <class T>
typename BatchNorm<T>::Moments BatchNorm<T>::merge(Moments left, const Moments& right) {
  assert(left.size() == right.size());
  if (right[kCount] == 0) return left;
  if (left[kCount] == 0) return right;
  const double count = left[kCount] + right[kCount];
  const double share = right[kCount] / count;
  const double weight = left[kCount] * share;
  const std::size_t units = units_of(left);
  double* means = left.data() + 1;
  double* squares = means + units;
  for (std::size_t c = 0; c < units; ++c) {
    const double apart = means_of(right)[c] - means[c];
    means[c] += apart * share;
    squares[c] += squares_of(right)[c] + apart * apart * weight;
  }
  left[kCount] = count;
  return left;
}

template <class T>
void BatchNorm<T>::begin_forward(const Moments& of_all, T* kept) const {
  const OfStep<T> step(kept, this->vector_size());
  const double count = std::max(of_all[kCount], 1.0);
  for (Index c = 0; c < width_; ++c) {
    step.mean[c] = static_cast<T>(means_of(of_all)[c]);
    step.inverse[c] = inverse_deviation<T>(squares_of(of_all)[c] / count);
  }
}

template <class T>
void BatchNorm<T>::forward(Index n, Rows<const T> x, const T* theta, Rows<T> y, Rows<T> kept,
                           const TrainingRows* rows) const {
  const T* scale = this->scale(theta);
  const T* shift = this->shift(theta);
  const T* mean = theta + 2 * this->vector_size();
  AlignedVector<T> inverses;
  const T* inverse = nullptr;
  if (rows != nullptr) {
    const OfStep<T> step(kept.data, this->vector_size());
    mean = step.mean;
    inverse = step.inverse;
  } else {
    const T* variance = mean + this->vector_size();
    inverses.resize(static_cast<std::size_t>(width_));
    for (Index c = 0; c < width_; ++c) {
      inverses[static_cast<std::size_t>(c)] =
          inverse_deviation<T>(static_cast<double>(variance[c]));
    }
    inverse = inverses.data();
  }
  for (Index r = 0; r < n; ++r) {
    const T* in = x.row(r);
    T* out = y.row(r);
    for (Index c = 0; c < width_; ++c) {
      out[c] = (in[c] - mean[c]) * inverse[c] * scale[c] + shift[c];
    }
    this->clear_padding(out);
  }
}

template <class T>
typename BatchNorm<T>::Slopes BatchNorm<T>::slopes(Range rows, const Forwarded<T>& done,
                                                   Rows<const T> dy) const {
  const auto width = static_cast<std::size_t>(width_);
  Slopes slopes(2 * width);
  double* along = slopes.data() + width;
  AlignedVector<T> normalized(width);
  for (Index r = rows.begin; r < rows.end; ++r) {
    normalize(done, r, 0, width_, normalized.data());
    const T* from = dy.row(r);
    for (std::size_t c = 0; c < width; ++c) {
      slopes[c] += static_cast<double>(from[c]);
      along[c] += static_cast<double>(from[c]) * static_cast<double>(normalized[c]);
    }
  }
  return slopes;
}

template <class T>
typename BatchNorm<T>::Slopes BatchNorm<T>::add(Slopes left, const Slopes& right) {
  assert(left.size() == right.size());
  for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
  return left;
}

template <class T>
void BatchNorm<T>::begin_backward(const Slopes& of_all, const Moments& moments_of_all,
                                  T* kept) const {
  const OfStep<T> step(kept, this->vector_size());
  const double count = std::max(moments_of_all[kCount], 1.0);
  for (Index c = 0; c < width_; ++c) {
    step.slope[c] = static_cast<T>(of_all[static_cast<std::size_t>(c)] / count);
    step.slope_along[c] = static_cast<T>(of_all[static_cast<std::size_t>(width_ + c)] / count);
  }
}

template <class T>
void BatchNorm<T>::backward(Index n, const Forwarded<T>& done, Rows<const T> dy, const T* prepared,
                            Rows<T> dx) const {
  const T* scale = prepared;
  const OfStep<const T> step(done.kept.data, this->vector_size());
  for (Index r = 0; r < n; ++r) {
    const T* in = done.x.row(r);
    const T* from = dy.row(r);
    T* to = dx.row(r);
    for (Index c = 0; c < width_; ++c) {
      const T normalized = (in[c] - step.mean[c]) * step.inverse[c];
      to[c] = (from[c] - step.slope[c] - normalized * step.slope_along[c]) *
              (scale[c] * step.inverse[c]);
    }
    this->clear_padding(to);
  }
}

template <class T>
void BatchNorm<T>::normalize(const Forwarded<T>& done, Index row, Index first, Index columns,
                             T* normalized) const {
  const OfStep<const T> step(done.kept.data, this->vector_size());
  const T* in = done.x.row(row) + first;
  for (Index c = 0; c < columns; ++c) {
    normalized[c] = (in[c] - step.mean[first + c]) * step.inverse[first + c];
  }
}

template <class T>
void BatchNorm<T>::update_running(const Moments& of_all, double momentum, T* theta) const {
  const double count = of_all[kCount];
  if (count < 2) return;
  T* mean = theta + 2 * this->vector_size();
  T* variance = mean + this->vector_size();
  const auto move = [&](T& running, double now) {
    running = static_cast<T>((1 - momentum) * static_cast<double>(running) + momentum * now);
  };
  for (Index c = 0; c < width_; ++c) {
    move(mean[c], means_of(of_all)[c]);
    move(variance[c], squares_of(of_all)[c] / (count - 1));
  }
}

template class BatchNorm<float>;
template class BatchNorm<double>;

}  // namespace lockstep
