#include "core/model/network_pass.hpp"

#include <algorithm>
#include <cassert>

namespace lockstep {
namespace {

/// About this many multiply-adds make a piece of phase two worth handing to a thread.
constexpr Index kPieceWork = Index{1} << 22;

}  // namespace

template <class T>
NetworkPass<T>::NetworkPass(const Network<T>& network, Index capacity, bool train)
    : network_(network), capacity_(capacity) {
  const auto allocate = [&](Index columns) {
    const Index stride = row_stride(columns);
    memory_.emplace_back(static_cast<std::size_t>(std::max<Index>(capacity, 1) * stride));
    return Rows<T>{memory_.back().data(), stride};
  };
  inputs_.push_back(allocate(network.spec().inputs));
  derivatives_.emplace_back();  // nobody asks for ∂L/∂(features)
  for (std::size_t i = 0; i < network.layer_count(); ++i) {
    const Layer<T>& layer = network.layer(i);
    const bool last = i + 1 == network.layer_count();
    const Rows<T> output = layer.in_place() ? inputs_.back() : allocate(layer.outputs());
    inputs_.push_back(output);
    if (!train) continue;
    // The derivative of the scores takes their place: nobody reads the scores after the loss.
    derivatives_.push_back(last               ? output
                           : layer.in_place() ? derivatives_.back()
                                              : allocate(layer.outputs()));
    prepared_.emplace_back(static_cast<std::size_t>(i == 0 ? 0 : layer.prepared_size()));
    for (Index part = 0; i > 0 && part < layer.prepared_parts(); ++part) {
      prepare_tasks_.push_back({i, part});
    }
    const Index work = layer.inputs() * layer.outputs() * std::max<Index>(capacity, 1);
    for (const GradientTile& tile : layer.gradient_tiles(work / kPieceWork)) {
      gradient_tasks_.push_back({i, tile});
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
void NetworkPass<T>::prepare(const T* theta, std::size_t task) {
  const auto& [layer, part] = prepare_tasks_[task];
  network_.layer(layer).prepare(theta + network_.offset(layer), prepared_[layer].data(), part);
}

template <class T>
void NetworkPass<T>::forward(Range rows, const T* theta) {
  assert(0 <= rows.begin && rows.end <= capacity_);
  for (std::size_t i = 0; i < network_.layer_count(); ++i) {
    network_.layer(i).forward(rows.size(), inputs_[i].from(rows.begin), theta + network_.offset(i),
                              inputs_[i + 1].from(rows.begin));
  }
}

template <class T>
void NetworkPass<T>::score_losses(Range rows, const double* targets, double* losses) {
  const Rows<T> scored = scores().from(rows.begin);
  network_.loss().value_and_gradient(rows.size(), network_.spec().outputs, scored,
                                     targets + rows.begin, scored, losses + rows.begin);
}

template <class T>
void NetworkPass<T>::backward(Range rows) {
  for (std::size_t i = network_.layer_count(); i-- > 1;) {
    network_.layer(i).backward(rows.size(), inputs_[i + 1].from(rows.begin),
                               derivatives_[i + 1].from(rows.begin), prepared_[i].data(),
                               derivatives_[i].from(rows.begin));
  }
}

template <class T>
void NetworkPass<T>::gradient(std::span<const Range> leaves, std::size_t task, T* gradient) {
  const auto& [i, tile] = gradient_tasks_[task];
  network_.layer(i).gradient(leaves, tile, inputs_[i], derivatives_[i + 1],
                             gradient + network_.offset(i));
}

template class NetworkPass<float>;
template class NetworkPass<double>;

}  // namespace lockstep
