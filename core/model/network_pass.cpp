#include "core/model/network_pass.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include "core/parallel/threads.hpp"

namespace lockstep {
namespace {

/// About this many multiply-adds make a piece of phase two worth handing to a thread.
constexpr Index kPieceWork = Index{1} << 22;
/// The same in cells times panels, where cells come from anywhere.
constexpr Index kSparsePieceWork = Index{1} << 12;

/// to += from.
template <class T>
void add_rows(Range rows, Index width, Rows<const T> from, Rows<T> to) {
  const Index columns = kernel::panel_count(width) * kPanel;
  for (Index r = rows.begin; r < rows.end; ++r) {
    const T* added = from.row(r);
    T* sum = to.row(r);
    for (Index c = 0; c < columns; ++c) sum[c] += added[c];
  }
}

}  // namespace

template <class T>
NetworkPass<T>::NetworkPass(const Network<T>& network, Index capacity, bool train, bool sparse)
    : network_(network),
      capacity_(capacity),
      trains_(train),
      is_sparse_(sparse),
      joined_(network.joining_layers().size()) {
  const auto allocate = [&](Index columns, bool one_for_all_rows = false) {
    if (columns == 0) return Rows<T>();
    // What sums over sparse rows jump about in, close together; products of dense rows need panels.
    const bool is_column = columns == 1 && is_sparse() && network_.layer_count() == 1;
    const Index stride = is_column ? 1 : row_stride(columns);
    const Index rows = one_for_all_rows ? 1 : std::max<Index>(capacity, 1);
    memory_.emplace_back(static_cast<std::size_t>(rows * stride));
    return Rows<T>{memory_.back().data(), one_for_all_rows ? 0 : stride};
  };
  inputs_.push_back(is_sparse() ? Rows<T>() : allocate(network.spec().inputs));
  derivatives_.emplace_back();  // nobody asks for ∂L/∂(features)
  for (std::size_t i = 0; i < network.layer_count(); ++i) {
    const Layer<T>& layer = network.layer(i);
    const bool last = i + 1 == network.layer_count();
    const bool same = layer.in_place() || is_left_out(i);
    const Rows<T> output = same ? inputs_.back() : allocate(layer.outputs());
    inputs_.push_back(output);
    kept_.push_back(allocate(is_left_out(i) ? 0 : layer.kept(), layer.keeps_one_for_all_rows()));
    if (!train) continue;
    // The derivative of the scores takes their place: nobody reads the scores after the loss.
    derivatives_.push_back(last                       ? output
                           : layer.derives_in_place() ? derivatives_.back()
                                                      : allocate(layer.outputs()));
    prepared_.emplace_back(static_cast<std::size_t>(i == 0 ? 0 : layer.prepared_size()));
    for (Index part = 0; i > 0 && part < layer.prepared_parts(); ++part) {
      prepare_tasks_.push_back({i, part});
    }
    const Index work = layer.inputs() * layer.outputs() * std::max<Index>(capacity, 1);
    for (const GradientTile& tile : layer.gradient_tiles(work / kPieceWork)) {
      const bool by_columns = is_sparse() && i == 0 && tile.tensor == 0;  // see plan_gradient
      if (!by_columns) gradient_tasks_.push_back({i, tile});
    }
  }
  std::stable_sort(gradient_tasks_.begin(), gradient_tasks_.end(),
                   [&](const GradientTask& a, const GradientTask& b) {
                     const auto size = [](const GradientTask& t) {
                       return t.tile.inputs.size() * t.tile.panels.size();
                     };
                     return size(a) > size(b);
                   });
}

template <class T>
Index NetworkPass<T>::elements() const {
  Index total = 0;
  for (const auto& m : memory_) total += static_cast<Index>(m.size());
  for (const auto& m : prepared_) total += static_cast<Index>(m.size());
  return total;
}

template <class T>
std::size_t NetworkPass<T>::overflowing_layer(Index row) const {
  const std::size_t last = network_.layer_count() - 1;
  for (std::size_t i = 0; i < last; ++i) {
    const T* output = inputs_[i + 1].row(row);
    for (Index j = 0; j < network_.layer(i).outputs(); ++j) {
      if (!std::isfinite(output[j])) return i;
    }
  }
  return last;
}

template <class T>
void NetworkPass<T>::choose_rows(const kernel::SparseRows<T>& features, std::span<const Index> rows,
                                 int threads) {
  assert(is_sparse() && static_cast<Index>(rows.size()) <= capacity_);
  features_ = features;
  rows_ = rows;
  if (trains_) columns_.assign(features_, network_.spec().inputs, rows, threads);
}

/// The blocks, from the first of the first layer's weights, that those of a group of columns in a
/// panel lie in.
template <class T>
Range NetworkPass<T>::blocks_of_group(Index group, Index panel) const {
  constexpr Index kGroup = kernel::SparseColumns<T>::kGroup;
  const Affine<T>& layer = network_.first_layer();
  const Index width = layer.outputs() == 1 ? 1 : kPanel;  // elements of a row
  const Index first = panel * layer.inputs();
  const Index begin = (first + group * kGroup) * width;
  const Index end = (first + std::min(layer.inputs(), (group + 1) * kGroup)) * width;
  return {begin / kBlock, (end + kBlock - 1) / kBlock};
}

template <class T>
void NetworkPass<T>::add_touched(BlockSet& touched) const {
  const Tensor& weights = network_.tensors().front();
  const Index blocks = (weights.size() + kBlock - 1) / kBlock;
  touched.add({is_sparse() ? blocks : 0, static_cast<Index>(blocks_of(network_.tensors()).size())});
  if (!is_sparse()) return;
  const Affine<T>& layer = network_.first_layer();
  for (Index g = 0; g < kernel::SparseColumns<T>::group_count(layer.inputs()); ++g) {
    if (columns_.cells_in(g) == 0) continue;
    for (Index p = 0; p < kernel::panel_count(layer.outputs()); ++p) {
      touched.add(blocks_of_group(g, p));
    }
  }
}

template <class T>
void NetworkPass<T>::plan_gradient(const BlockSet& touched) {
  const Affine<T>& layer = network_.first_layer();
  const Index panels = kernel::panel_count(layer.outputs());
  sparse_tasks_.clear();
  Index work = kSparsePieceWork;  // of the last task; as much as this begins another
  for (Index g = 0; g < kernel::SparseColumns<T>::group_count(layer.inputs()); ++g) {
    bool is_touched = false;
    for (Index p = 0; p < panels && !is_touched; ++p) {
      is_touched = !touched.runs(blocks_of_group(g, p)).empty();
    }
    if (!is_touched) continue;
    if (work >= kSparsePieceWork) {
      sparse_tasks_.emplace_back();
      work = 0;
    }
    sparse_tasks_.back().push_back(g);
    work += (columns_.cells_in(g) + kernel::SparseColumns<T>::kGroup) * panels;
  }
}

template <class T>
void NetworkPass<T>::prepare(const T* theta, std::size_t task) {
  const auto& [layer, part] = prepare_tasks_[task];
  network_.layer(layer).prepare(theta + network_.offset(layer), prepared_[layer].data(), part);
}

/// Those that forward goes through in a stage.
template <class T>
Range NetworkPass<T>::layers_of(std::size_t stage) const {
  const auto& joins = network_.joining_layers();
  const auto begin = stage == 0 ? 0 : joins[stage - 1].place;
  const auto end = stage + 1 == stages() ? network_.layer_count() : joins[stage].place;
  return {static_cast<Index>(begin), static_cast<Index>(end)};
}

template <class T>
typename NetworkPass<T>::Moments NetworkPass<T>::moments(std::size_t join, Range lane) const {
  const auto& [place, norm] = network_.joining_layers()[join];
  return norm->moments(lane, inputs_[place]);
}

template <class T>
void NetworkPass<T>::join_forward(std::size_t join, Moments of_all) {
  const FloatingPointMode mode;
  const auto& [place, norm] = network_.joining_layers()[join];
  norm->begin_forward(of_all, kept_[place].data);
  joined_[join] = std::move(of_all);
}

template <class T>
typename NetworkPass<T>::Slopes NetworkPass<T>::slopes(std::size_t join, Range lane) const {
  const auto& [place, norm] = network_.joining_layers()[join];
  return norm->slopes(lane, done(place, 0), derivatives_[place + 1]);
}

template <class T>
void NetworkPass<T>::join_backward(std::size_t join, const Slopes& of_all) {
  const FloatingPointMode mode;
  const auto& [place, norm] = network_.joining_layers()[join];
  norm->begin_backward(of_all, joined_[join], kept_[place].data);
}

template <class T>
void NetworkPass<T>::update_running(double momentum, T* theta) const {
  const FloatingPointMode mode;
  for (std::size_t join = 0; join < joined_.size(); ++join) {
    const auto& [place, norm] = network_.joining_layers()[join];
    norm->update_running(joined_[join], momentum, theta + network_.offset(place));
  }
}

template <class T>
void NetworkPass<T>::forward(Range rows, const T* theta, const TrainingRows* training,
                             std::size_t stage) {
  assert(0 <= rows.begin && rows.end <= capacity_);
  TrainingRows of_range;
  if (training != nullptr) of_range = training->from(rows.begin);
  Range layers = layers_of(stage);
  if (is_sparse() && stage == 0) {
    ++layers.begin;
    network_.first_layer().forward(rows.size(), features_, rows_.data() + rows.begin,
                                   theta + network_.offset(0), inputs_[1].from(rows.begin));
  }
  for (auto i = static_cast<std::size_t>(layers.begin); std::cmp_less(i, layers.end); ++i) {
    if (is_left_out(i)) continue;
    const Layer<T>& layer = network_.layer(i);
    layer.forward(rows.size(), inputs_[i].from(rows.begin), theta + network_.offset(i),
                  inputs_[i + 1].from(rows.begin), kept_[i].from(rows.begin),
                  training == nullptr ? nullptr : &of_range);
    for (const ResidualBlock& block : network_.residual_blocks()) {
      if (block.last == i) add_rows<T>(rows, layer.outputs(), inputs_[block.first], inputs_[i + 1]);
    }
  }
}

template <class T>
void NetworkPass<T>::score_losses(Range rows, const Loss<T>& loss, const double* targets,
                                  double* losses) {
  const Rows<T> scored = scores().from(rows.begin);
  loss.value_and_gradient(rows.size(), network_.spec().outputs, scored,
                          targets + rows.begin * network_.targets(), scored, losses + rows.begin);
}

template <class T>
void NetworkPass<T>::weight_derivatives(Range rows, const double* weights) {
  const Index columns = scores().padded(network_.spec().outputs);
  for (Index r = rows.begin; r < rows.end; ++r) {
    const T weight = static_cast<T>(weights[r]);
    T* derivatives = scores().row(r);
    for (Index c = 0; c < columns; ++c) derivatives[c] *= weight;
  }
}

template <class T>
void NetworkPass<T>::backward(Range rows, std::size_t stage) {
  // A join stands behind its layer here.
  const Range layers = layers_of(stage);
  const auto first = static_cast<std::size_t>(layers.begin) + 1;
  const bool is_last = std::cmp_equal(layers.end, network_.layer_count());
  for (std::size_t i = static_cast<std::size_t>(layers.end) + (is_last ? 0 : 1); i-- > first;) {
    const Layer<T>& layer = network_.layer(i);
    layer.backward(rows.size(), done(i, rows.begin), derivatives_[i + 1].from(rows.begin),
                   prepared_[i].data(), derivatives_[i].from(rows.begin));
    for (const ResidualBlock& block : network_.residual_blocks()) {
      if (block.first != i) continue;
      add_rows<T>(rows, layer.inputs(), derivatives_[block.last + 1], derivatives_[i]);
    }
  }
}

template <class T>
void NetworkPass<T>::square(Range rows, double curvature) {
  assert(network_.layer_count() == 1);
  const Index outputs = network_.spec().outputs;
  const Index columns = scores().padded(outputs);
  for (Index r = rows.begin; r < rows.end; ++r) {
    T* derivatives = scores().row(r);
    std::fill_n(derivatives, outputs, static_cast<T>(curvature));
    std::fill(derivatives + outputs, derivatives + columns, T(0));
    if (is_sparse()) continue;
    T* features = input().row(r);
    for (Index i = 0; i < network_.spec().inputs; ++i) features[i] *= features[i];
  }
}

template <class T>
void NetworkPass<T>::gradient(std::span<const Range> leaves, std::size_t task, T* gradient,
                              bool squares) {
  if (task < sparse_tasks_.size()) {
    const Index outputs = network_.first_layer().outputs();
    for (const Index group : sparse_tasks_[task]) {
      columns_.fold_outer_products(group, leaves, outputs, derivatives_[1].data,
                                   derivatives_[1].stride, gradient + network_.offset(0), squares);
    }
    return;
  }
  const auto& [i, tile] = gradient_tasks_[task - sparse_tasks_.size()];
  network_.layer(i).gradient(leaves, tile, done(i, 0), derivatives_[i + 1],
                             gradient + network_.offset(i));
}

template class NetworkPass<float>;
template class NetworkPass<double>;

}  // namespace lockstep
