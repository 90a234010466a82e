#pragma once

#include <span>
#include <vector>

#include "core/base/memory.hpp"
#include "core/model/network.hpp"

namespace lockstep {

/// Row strides that keep consecutive rows off the same cache sets: an odd number of panels.
constexpr Index row_stride(Index columns) {
  const Index panels = kernel::panel_count(columns);
  return (panels + (panels % 2 == 0 ? 1 : 0)) * kPanel;
}

/// One rank's walk through a network with a batch: the activations, and the two phases of a step.
///
/// Phase one goes over tiles of rows, forward, loss and backward through all layers; phase two over
/// tiles of each weight matrix, where the gradient is summed over the rows of each lane and folded
/// in tree order. Any number of threads may run different tiles of a phase at the same time; the
/// cut into tiles changes no bit.
template <class T>
class NetworkPass {
 public:
  /// Holds up to `capacity` rows. With `train` false there is room for forward alone.
  NetworkPass(const Network<T>& network, Index capacity, bool train);

  Index capacity() const { return capacity_; }
  /// Where the caller puts the features of the batch.
  Rows<T> input() { return inputs_.front(); }
  /// The scores of the last layer after `forward`; `score_losses` overwrites them.
  Rows<T> scores() { return inputs_.back(); }
  /// Elements allocated, for the start line's account of memory.
  Index elements() const;

  /// Pieces of work before phase one, each for one thread; all must be done before `backward`.
  std::size_t prepare_tasks() const { return prepare_tasks_.size(); }
  void prepare(const T* theta, std::size_t task);

  void forward(Range rows, const T* theta);
  /// Losses of the rows; their derivatives take the place of the scores.
  /// @param targets, losses  indexed by row of the batch
  void score_losses(Range rows, const double* targets, double* losses);
  /// Derivatives from the scores down to the first layer's output. Needs `train`.
  void backward(Range rows);

  /// Pieces of phase two, largest layers first.
  std::size_t gradient_tasks() const { return gradient_tasks_.size(); }
  /// One piece of the gradient of the node over `leaves`, into an arena laid out like θ.
  void gradient(std::span<const Range> leaves, std::size_t task, T* gradient);

 private:
  struct PrepareTask {
    std::size_t layer;
    Index part;
  };
  struct GradientTask {
    std::size_t layer;
    GradientTile tile;
  };

  const Network<T>& network_;
  Index capacity_;
  std::vector<AlignedVector<T>> memory_;
  std::vector<Rows<T>> inputs_;       // inputs_[i] is what layer i reads; one more for the scores
  std::vector<Rows<T>> derivatives_;  // with respect to inputs_[i]
  std::vector<AlignedVector<T>> prepared_;
  std::vector<PrepareTask> prepare_tasks_;
  std::vector<GradientTask> gradient_tasks_;
};

}  // namespace lockstep
