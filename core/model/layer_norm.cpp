#include "core/model/layer_norm.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <optional>

#include "core/parallel/fold.hpp"

namespace lockstep {
namespace {

constexpr double kEpsilon = 1e-5;
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

/// Parameters behind it keep zeros in their padding, so their gradients must have them.
template <class T>
void clear_padding(Index width, T* row) {
  std::fill(row + width, row + kernel::panel_count(width) * kPanel, T(0));
}

}  // namespace

template <class T>
std::vector<Tensor> LayerNorm<T>::tensors() const {
  return {{"weight", 1, width_, false, 0}, {"bias", 1, width_, false, bias_offset()}};
}

template <class T>
void LayerNorm<T>::initialize(Initialization, const RandomStream&, std::uint64_t, T* theta) const {
  std::fill_n(theta, 2 * bias_offset(), T(0));
  std::fill_n(theta, width_, T(1));
}

template <class T>
void LayerNorm<T>::prepare(const T* theta, T* prepared, Index) const {
  std::copy_n(theta, prepared_size(), prepared);
}

template <class T>
void LayerNorm<T>::forward(Index n, Rows<const T> x, const T* theta, Rows<T> y, Rows<T> kept,
                           const TrainingRows*) const {
  const T* scale = theta;
  const T* shift = theta + bias_offset();
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
    const T inverse = kept.row(r)[kInverse] = static_cast<T>(1 / std::sqrt(variance + kEpsilon));
    for (Index c = 0; c < width_; ++c) out[c] = (in[c] - mean) * inverse * scale[c] + shift[c];
    clear_padding(width_, out);
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
    clear_padding(width_, to);
  }
}

template <class T>
std::vector<GradientTile> LayerNorm<T>::gradient_tiles(Index) const {
  const Range panels{0, kernel::panel_count(width_)};
  return {{0, {0, 1}, panels}, {1, {0, 1}, panels}};
}

template <class T>
void LayerNorm<T>::gradient(std::span<const Range> leaves, const GradientTile& tile,
                            const Forwarded<T>& done, Rows<const T> dy, T* dtheta) const {
  if (tile.tensor == 1) {
    static constexpr T kOne = T(1);
    kernel::fold_outer_products<T>(leaves, tile.inputs, tile.panels, &kOne, 0, dy.data, dy.stride,
                                   dtheta + bias_offset(), 1);
    return;
  }
  const auto count = static_cast<Index>(leaves.size());
  for (Index panel = tile.panels.begin; panel < tile.panels.end; ++panel) {
    const Index first = panel * kPanel;
    const Index columns = std::min(kPanel, width_ - first);
    const auto sum_of_leaf = [&](TreeNode leaf) -> std::optional<Panel<T>> {
      if (leaf.span > 1) return std::nullopt;
      Panel<T> sum{};
      const Range rows = leaves[static_cast<std::size_t>(leaf.leaf)];
      for (Index r = rows.begin; r < rows.end; ++r) {
        const T* in = done.x.row(r) + first;
        const T mean = done.kept.row(r)[kMean];
        const T inverse = done.kept.row(r)[kInverse];
        const T* derivative = dy.row(r) + first;
        for (Index c = 0; c < columns; ++c) {
          sum[static_cast<std::size_t>(c)] += derivative[c] * ((in[c] - mean) * inverse);
        }
      }
      return sum;
    };
    const auto add = [](Panel<T> left, const Panel<T>& right) {
      for (std::size_t c = 0; c < left.size(); ++c) left[c] += right[c];
      return left;
    };
    const Panel<T> root = fold_subtree<Panel<T>>({0, count}, count, sum_of_leaf, add);
    std::copy(root.begin(), root.end(), dtheta + first);
  }
}

template class LayerNorm<float>;
template class LayerNorm<double>;

}  // namespace lockstep
