#include "trainer/run/training.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>

#include "core/base/error.hpp"
#include "core/base/finite.hpp"
#include "core/parallel/ranges.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep::trainer {
namespace {

/// What a step counts for in running averages; one that takes all rows is all that counts.
constexpr double kRunningMomentum = 0.1;

ScoreSums merge_score_sums(const ScoreSums& left, const ScoreSums& right) {
  return merge(left, right);
}

}  // namespace

std::string diverged_advice(const TrainingOptions& options, bool is_sparse) {
  if (options.is_full_batch()) {
    return is_sparse ? "look at the values of the features" : "set preprocess.scale = standard";
  }
  return fmt::format("lower train.learning_rate (now {}){}", options.learning_rate,
                     is_sparse ? "" : " or set preprocess.scale = standard");
}

template <class T>
Training<T>::Training(comm::Communicator& team, const Network<T>& network, const Lanes& lanes,
                      const Examples<T>& examples, const Scorer& scorer,
                      const TrainingOptions& options, int threads, AlignedVector<T> theta)
    : team_(team),
      network_(network),
      lanes_(lanes),
      examples_(examples),
      scorer_(scorer),
      options_(options),
      threads_(threads),
      lane_boundaries_(lane_boundaries(lanes.count(), team.size())),
      my_lanes_(part_of(lane_boundaries_, team.rank())),
      blocks_(blocks_of(network.tensors())),
      exchange_(comm::make_exchange<T>(
          team.transport(), {blocks_, lane_boundaries_, lanes.count(), threads, team.timeout()})),
      loss_(make_loss<T>(network.spec().loss, options.label_smoothing)),
      target_count_(network.targets()),
      batch_(examples, lanes, my_lanes_, most_rows(), target_count_),
      rows_(team, lane_boundaries_, network, examples, batch_, scorer, *loss_, blocks_,
            gradient_plan(my_lanes_, lanes.count(), lanes.most_rows_of_a_lane(), most_rows(),
                          options.micro_batch),
            most_rows(), options.input_noise, threads),
      theta_(std::move(theta)),
      touched_(static_cast<Index>(blocks_.size()), !examples.is_sparse),
      watch_(team.rank()),
      step_sums_(team, lane_boundaries_) {
  if (options_.is_full_batch()) {
    full_batch_.emplace(
        team_, network_.tensors(), blocks_, segment(), options_, lanes_.rows(), threads_,
        theta_.data(), [this] { return ask_rows(); },
        known_curvature(network_) > 0
            ? std::function<const T*()>([this] { return ask_curvature(); })
            : nullptr);
  } else {
    updates_.emplace(team_, network_.tensors(), blocks_, segment(), options_, threads_);
  }
}

template <class T>
Index Training<T>::memory_bytes() const {
  const Index state = full_batch_ ? full_batch_vectors(options_, known_curvature(network_) > 0) *
                                        full_batch_->parameters()
                                  : states() * segment().size();
  const Index elements = network_.arena_size() + state + rows_.elements() + exchange_->elements();
  return elements * static_cast<Index>(sizeof(T)) + examples_.memory_bytes();
}

template <class T>
void Training<T>::gather(T* arena) {
  exchange_->share(arena, all_blocks());
}

template <class T>
void Training<T>::begin_epoch(Index epoch) {
  position_.epoch = epoch;
  position_.step = 0;
  position_.sums = {};
  steps_settled_ = 0;
  batch_.begin_epoch(options_.shuffle, options_.seed, epoch, threads_);
}

template <class T>
Wishes Training<T>::run_steps(Index last, const std::function<Wishes()>& wishes,
                              const std::function<void(Index)>& after_step) {
  Wishes agreed = 0;
  while (position_.step < last && agreed == 0) {
    take_step();
    if (step_sums_.is_due() || position_.step == last) agreed = settle(wishes());
    after_step(position_.step);
  }
  share_updates(all_blocks());
  steps_shared_ = position_.all_steps;
  check_parameters();
  return agreed;
}

/// Most rows of a step on this rank.
template <class T>
Index Training<T>::most_rows() const {
  return std::min(my_lanes_.size() * lanes_.most_rows_of_a_lane(), lanes_.batch());
}

/// The batch is all rows from here on.
template <class T>
void Training<T>::load_all_rows() {
  if (has_all_rows_) return;
  batch_.go_to(0);
  rows_.begin_batch();
  has_all_rows_ = true;
}

/// What the Hessian's diagonal may be, summed over all rows; the segment of it. *Collective*.
template <class T>
const T* Training<T>::ask_curvature() {
  load_all_rows();
  rows_.compute_curvature(all_blocks(), known_curvature(network_));
  return exchange_->reduce(rows_.arenas(), all_blocks());
}

/// The loss of all rows at θ, and its gradient. *Collective*.
template <class T>
RowsAtTheta<T> Training<T>::ask_rows() {
  gather(theta_.data());
  load_all_rows();
  rows_.compute(all_blocks(), theta_.data());
  rows_.update_running(1, theta_.data());
  RowsAtTheta<T> rows;
  rows.loss_sum = tree_fold<double>(
      team_, lane_boundaries_,
      [&](Index lane) {
        const Range leaf = batch_.leaves()[static_cast<std::size_t>(lane - my_lanes_.begin)];
        double sum = 0;
        for (Index r = leaf.begin; r < leaf.end; ++r) {
          const double weight = batch_.weights() == nullptr ? 1 : batch_.weights()[r];
          sum += weight * rows_.loss(r);
        }
        return sum;
      },
      std::plus<>(), threads_);
  rows.gradient_sum = exchange_->reduce(rows_.arenas(), all_blocks());
  return rows;
}

/// An iteration of the optimizer that takes all rows in a step.
template <class T>
void Training<T>::take_full_step() {
  const auto outcome = full_batch_->iterate();
  watch_.begin_step(position_.step + 1);
  watch_losses();
  if (outcome == FullBatch<T>::Outcome::not_finite) watch_.add_block(0);
  watch_.end_step();
  step_sums_.add(node_sums());
  if (outcome == FullBatch<T>::Outcome::converged) position_.rest = Rest::converged;
  if (outcome == FullBatch<T>::Outcome::stuck) position_.rest = Rest::precision;
  position_.lbfgs = full_batch_->progress();
  ++position_.all_steps;
  ++position_.step;
  steps_shared_ = position_.all_steps;
}

template <class T>
Index Training<T>::states() const {
  return full_batch_ ? full_batch_->states() : static_cast<Index>(updates_->states().size());
}

template <class T>
void Training<T>::visit_states(
    const std::function<void(const std::vector<const T*>& states)>& visit) const {
  const auto show = [&](const std::vector<AlignedVector<T>>& states) {
    std::vector<const T*> pointers;
    pointers.reserve(states.size());
    for (const AlignedVector<T>& state : states) pointers.push_back(state.data());
    visit(pointers);
  };
  if (full_batch_) {
    show(full_batch_->export_states());
  } else {
    show(updates_->states());
  }
}

template <class T>
void Training<T>::take_step() {
  if (full_batch_) return take_full_step();
  load_rows(position_.step);
  share_updates(touched_);
  rows_.compute(touched_, theta_.data());
  watch_.begin_step(position_.step + 1);
  watch_losses();
  step_sums_.add(node_sums());
  const T* root = exchange_->reduce(rows_.arenas(), touched_);
  rows_.update_running(kRunningMomentum, theta_.data());
  ++position_.all_steps;
  updates_->step(position_.all_steps, root, lanes_.rows_in(position_.step), touched_, theta_.data(),
                 watch_);
  watch_.end_step();
  ++position_.step;
}

template <class T>
void Training<T>::restore(
    const TrainingPosition& position,
    const std::function<void(T* theta, const std::vector<T*>& states)>& fill) {
  begin_epoch(position.epoch);
  T* of_segment = theta_.data() + segment().begin;
  if (full_batch_) {
    std::vector<AlignedVector<T>> states = full_batch_->export_states();
    std::vector<T*> pointers;
    pointers.reserve(states.size());
    for (AlignedVector<T>& state : states) pointers.push_back(state.data());
    fill(of_segment, pointers);
    full_batch_->restore(states, position.lbfgs);
  } else {
    fill(of_segment, updates_->states_after(position.all_steps));
  }
  gather(theta_.data());
  position_ = position;
  steps_settled_ = position.step;
  steps_shared_ = position.all_steps;
}

/// The losses tell of a step only in the next one. θ is the same on all ranks.
template <class T>
void Training<T>::check_parameters() const {
  for (const Tensor& tensor : network_.tensors()) {
    const std::span<const T> values(theta_.data() + tensor.offset,
                                    static_cast<std::size_t>(tensor.size()));
    if (all_finite(values)) continue;
    throw NumericalError(fmt::format(
        "training diverged: {}{} is not finite after {}epoch {}; {}",
        tensor.trained ? "a parameter of " : "", tensor.name,
        position_.step == lanes_.steps() ? "" : fmt::format("step {} of ", position_.step),
        position_.epoch, diverged_advice(options_, examples_.is_sparse)));
  }
}

/// The rows of the step, and the blocks of θ that all ranks' rows touch.
template <class T>
void Training<T>::load_rows(Index step) {
  batch_.go_to(step);
  rows_.begin_batch();
  if (!examples_.is_sparse) return;
  touched_ = BlockSet(static_cast<Index>(blocks_.size()), updates_->need_all_blocks());
  rows_.add_touched(touched_);
  touched_.unite(team_);
}

/// Brings these blocks up to date, on all ranks.
template <class T>
void Training<T>::share_updates(const BlockSet& blocks) {
  if (steps_shared_ == position_.all_steps) return;
  updates_->catch_up(position_.all_steps, blocks, theta_.data());
  exchange_->share(theta_.data(), blocks);
}

/// The step's scores summed inside each lane in row order, then over each canonical node.
template <class T>
std::vector<ScoreSums> Training<T>::node_sums() const {
  const auto leaf_sums = [&](Index lane) {
    const double* actual = examples_.actual_targets.data();
    return scorer_.sum(
        batch_.leaves()[static_cast<std::size_t>(lane - my_lanes_.begin)],
        [&](Index r) -> ScoredRow {
          return {rows_.predictions(r), actual + batch_.source(r) * target_count_, rows_.loss(r)};
        });
  };
  std::vector<ScoreSums> result;
  for (const TreeNode& node : exchange_->nodes()) {
    result.push_back(fold_subtree<ScoreSums>(
        node, lanes_.count(),
        [&](TreeNode leaf) -> std::optional<ScoreSums> {
          if (leaf.span > 1) return std::nullopt;
          return leaf_sums(leaf.leaf);
        },
        merge_score_sums));
  }
  return result;
}

/// Adds the steps that the ranks have not told each other of yet to the sums of the epoch.
template <class T>
Wishes Training<T>::settle(Wishes mine) {
  if (watch_.has_seen_any()) mine |= kDiverged;
  const MappedFile* file = examples_.later ? examples_.later->table.file() : nullptr;
  if (file != nullptr && !file->is_unchanged()) mine |= kRowsChanged;
  Index step_of_loss = 0;
  const Wishes wishes = step_sums_.settle(mine, [&](const ScoreSums& step) {
    ++steps_settled_;
    if (step_of_loss == 0 && !std::isfinite(step.loss())) step_of_loss = steps_settled_;
    position_.sums = merge(position_.sums, step);
  });
  if ((wishes & kRowsChanged) != 0) {
    throw IoError(
        fmt::format("{}: was changed while the training read it; train again, and leave the file "
                    "as it is until the training has ended (data.stream)",
                    file->path()));
  }
  if ((wishes & kDiverged) != 0 || step_of_loss > 0) throw_diverged(step_of_loss);
  watch_.forget();
  return wishes;
}

template <class T>
void Training<T>::watch_losses() {
  const Index rows = batch_.count();
  for (Index r = 0; r < rows; ++r) {
    if (!watch_.is_among_the_worst(rows_.loss(r))) continue;
    watch_.add_row(rows_.loss(r), examples_.number_read(batch_.source(r)),
                   rows_.overflowing_layer(r));
  }
}

template <class T>
void Training<T>::throw_diverged(Index step_of_loss) const {
  const DivergenceWatch::Names names{
      [&](Index number) { return examples_.places.of(number); },
      [&](Index layer) { return network_.layer_name(static_cast<std::size_t>(layer)); },
      [&](Index block) {
        return network_.tensors()[blocks_[static_cast<std::size_t>(block)].tensor].name;
      }};
  throw NumericalError(fmt::format("training diverged in {}; {}",
                                   watch_.describe(team_, position_.epoch, step_of_loss, names),
                                   diverged_advice(options_, examples_.is_sparse)));
}

template class Training<float>;
template class Training<double>;

}  // namespace lockstep::trainer
