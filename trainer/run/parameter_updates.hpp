#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/base/memory.hpp"
#include "core/model/blocks.hpp"
#include "core/optimize/optimizer.hpp"
#include "core/parallel/team.hpp"
#include "trainer/run/divergence.hpp"
#include "trainer/run/training_options.hpp"

namespace lockstep::trainer {

/// One rank's share of the steps of an optimizer: from the sum of the rows' gradients to new θ in
/// the blocks of its segment, whose states it keeps.
///
/// A block may be left out of a step that has no gradient for it; it is behind then, and catches up
/// by the steps with a gradient of 0 that it has missed. So θ has the bits of all steps.
template <class T>
class ParameterUpdates {
 public:
  /// @param tensors, blocks  of the arena of θ
  /// @param segment  the elements that this rank updates
  ParameterUpdates(Team& team, const std::vector<Tensor>& tensors, const std::vector<Block>& blocks,
                   Range segment, const TrainingOptions& options, int threads);

  /// The optimizer's states of the segment, one after another.
  const std::vector<AlignedVector<T>>& states() const { return states_; }
  /// Pointers to them, for a run that goes on from a checkpoint. All blocks have had `steps` then.
  std::vector<T*> states_after(Index steps);

  /// Each step takes all blocks: what an optimizer does to one depends on others.
  bool need_all_blocks() const { return optimizer_->is_layerwise(); }

  /// Step `step` of all, from 1, of the blocks that are touched, none of which is behind: the mean
  /// gradient, clipped, the penalty added once, and the optimizer's update.
  /// @param sum    over `rows` rows, each with its weight, of the segment; other blocks of it mean
  ///               nothing
  /// @param theta  the arena
  /// @param watch  is told of blocks whose gradient is not finite
  /// *Collective*.
  void step(Index step, const T* sum, Index rows, const BlockSet& touched, T* theta,
            DivergenceWatch& watch);

  /// Brings the blocks of a set to where `steps` steps are done. Rank-local.
  void catch_up(Index steps, const BlockSet& set, T* theta);

 private:
  std::span<T> mean_gradient(std::size_t mine, const T* sum, Index rows, double clip,
                             T* room) const;
  double clipping(const T* sum, Index rows, const BlockSet& touched);
  std::vector<double> trust_ratios(const OptimizerStep& step, const T* sum, Index rows, double clip,
                                   T* theta);
  OptimizerStep step_of(std::size_t mine, OptimizerStep step) const;
  std::vector<T*> states_of(std::size_t mine);
  void add_penalty(std::size_t mine, T* gradient, const T* theta) const;
  void update_block(std::size_t mine, const OptimizerStep& step, T* gradient, T* theta);

  Team& team_;
  const std::vector<Tensor>& tensors_;
  const std::vector<Block>& blocks_;
  Range segment_;
  const TrainingOptions& options_;
  int threads_;
  std::unique_ptr<Optimizer<T>> optimizer_;
  std::vector<AlignedVector<T>> states_;
  std::vector<Index> my_blocks_;       // of the segment, those that are trained: numbers in blocks_
  std::vector<Index> steps_of_block_;  // of each of those: the steps that it has had
};

}  // namespace lockstep::trainer
