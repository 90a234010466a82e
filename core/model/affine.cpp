#include "core/model/affine.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/parallel/ranges.hpp"

namespace lockstep {

template <class T>
std::vector<Tensor> Affine<T>::tensors() const {
  Tensor weight{"weight", inputs_, outputs_, true, 0};
  if (has_vector()) {
    std::swap(weight.inputs, weight.outputs);
    weight.has_row_for_each_input = true;
  }
  return {weight, {"bias", 1, outputs_, false, bias_offset()}};
}

template <class T>
void Affine<T>::initialize(Initialization how, const RandomStream& stream, std::uint64_t layer,
                           T* theta) const {
  const double inputs = static_cast<double>(inputs_);
  const double he_deviation = std::sqrt(2.0 / inputs);
  const double xavier_bound = std::sqrt(6.0 / (inputs + static_cast<double>(outputs_)));
  std::fill(theta, theta + bias_offset() + kernel::panel_matrix_size(1, outputs_), T(0));
  if (how == Initialization::zero) return;
  for (Index i = 0; i < inputs_; ++i) {
    for (Index o = 0; o < outputs_; ++o) {
      RandomSequence draws(stream, layer, static_cast<std::uint64_t>(i),
                           static_cast<std::uint64_t>(o));
      const double weight = how == Initialization::he ? he_deviation * draws.normal()
                                                      : draws.uniform(-xavier_bound, xavier_bound);
      theta[has_vector() ? i : kernel::panel_offset(inputs_, i, o)] = static_cast<T>(weight);
    }
  }
}

template <class T>
Index Affine<T>::prepared_size() const {
  return kernel::panel_matrix_size(outputs_, inputs_);
}

template <class T>
void Affine<T>::prepare(const T* theta, T* prepared, Index part) const {
  if (has_vector()) {
    std::copy_n(theta + part * kPanel, kPanel, prepared + part * kPanel);
  } else {
    kernel::transpose<T>(inputs_, outputs_, theta, prepared, {part, part + 1});
  }
}

template <class T>
void Affine<T>::forward(Index n, Rows<const T> x, const T* theta, Rows<T> y, Rows<T>,
                        const TrainingRows*) const {
  const T* weights = theta;
  if (has_vector()) {
    // Products of dense rows take a panel. Of this one the first column alone is ever written.
    thread_local AlignedVector<T> panel;
    const auto size = static_cast<std::size_t>(inputs_ * kPanel);
    if (panel.size() < size) panel.resize(size);
    for (Index i = 0; i < inputs_; ++i) panel[static_cast<std::size_t>(i * kPanel)] = theta[i];
    weights = panel.data();
  }
  const Index panels = kernel::panel_count(outputs_);
  kernel::multiply<T>(n, inputs_, panels, x.data, x.stride, weights, y.data, y.stride);
  add_bias(n, theta, y);
}

template <class T>
void Affine<T>::forward(Index n, const kernel::SparseRows<T>& x, const Index* rows, const T* theta,
                        Rows<T> y) const {
  kernel::multiply<T>(n, inputs_, outputs_, x, rows, theta, y.data, y.stride);
  add_bias(n, theta, y);
}

template <class T>
void Affine<T>::add_bias(Index n, const T* theta, Rows<T> y) const {
  const T* bias = theta + bias_offset();
  const Index columns = y.padded(outputs_);
  for (Index r = 0; r < n; ++r) {
    T* row = y.row(r);
    for (Index o = 0; o < columns; ++o) row[o] += bias[o];
  }
}

template <class T>
void Affine<T>::backward(Index n, const Forwarded<T>&, Rows<const T> dy, const T* prepared,
                         Rows<T> dx) const {
  kernel::multiply<T>(n, outputs_, kernel::panel_count(inputs_), dy.data, dy.stride, prepared,
                      dx.data, dx.stride);
}

template <class T>
std::vector<GradientTile> Affine<T>::gradient_tiles(Index pieces) const {
  // Wide enough in both directions that copying the operands into strips costs little; how the
  // matrix is cut changes no bit.
  constexpr Index kInputs = 192;
  constexpr Index kFewestPanels = 8;
  const Range panels{0, kernel::panel_count(outputs_)};
  const Index rows = (inputs_ + kInputs - 1) / kInputs;
  const Index most = std::max<Index>(1, panels.size() / kFewestPanels);
  const Index columns = std::clamp<Index>(pieces / rows, 1, most);
  std::vector<GradientTile> tiles;
  for (Index i = 0; i < rows; ++i) {
    const Range inputs{i * kInputs, std::min(inputs_, (i + 1) * kInputs)};
    for (Index p = 0; p < columns; ++p) {
      // Pairs of panels, which the widest registers take together.
      const Range pairs = even_part((panels.size() + 1) / 2, columns, p);
      tiles.push_back({0, inputs, {2 * pairs.begin, std::min(panels.end, 2 * pairs.end)}});
    }
  }
  tiles.push_back({1, {0, 1}, panels});
  return tiles;
}

/// Of the weights of one output, of some inputs.
template <class T>
void Affine<T>::gradient_of_vector(std::span<const Range> leaves, Range inputs, Rows<const T> x,
                                   Rows<const T> dy, T* dweights) const {
  thread_local AlignedVector<T> panel;
  panel.resize(static_cast<std::size_t>(inputs.size() * kPanel));
  kernel::fold_outer_products<T>(leaves, {0, inputs.size()}, {0, 1}, x.data + inputs.begin,
                                 x.stride, dy.data, dy.stride, panel.data(), inputs.size());
  for (Index i = 0; i < inputs.size(); ++i) {
    dweights[inputs.begin + i] = panel[static_cast<std::size_t>(i * kPanel)];
  }
}

template <class T>
void Affine<T>::gradient(std::span<const Range> leaves, const GradientTile& tile,
                         const Forwarded<T>& done, Rows<const T> dy, T* dtheta) const {
  if (tile.tensor == 0 && has_vector()) {
    gradient_of_vector(leaves, tile.inputs, done.x, dy, dtheta);
  } else if (tile.tensor == 0) {
    kernel::fold_outer_products<T>(leaves, tile.inputs, tile.panels, done.x.data, done.x.stride,
                                   dy.data, dy.stride, dtheta, inputs_);
  } else if (dy.stride == 1) {
    dtheta[bias_offset()] = kernel::fold_column<T>(leaves, dy.data);
  } else {
    static constexpr T kOne = T(1);
    kernel::fold_outer_products<T>(leaves, tile.inputs, tile.panels, &kOne, 0, dy.data, dy.stride,
                                   dtheta + bias_offset(), 1);
  }
}

template class Affine<float>;
template class Affine<double>;

}  // namespace lockstep
