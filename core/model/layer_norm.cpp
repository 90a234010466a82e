#include "core/model/layer_norm.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace lockstep {
namespace {

constexpr Index kMean = 0;
constexpr Index kInverse = 1;  // of the deviation

template <class T>
using Panel = std::array<T, static_cast<std::size_t>(kPanel)>;

/// Σ value(c) over the units of a row, in double: as many chains as a panel has columns, which are
/// then added up in pairs.
template <class Value>
double sum_over_units(Index width, const Value& value) {
  Panel<double> chains{};
  const Index whole = width / kPanel * kPanel;
  for (Index c = 0; c < whole; c += kPanel) {
    for (Index k = 0; k < kPanel; ++k) chains[static_cast<std::size_t>(k)] += value(c + k);
  }
  for (Index c = whole; c < width; ++c) chains[static_cast<std::size_t>(c - whole)] += value(c);
  for (std::size_t half = chains.size() / 2; half > 0; half /= 2) {
    for (std::size_t k = 0; k < half; ++k) chains[k] += chains[k + half];
  }
  return chains[0];
}

}  // namespace

template <class T>
void LayerNorm<T>::forward(Index n, Rows<const T> x, const T* theta, Rows<T> y, Rows<T> kept,
                           const TrainingRows*) const {
  const T* scale = this->scale(theta);
  const T* shift = this->shift(theta);
  const auto width = static_cast<double>(width_);
  for (Index r = 0; r < n; ++r) {
    const T* in = x.row(r);
    T* out = y.row(r);
    const double exact =
        sum_over_units(width_, [&](Index c) { return static_cast<double>(in[c]); }) / width;
    const double variance = sum_over_units(width_,
                                           [&](Index c) {
                                             const double d = static_cast<double>(in[c]) - exact;
                                             return d * d;
                                           }) /
                            width;
    const T mean = kept.row(r)[kMean] = static_cast<T>(exact);
    const T inverse = kept.row(r)[kInverse] =
        static_cast<T>(1 / std::sqrt(variance + kNormalizationEpsilon));
    for (Index c = 0; c < width_; ++c) out[c] = (in[c] - mean) * inverse * scale[c] + shift[c];
    this->clear_padding(out);
  }
}

template <class T>
void LayerNorm<T>::backward(Index n, const Forwarded<T>& done, Rows<const T> dy, const T* prepared,
                            Rows<T> dx) const {
  const T* scale = prepared;
  const auto width = static_cast<double>(width_);
  for (Index r = 0; r < n; ++r) {
    const T* in = done.x.row(r);
    const T mean = done.kept.row(r)[kMean];
    const T inverse = done.kept.row(r)[kInverse];
    const T* from = dy.row(r);
    T* to = dx.row(r);
    const auto normalized = [&](Index c) { return (in[c] - mean) * inverse; };
    const auto derivative = [&](Index c) { return from[c] * scale[c]; };
    const double sum =
        sum_over_units(width_, [&](Index c) { return static_cast<double>(derivative(c)); });
    const double product = sum_over_units(width_, [&](Index c) {
      return static_cast<double>(derivative(c)) * static_cast<double>(normalized(c));
    });
    const auto shift = static_cast<T>(sum / width);
    const auto slope = static_cast<T>(product / width);
    for (Index c = 0; c < width_; ++c) {
      to[c] = (derivative(c) - shift - normalized(c) * slope) * inverse;
    }
    this->clear_padding(to);
  }
}

template <class T>
void LayerNorm<T>::normalize(const Forwarded<T>& done, Index row, Index first, Index columns,
                             T* normalized) const {
  const T* in = done.x.row(row) + first;
  const T mean = done.kept.row(row)[kMean];
  const T inverse = done.kept.row(row)[kInverse];
  for (Index c = 0; c < columns; ++c) normalized[c] = (in[c] - mean) * inverse;
}

template class LayerNorm<float>;
template class LayerNorm<double>;

}  // namespace lockstep
