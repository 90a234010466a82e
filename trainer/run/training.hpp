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
#include "core/model/scoring.hpp"
#include "core/parallel/lanes.hpp"
#include "core/transform/examples.hpp"
#include "trainer/run/batch_gradient.hpp"
#include "trainer/run/batch_rows.hpp"
#include "trainer/run/divergence.hpp"
#include "trainer/run/full_batch.hpp"
#include "trainer/run/parameter_updates.hpp"
#include "trainer/run/step_sums.hpp"
#include "trainer/run/training_options.hpp"

namespace lockstep::trainer {

/// What to do about a training that diverged, for messages.
std::string diverged_advice(const TrainingOptions& options, bool is_sparse);

/// Whether an optimizer that takes all rows in a step has come to rest.
enum class Rest {
  none,
  converged,  ///< to its tolerance
  precision   ///< no step makes the objective smaller in the precision of the parameters
};

/// How far a run has come, between two steps; the same on all ranks.
struct TrainingPosition {
  Index epoch = 1;
  Index step = 0;          ///< steps of this epoch that are done
  Index all_steps = 0;     ///< of all epochs
  ScoreSums sums;          ///< over the rows of this epoch, each scored just before its step, or,
                           ///< where a step takes all rows, after it
  Rest rest = Rest::none;  ///< then steps change nothing any more
  LbfgsProgress lbfgs{};   ///< where a step takes all rows
};

/// Mini-batch training of one network over all ranks of a team: θ, the optimizer's state for this
/// rank's segment, and the steps. θ is the same on all ranks between epochs.
///
/// A batch of sparse rows touches some blocks of θ alone. Only these are folded, sent and updated;
/// a block catches up when a batch next touches it and at the end of an epoch.
///
/// A step of L-BFGS takes all rows, some times.
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
  Index states() const;
  void visit_states(const std::function<void(const std::vector<const T*>& states)>& visit) const;
  /// The rate of the last step, of an optimizer that has one.
  std::optional<double> learning_rate() const {
    if (options_.is_full_batch()) return std::nullopt;
    return options_.rate_of(position_.all_steps);
  }
  /// Bytes that this rank allocated for θ, gradients, state and activations.
  Index memory_bytes() const;

  /// What the rates of the schedule are multiplied by from here on.
  void scale_rates(double scale) { options_.rate_scale = scale; }

  /// Fills an arena of which each rank has its segment. *Collective*.
  void gather(T* arena);

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
  Index most_rows() const;
  void load_rows(Index step);
  void share_updates(const BlockSet& blocks);
  void take_step();
  void take_full_step();
  void load_all_rows();
  RowsAtTheta<T> ask_rows();
  const T* ask_curvature();
  BlockSet all_blocks() const { return BlockSet(static_cast<Index>(blocks_.size()), true); }
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
  std::unique_ptr<Loss<T>> loss_;  // as the options smooth it
  Index target_count_;  // of a row: classes or numbers to predict, as many as are predicted
  BatchRows<T> batch_;
  BatchGradient<T> rows_;
  std::optional<ParameterUpdates<T>> updates_;  // or
  std::optional<FullBatch<T>> full_batch_;
  bool has_all_rows_ = false;  // the batch is that of a full step

  AlignedVector<T> theta_;
  TrainingPosition position_;
  Index steps_shared_ = 0;  // done when all ranks last had all of θ

  BlockSet touched_;  // blocks that the batch of any rank touches
  DivergenceWatch watch_;
  StepSums step_sums_;
  Index steps_settled_ = 0;  // of the epoch: those that position_.sums has
};

}  // namespace lockstep::trainer
