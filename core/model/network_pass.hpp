#pragma once

#include <span>
#include <vector>

#include "core/base/memory.hpp"
#include "core/kernel/sparse_product.hpp"
#include "core/model/blocks.hpp"
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
///
/// Where a layer joins rows, phase one stops: of a network with J such layers it has J + 1 stages,
/// forward 0 … J and backward J … 0. Join j stands between stages j and j + 1: in either direction
/// the caller folds what the lanes of all ranks have to say, and hands that to the pass.
template <class T>
class NetworkPass {
 public:
  /// Holds up to `capacity` rows. With `train` false there is room for forward alone.
  /// @param sparse  the features of batches are sparse rows
  NetworkPass(const Network<T>& network, Index capacity, bool train, bool sparse = false);

  Index capacity() const { return capacity_; }
  bool is_sparse() const { return is_sparse_; }
  /// Where the caller puts the features of the batch, unless they are sparse.
  Rows<T> input() { return inputs_.front(); }
  /// Row r of the next batch is row rows[r] of these sparse features. The caller keeps both.
  void choose_rows(const kernel::SparseRows<T>& features, std::span<const Index> rows, int threads);
  /// Adds the blocks of θ in which the gradient of the batch may not be 0.
  void add_touched(BlockSet& touched) const;
  /// The scores of the last layer after `forward`; `score_losses` overwrites them.
  Rows<T> scores() { return inputs_.back(); }
  /// After phase one: the first layer whose output for this row is not finite; of the last layer
  /// nothing is left to see then, so it is that where it is no other.
  std::size_t overflowing_layer(Index row) const;
  /// Elements allocated, for the start line's account of memory.
  Index elements() const;

  /// Pieces of work before phase one, each for one thread; all must be done before `backward`.
  std::size_t prepare_tasks() const { return prepare_tasks_.size(); }
  void prepare(const T* theta, std::size_t task);

  /// Where rows are scored all is one stage.
  std::size_t stages() const { return trains_ ? network_.joining_layers().size() + 1 : 1; }
  /// @param training  of the rows of the batch; null where they are scored only
  void forward(Range rows, const T* theta, const TrainingRows* training = nullptr,
               std::size_t stage = 0);
  using Moments = typename BatchNorm<T>::Moments;
  /// Of a lane, once its rows are through the stage before; merged by BatchNorm<T>::merge.
  Moments moments(std::size_t join, Range lane) const;
  void join_forward(std::size_t join, Moments of_all);
  /// Losses of the rows; their derivatives take the place of the scores.
  /// @param loss     that of the network, or one that smooths it
  /// @param targets  the network's targets() of each row of the batch
  /// @param losses   indexed by row of the batch
  void score_losses(Range rows, const Loss<T>& loss, const double* targets, double* losses);
  /// Multiplies the derivatives with respect to the scores by the weights of their rows.
  /// @param weights  indexed by row of the batch
  void weight_derivatives(Range rows, const double* weights);
  /// Derivatives from the scores down to the first layer's output. Needs `train`.
  void backward(Range rows, std::size_t stage = 0);
  using Slopes = typename BatchNorm<T>::Slopes;
  /// Of a lane, once its rows are back through the stage behind; added by BatchNorm<T>::add.
  Slopes slopes(std::size_t join, Range lane) const;
  void join_backward(std::size_t join, const Slopes& of_all);
  /// Moves the running averages of θ towards what the joins had. The same on all ranks.
  void update_running(double momentum, T* theta) const;

  /// Of a network of one layer, instead of all that: dense features become their squares, and the
  /// derivative of each score becomes `curvature`.
  void square(Range rows, double curvature);

  /// Prepares phase two of a sparse batch for these blocks, which are those that are touched by it,
  /// or more.
  void plan_gradient(const BlockSet& touched);
  /// Pieces of phase two, largest layers first.
  std::size_t gradient_tasks() const { return gradient_tasks_.size() + sparse_tasks_.size(); }
  /// One piece of the gradient of the node over `leaves`, into an arena laid out like θ. Of a
  /// sparse batch, blocks that phase two was not prepared for are left as they are.
  /// @param squares  behind `square`
  void gradient(std::span<const Range> leaves, std::size_t task, T* gradient, bool squares = false);

 private:
  struct PrepareTask {
    std::size_t layer;
    Index part;
  };
  struct GradientTask {
    std::size_t layer;
    GradientTile tile;
  };

  /// What forward left of layer i, from a row on.
  Forwarded<T> done(std::size_t i, Index row) const {
    return {inputs_[i].from(row), inputs_[i + 1].from(row), kept_[i].from(row)};
  }
  bool is_left_out(std::size_t i) const { return !trains_ && network_.layer(i).only_trains(); }
  Range blocks_of_group(Index group, Index panel) const;
  Range layers_of(std::size_t stage) const;

  const Network<T>& network_;
  Index capacity_;
  bool trains_;
  bool is_sparse_;
  std::vector<AlignedVector<T>> memory_;
  std::vector<Rows<T>> inputs_;       // inputs_[i] is what layer i reads; one more for the scores
  std::vector<Rows<T>> kept_;         // by layer i
  std::vector<Moments> joined_;       // by join
  std::vector<Rows<T>> derivatives_;  // with respect to inputs_[i]
  std::vector<AlignedVector<T>> prepared_;
  std::vector<PrepareTask> prepare_tasks_;
  std::vector<GradientTask> gradient_tasks_;

  // Of a sparse batch.
  kernel::SparseRows<T> features_;
  std::span<const Index> rows_;
  kernel::SparseColumns<T> columns_;
  std::vector<std::vector<Index>> sparse_tasks_;  // groups of columns of the first layer's weights
};

}  // namespace lockstep
