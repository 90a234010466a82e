#pragma once

#include <span>
#include <vector>

#include "core/base/memory.hpp"
#include "core/model/blocks.hpp"
#include "core/model/losses.hpp"
#include "core/model/network.hpp"
#include "core/model/network_pass.hpp"
#include "core/model/scoring.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/team.hpp"
#include "core/transform/examples.hpp"
#include "core/transform/sparse_batch.hpp"
#include "trainer/run/batch_rows.hpp"

namespace lockstep::trainer {

/// How the rows of a step go through the network on one rank.
struct GradientPlan {
  Index rows_at_once = 0;   ///< that the pass has room for
  Index lanes_at_once = 0;  ///< aligned subtrees of so many lanes; 0: all of the rank
  Index arenas = 0;         ///< of gradients, besides those of the nodes
};

/// @param lanes        of the rank, each of at most `lane_rows` rows of a step
/// @param batch        most rows of a step on this rank
/// @param micro_batch  most rows that go through the network at once; 0: all
GradientPlan gradient_plan(Range lanes, Index all_lanes, Index lane_rows, Index batch,
                           Index micro_batch);

/// One rank's rows of a step, at some θ: their losses and predictions, and the sums of their
/// gradients over each canonical node.
///
/// With a micro-batch, lanes take their turn in aligned subtrees that it has room for, and what
/// they give is added up along the same tree: the same bits. The rows of a lane that is longer go
/// in pieces, whose sums are added up in order: other bits, the same on any ranks.
template <class T>
class BatchGradient {
 public:
  /// @param loss    that is derived: that of the network, or one that smooths it
  /// @param blocks  of the arena of θ
  /// @param lane_boundaries  P+1
  /// @param most_rows  of a step on this rank
  BatchGradient(Team& team, const std::vector<Index>& lane_boundaries, const Network<T>& network,
                const Examples<T>& examples, const BatchRows<T>& batch, const Scorer& scorer,
                const Loss<T>& loss, const std::vector<Block>& blocks, const GradientPlan& plan,
                Index most_rows, double input_noise, int threads);

  /// The rows of the batch are others from here on.
  void begin_batch() { chosen_ = {-1, -1}; }
  /// Of sparse rows: adds the blocks of θ that the rows of the batch touch. Rank-local.
  void add_touched(BlockSet& touched);
  /// *Collective* where layers join rows, else rank-local.
  /// @param touched  of sparse rows, those blocks or more; the others of the arenas mean nothing
  void compute(const BlockSet& touched, const T* theta);
  /// Of a network of one layer: in place of gradients the sums of the squares of what weights are
  /// multiplied by, times the curvature of the loss. Rank-local.
  void compute_curvature(const BlockSet& touched, double of_loss);
  /// Moves the running averages of θ, if it has any. The same on all ranks.
  void update_running(double momentum, T* theta) const { pass_.update_running(momentum, theta); }

  /// An arena for each node.
  std::vector<T*> arenas();
  // Of row r of the batch, after compute.
  double loss(Index r) const { return losses_[static_cast<std::size_t>(r)]; }
  const double* predictions(Index r) const { return predictions_.data() + r * targets_; }
  /// The first layer whose output is not finite, of a row whose loss is not; else −1.
  Index overflowing_layer(Index r) const { return layers_[static_cast<std::size_t>(r)]; }

  /// Elements allocated, for the start line's account of memory.
  Index elements() const;

 private:
  /// What rows are asked for: at θ, or without it for the curvature.
  struct Question {
    const BlockSet& touched;
    const T* theta;
    double curvature_of_loss;
  };

  void choose(Range rows);
  void ask(const Question& question);
  void run(Range rows, const Question& question);
  void run_through_network(Range rows, const T* theta);
  void read_tile(Index first, Range tile);
  void score_tile(Index first, Range tile);
  void join_forward(std::size_t join);
  void join_backward(std::size_t join);
  Range leaf_of(Index lane) const {
    return batch_.leaves()[static_cast<std::size_t>(lane - lanes_.begin)];
  }
  void ask_all(const Question& question);
  void fold(TreeNode node, const Question& question, T* into, std::size_t level);
  void take_lanes(TreeNode node, const Question& question, T* into);
  void sum_gradients(std::span<const Range> leaves, const Question& question, T* into);
  void add(const BlockSet& touched, const T* from, T* to) const;
  std::span<const Range> leaves_of(TreeNode node) const;

  Team& team_;
  const std::vector<Index>& lane_boundaries_;
  const Network<T>& network_;
  const Examples<T>& examples_;
  const BatchRows<T>& batch_;
  const Scorer& scorer_;
  const Loss<T>& loss_;
  const std::vector<Block>& blocks_;
  Range lanes_;
  std::vector<TreeNode> nodes_;  // the canonical ones of this rank's lanes
  GradientPlan plan_;
  double input_noise_;
  int threads_;
  Index targets_;  // of a row: classes or numbers to predict
  NetworkPass<T> pass_;
  SparseBatch<T> sparse_;
  Range chosen_{-1, -1};                   // rows of the batch that the pass has, of sparse ones
  std::vector<AlignedVector<T>> arenas_;   // of the nodes
  std::vector<AlignedVector<T>> scratch_;  // of the levels of the tree, and one of a part of a lane
  // Of the rows of the batch.
  std::vector<double> losses_;
  std::vector<double> predictions_;  // targets_ of each
  std::vector<Index> layers_;
};

}  // namespace lockstep::trainer
