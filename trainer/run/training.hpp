#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "comm/exchange.hpp"
#include "core/model/network.hpp"
#include "core/model/network_pass.hpp"
#include "core/model/penalty.hpp"
#include "core/model/scoring.hpp"
#include "core/optimize/optimizer.hpp"
#include "core/optimize/schedule.hpp"
#include "core/parallel/lanes.hpp"
#include "core/transform/examples.hpp"
#include "trainer/run/divergence.hpp"
#include "trainer/run/step_sums.hpp"

namespace lockstep::trainer {

/// What a training run is configured with, all `auto`s resolved.
struct TrainingOptions {
  std::uint64_t seed = 1;
  Shuffle shuffle = Shuffle::rows;
  std::string optimizer = "adam";
  OptimizerOptions optimizer_options;
  double learning_rate = 1e-3;
  Schedule schedule;  ///< of the rate
  /// Bounds of the gradient of the mean loss, before penalties: of each element, and then of the
  /// Euclidean norm of all, by which it is multiplied with c/(‖g‖ + 10⁻⁶) where that is below 1
  /// [Pascanu, Mikolov, Bengio 2013; as PyTorch's clip_grad_value_ and clip_grad_norm_].
  std::optional<double> clip_value;
  std::optional<double> clip_norm;
  Penalty penalty;
};

/// What to do about a training that diverged at this rate, for messages.
std::string diverged_advice(double rate, bool is_sparse);

/// How far a run has come, between two steps; the same on all ranks.
struct TrainingPosition {
  Index epoch = 1;
  Index step = 0;       ///< steps of this epoch that are done
  Index all_steps = 0;  ///< of all epochs
  ScoreSums sums;       ///< over the rows of this epoch, each scored just before its step
};

/// Mini-batch training of one network over all ranks of a team: θ, the optimizer's state for this
/// rank's segment, and the steps. θ is the same on all ranks between epochs.
///
/// A batch of sparse rows touches some blocks of θ alone. Only these are folded, sent and updated;
/// a block is brought up to date, by the steps with a gradient of 0 that it has missed, when a
/// batch next touches it and at the end of an epoch. So θ has the bits of the dense computation.
template <class T>
class Training {
 public:
  /// @param examples  the rows of this rank's lanes
  /// @param theta     the initial θ, the same on all ranks
  Training(comm::Communicator& team, const Network<T>& network, const Lanes& lanes,
           const Examples<T>& examples, const Scorer& scorer, const TrainingOptions& options,
           int threads, AlignedVector<T> theta);

  const Lanes& lanes() const { return lanes_; }
  const AlignedVector<T>& theta() const { return theta_; }
  const TrainingPosition& position() const { return position_; }
  const std::vector<Block>& blocks() const { return blocks_; }
  /// The elements that this rank updates, and the optimizer's states of them, one after another.
  Range segment() const { return exchange_->segment(); }
  const std::vector<AlignedVector<T>>& optimizer_state() const { return state_; }
  /// The rate of the last step.
  double learning_rate() const { return rate_of(position_.all_steps); }
  /// Bytes that this rank allocated for θ, gradients, state and activations.
  Index memory_bytes() const;

  /// Goes to the first step of an epoch.
  void begin_epoch(Index epoch);

  /// Takes steps of the epoch until `last` of it are done, or until some rank wishes something,
  /// which is returned. The position is between two steps then, θ the same on all ranks and finite,
  /// and the states up to date.
  /// @param wishes      what this rank wishes now; asked for now and then
  /// @param after_step  called with the number of steps done in this epoch
  /// Throws NumericalError, on all ranks alike, when a step's loss, its gradient or a parameter is
  /// not finite, naming the step, the layer and the worst rows.
  /// *Collective*.
  Wishes run_steps(Index last, const std::function<Wishes()>& wishes,
                   const std::function<void(Index)>& after_step);

  /// Another run, of whatever ranks, has come to `position`: goes on from there.
  /// @param fill  writes this rank's segments of θ and of the states, as that run had them
  /// *Collective*.
  void restore(const TrainingPosition& position,
               const std::function<void(T* theta, const std::vector<T*>& states)>& fill);

 private:
  double rate_of(Index step) const {
    return options_.learning_rate * options_.schedule.factor(step);
  }
  void load_rows(Index step);
  void read_ahead(Index lane, Range positions);
  void share_updates(const BlockSet& blocks);
  void compute_gradient();
  void take_step();
  void update(const T* root, Index rows);
  std::span<T> mean_gradient(std::size_t mine, const T* root, Index rows, T* room) const;
  double clipping(const T* root, Index rows);
  void update_block(std::size_t mine, Index step, const T* gradient);
  std::vector<ScoreSums> node_sums() const;
  void watch_losses();
  [[noreturn]] void throw_diverged(Index step_of_loss) const;
  void check_parameters() const;
  Wishes settle(Wishes mine);

  comm::Communicator& team_;
  const Network<T>& network_;
  Lanes lanes_;
  const Examples<T>& examples_;
  const Scorer& scorer_;
  TrainingOptions options_;
  int threads_;

  std::vector<Index> lane_boundaries_;
  Range my_lanes_;
  std::vector<Block> blocks_;
  std::unique_ptr<comm::GradientExchange<T>> exchange_;
  std::unique_ptr<Optimizer<T>> optimizer_;
  NetworkPass<T> pass_;
  Index target_count_;  // of a row: classes or numbers to predict, as many as are predicted

  AlignedVector<T> theta_;
  std::vector<AlignedVector<T>> nodes_;  // an arena for each canonical node
  std::vector<AlignedVector<T>> state_;  // of the segment
  std::vector<Index> my_blocks_;         // of the segment, numbers in blocks_
  std::vector<Index> steps_of_block_;    // of each of those: the steps that it has had
  TrainingPosition position_;
  double rate_ = 0;         // of the last step
  Index steps_shared_ = 0;  // done when all ranks last had all of θ

  // The batch of the current step: rows of this rank's lanes, lane after lane.
  std::vector<std::vector<Index>> order_;  // of each of my lanes, in this epoch
  std::vector<Range> leaves_;              // rows of the batch that belong to each of my lanes
  std::vector<Index> sources_;             // local row of the examples for each row of the batch
  BlockSet touched_;                       // blocks that the batch of any rank touches
  std::vector<double> targets_;            // target_count_ of each row, as are the predictions
  std::vector<double> weights_;            // where the examples have them
  std::vector<double> losses_;
  std::vector<double> predictions_;
  DivergenceWatch watch_;
  StepSums step_sums_;
  Index steps_settled_ = 0;  // of the epoch: those that position_.sums has
};

}  // namespace lockstep::trainer
