#include "trainer/run/training.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <set>
#include <span>

#include "core/base/error.hpp"
#include "core/base/finite.hpp"
#include "core/parallel/ranges.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep::trainer {
namespace {

/// Rows that a thread takes through the network at a time.
constexpr Index kRowTile = 252;
constexpr Index kRowTileStep = 12;
constexpr double kNoBound = std::numeric_limits<double>::infinity();

ScoreSums merge_score_sums(const ScoreSums& left, const ScoreSums& right) {
  return merge(left, right);
}

Index row_tile(Index rows, int threads) {
  const Index even = (rows + threads - 1) / threads;
  return std::clamp(round_up(even, kRowTileStep), kRowTileStep, kRowTile);
}

}  // namespace

std::string diverged_advice(double rate, bool is_sparse) {
  return fmt::format("lower train.learning_rate (now {}){}", rate,
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
      optimizer_(make_optimizer<T>(options.optimizer, options.optimizer_options)),
      pass_(network, std::min(my_lanes_.size() * lanes.most_rows_of_a_lane(), lanes.batch()), true,
            examples.sparse_rows()),
      target_count_(network.targets()),
      theta_(std::move(theta)),
      touched_(static_cast<Index>(blocks_.size()), !examples.is_sparse),
      watch_(team.rank()),
      step_sums_(team, lane_boundaries_) {
  const Range segment = exchange_->segment();
  for (std::size_t i = 0; i < exchange_->nodes().size(); ++i) {
    nodes_.emplace_back(static_cast<std::size_t>(network.arena_size()));
  }
  for (int s = 0; s < optimizer_->states(); ++s) {
    state_.emplace_back(static_cast<std::size_t>(segment.size()));
  }
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    if (segment.contains(blocks_[b].elements.begin)) my_blocks_.push_back(static_cast<Index>(b));
  }
  steps_of_block_.resize(my_blocks_.size());
  const auto capacity = static_cast<std::size_t>(pass_.capacity());
  sources_.resize(capacity);
  targets_.resize(capacity * static_cast<std::size_t>(target_count_));
  if (!examples.weights.empty()) weights_.resize(capacity);
  losses_.resize(capacity);
  predictions_.resize(capacity * static_cast<std::size_t>(target_count_));
}

template <class T>
Index Training<T>::memory_bytes() const {
  const auto arenas = static_cast<Index>(nodes_.size() + 1);
  const auto state = static_cast<Index>(state_.size()) * exchange_->segment().size();
  const Index elements =
      arenas * network_.arena_size() + state + pass_.elements() + exchange_->elements();
  return elements * static_cast<Index>(sizeof(T)) + examples_.memory_bytes();
}

template <class T>
void Training<T>::begin_epoch(Index epoch) {
  position_.epoch = epoch;
  position_.step = 0;
  position_.sums = {};
  steps_settled_ = 0;
  order_.resize(static_cast<std::size_t>(my_lanes_.size()));
  parallel_for(threads_, my_lanes_.size(), [&](Index i) {
    const Index lane = my_lanes_.begin + i;
    order_[static_cast<std::size_t>(i)] =
        lane_order(options_.shuffle, options_.seed, epoch, lane, lanes_.rows_of(lane).size());
  });
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
  share_updates(BlockSet(static_cast<Index>(blocks_.size()), true));
  steps_shared_ = position_.all_steps;
  check_parameters();
  return agreed;
}

template <class T>
void Training<T>::take_step() {
  load_rows(position_.step);
  share_updates(touched_);
  compute_gradient();
  watch_.begin_step(position_.step + 1);
  watch_losses();
  step_sums_.add(node_sums());
  std::vector<T*> nodes;
  for (auto& node : nodes_) nodes.push_back(node.data());
  const T* root = exchange_->reduce(nodes, touched_);
  update(root, lanes_.rows_in(position_.step));
  watch_.end_step();
  ++position_.step;
}

template <class T>
void Training<T>::restore(
    const TrainingPosition& position,
    const std::function<void(T* theta, const std::vector<T*>& states)>& fill) {
  begin_epoch(position.epoch);
  std::vector<T*> states;
  for (auto& s : state_) states.push_back(s.data());
  fill(theta_.data() + segment().begin, states);
  exchange_->share(theta_.data(), BlockSet(static_cast<Index>(blocks_.size()), true));
  position_ = position;
  steps_settled_ = position.step;
  steps_shared_ = position.all_steps;
  std::fill(steps_of_block_.begin(), steps_of_block_.end(), position.all_steps);
}

/// The losses tell of a step only in the next one. θ is the same on all ranks.
template <class T>
void Training<T>::check_parameters() const {
  for (const Tensor& tensor : network_.tensors()) {
    const std::span<const T> values(theta_.data() + tensor.offset,
                                    static_cast<std::size_t>(tensor.size()));
    if (all_finite(values)) continue;
    throw NumericalError(fmt::format(
        "training diverged: a parameter of {} is not finite after {}epoch {}; {}", tensor.name,
        position_.step == lanes_.steps() ? "" : fmt::format("step {} of ", position_.step),
        position_.epoch, diverged_advice(options_.learning_rate, examples_.is_sparse)));
  }
}

/// Which rows the step takes from each of my lanes, and the blocks of θ that all ranks' rows touch.
template <class T>
void Training<T>::load_rows(Index step) {
  leaves_.clear();
  Index row = 0;
  for (Index lane = my_lanes_.begin; lane < my_lanes_.end; ++lane) {
    const Range positions = lanes_.positions(lane, step);
    const Index first = lanes_.rows_of(lane).begin - examples_.rows.begin;
    const auto& order = order_[static_cast<std::size_t>(lane - my_lanes_.begin)];
    leaves_.push_back({row, row + positions.size()});
    if (examples_.later) read_ahead(lane, positions);
    for (Index j = positions.begin; j < positions.end; ++j, ++row) {
      const Index source = first + order[static_cast<std::size_t>(j)];
      sources_[static_cast<std::size_t>(row)] = source;
      std::copy_n(examples_.targets.data() + source * target_count_, target_count_,
                  targets_.data() + row * target_count_);
      if (weights_.empty()) continue;
      weights_[static_cast<std::size_t>(row)] = examples_.weights[static_cast<std::size_t>(source)];
    }
  }
  if (!examples_.is_sparse) return;
  pass_.choose_rows(std::span(sources_).first(static_cast<std::size_t>(row)), threads_);
  touched_ = BlockSet(static_cast<Index>(blocks_.size()));
  pass_.add_touched(touched_);
  touched_.unite(team_);
  pass_.plan_gradient(touched_);
}

/// Asks for the rows of a lane's next window when its positions enter one; at first for both.
template <class T>
void Training<T>::read_ahead(Index lane, Range positions) {
  constexpr Index kWindow = kShuffleWindow * kShuffleBlock;
  const Index rows = lanes_.rows_of(lane).size();
  const Index first = lanes_.rows_of(lane).begin - examples_.rows.begin;
  const auto& order = order_[static_cast<std::size_t>(lane - my_lanes_.begin)];
  const auto ask = [&](Index window) {
    std::set<Index> blocks;
    const Index end = std::min(rows, (window + 1) * kWindow);
    for (Index j = window * kWindow; j < end; ++j) {
      blocks.insert(order[static_cast<std::size_t>(j)] / kShuffleBlock);
    }
    for (const Index block : blocks) {
      const Index begin = block * kShuffleBlock;
      examples_.will_need({first + begin, first + std::min(rows, begin + kShuffleBlock)});
    }
  };
  if (positions.empty()) return;
  if (positions.begin == 0) ask(0);
  const Index window = (positions.end - 1) / kWindow;
  const bool enters = positions.begin == 0 || (positions.begin - 1) / kWindow < window;
  if (enters) ask(window + 1);
}

/// Brings these blocks up to date, on all ranks.
template <class T>
void Training<T>::share_updates(const BlockSet& blocks) {
  if (steps_shared_ == position_.all_steps) return;
  const bool rests = optimizer_->rests_without_gradient() && options_.penalty.none();
  parallel_for(threads_, static_cast<Index>(my_blocks_.size()), [&](Index i) {
    const auto mine = static_cast<std::size_t>(i);
    Index& steps = steps_of_block_[mine];
    if (steps == position_.all_steps || !blocks.contains(my_blocks_[mine])) return;
    static constexpr std::array<T, kBlock> kZeros{};
    while (!rests && steps < position_.all_steps) update_block(mine, ++steps, kZeros.data());
    steps = position_.all_steps;
  });
  exchange_->share(theta_.data(), blocks);
}

/// Phase one over tiles of rows, phase two over tiles of the weights of every canonical node.
template <class T>
void Training<T>::compute_gradient() {
  parallel_for(threads_, static_cast<Index>(pass_.prepare_tasks()),
               [&](Index task) { pass_.prepare(theta_.data(), static_cast<std::size_t>(task)); });
  const Index rows = leaves_.empty() ? 0 : leaves_.back().end;
  const Index tile = row_tile(rows, threads_);
  parallel_for(threads_, (rows + tile - 1) / tile, [&](Index task) {
    const Range range{task * tile, std::min(rows, (task + 1) * tile)};
    ExampleReader<T> reader(examples_);
    for (Index r = range.begin; r < range.end && !examples_.is_sparse; ++r) {
      reader.copy(sources_[static_cast<std::size_t>(r)], pass_.input().row(r));
    }
    pass_.forward(range, theta_.data());
    for (Index r = range.begin; r < range.end; ++r) {
      scorer_.predict(pass_.scores().row(r), predictions_.data() + r * target_count_);
    }
    pass_.score_losses(range, targets_.data(), losses_.data());
    if (!weights_.empty()) pass_.weight_derivatives(range, weights_.data());
    pass_.backward(range);
  });

  const auto tasks = static_cast<Index>(pass_.gradient_tasks());
  const auto node_count = static_cast<Index>(nodes_.size());
  parallel_for(threads_, tasks * node_count, [&](Index i) {
    const auto n = static_cast<std::size_t>(i % node_count);
    const TreeNode& node = exchange_->nodes()[n];
    const auto first = static_cast<std::size_t>(node.leaf - my_lanes_.begin);
    pass_.gradient(std::span(leaves_).subspan(first, static_cast<std::size_t>(node.span)),
                   static_cast<std::size_t>(i / node_count), nodes_[n].data());
  });
}

/// The step's scores summed inside each lane in row order, then over each canonical node.
template <class T>
std::vector<ScoreSums> Training<T>::node_sums() const {
  const auto leaf_sums = [&](Index lane) {
    ScoreSums sums;
    const Range& leaf = leaves_[static_cast<std::size_t>(lane - my_lanes_.begin)];
    for (Index r = leaf.begin; r < leaf.end; ++r) {
      const auto i = static_cast<std::size_t>(r);
      scorer_.add(sums, predictions_.data() + r * target_count_,
                  examples_.actual_targets.data() + sources_[i] * target_count_, losses_[i]);
    }
    return sums;
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
  Index step_of_loss = 0;
  const Wishes wishes = step_sums_.settle(mine, [&](const ScoreSums& step) {
    ++steps_settled_;
    if (step_of_loss == 0 && !std::isfinite(step.loss())) step_of_loss = steps_settled_;
    position_.sums = merge(position_.sums, step);
  });
  if ((wishes & kDiverged) != 0 || step_of_loss > 0) throw_diverged(step_of_loss);
  watch_.forget();
  return wishes;
}

template <class T>
void Training<T>::watch_losses() {
  const Index rows = leaves_.empty() ? 0 : leaves_.back().end;
  for (Index r = 0; r < rows; ++r) {
    const auto i = static_cast<std::size_t>(r);
    if (!watch_.is_among_the_worst(losses_[i])) continue;
    const bool is_bad = !std::isfinite(losses_[i]);
    watch_.add_row(losses_[i], examples_.number_read(sources_[i]),
                   is_bad ? static_cast<Index>(pass_.overflowing_layer(r)) : -1);
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
                                   diverged_advice(options_.learning_rate, examples_.is_sparse)));
}

/// Of one of my blocks, in `room`: the sum over rows, each with its weight, divided once by their
/// number, and no element beyond the bounds.
template <class T>
std::span<T> Training<T>::mean_gradient(std::size_t mine, const T* root, Index rows,
                                        T* room) const {
  const Range elements = blocks_[static_cast<std::size_t>(my_blocks_[mine])].elements;
  const T* sum = root + (elements.begin - exchange_->segment().begin);
  const T count = static_cast<T>(rows);
  const T bound = static_cast<T>(options_.clip_value.value_or(kNoBound));
  for (Index e = 0; e < elements.size(); ++e) {
    const T g = sum[e] / count;  // NaN stays
    room[e] = g < -bound ? -bound : g > bound ? bound : g;
  }
  return {room, static_cast<std::size_t>(elements.size())};
}

/// What the mean gradient is multiplied by for the sake of its norm: squares are summed in each
/// block, and over all blocks in a tree. *Collective*.
template <class T>
double Training<T>::clipping(const T* root, Index rows) {
  constexpr double kRest = 1e-6;
  if (!options_.clip_norm) return 1;
  struct BlockSquares {
    Index block;
    double sum;
  };
  std::vector<BlockSquares> mine(my_blocks_.size());
  parallel_for(threads_, static_cast<Index>(mine.size()), [&](Index i) {
    BlockSquares& squares = mine[static_cast<std::size_t>(i)];
    squares = {my_blocks_[static_cast<std::size_t>(i)], 0};
    if (!touched_.contains(squares.block)) return;
    alignas(kAlignment) T room[kBlock];
    for (const T g : mean_gradient(static_cast<std::size_t>(i), root, rows, room)) {
      squares.sum += static_cast<double>(g) * static_cast<double>(g);
    }
  });
  std::vector<double> of_blocks(blocks_.size());
  for (const Bytes& bytes : team_.all_gather(std::as_bytes(std::span(mine)))) {
    for (const auto& [block, sum] : FoldCodec<std::vector<BlockSquares>>::decode(bytes)) {
      of_blocks[static_cast<std::size_t>(block)] = sum;
    }
  }
  const auto count = static_cast<Index>(of_blocks.size());
  const double squares = fold_subtree<double>(
      {0, tree_width(count)}, count,
      [&](TreeNode node) -> std::optional<double> {
        if (node.span > 1) return std::nullopt;
        return of_blocks[static_cast<std::size_t>(node.leaf)];
      },
      std::plus<>());
  return std::min(1.0, *options_.clip_norm / (std::sqrt(squares) + kRest));
}

/// New θ in the blocks of this rank's segment that the batch touched: the mean gradient, clipped,
/// the penalty added once, and the optimizer's step.
template <class T>
void Training<T>::update(const T* root, Index rows) {
  rate_ = rate_of(++position_.all_steps);
  const double clip = clipping(root, rows);
  parallel_for(threads_, static_cast<Index>(my_blocks_.size()), [&](Index i) {
    const auto mine = static_cast<std::size_t>(i);
    if (!touched_.contains(my_blocks_[mine])) return;
    alignas(kAlignment) T room[kBlock];
    const std::span<T> gradient = mean_gradient(mine, root, rows, room);
    if (!all_finite(std::span<const T>(gradient))) watch_.add_block(my_blocks_[mine]);
    if (clip != 1) {
      for (T& g : gradient) g *= static_cast<T>(clip);
    }
    update_block(mine, position_.all_steps, room);
    steps_of_block_[mine] = position_.all_steps;
  });
}

/// One step of one of my blocks, from the mean gradient of its loss.
template <class T>
void Training<T>::update_block(std::size_t mine, Index step, const T* loss_gradient) {
  const Block& block = blocks_[static_cast<std::size_t>(my_blocks_[mine])];
  const Index n = block.elements.size();
  const Index offset = block.elements.begin - exchange_->segment().begin;
  const bool weights = network_.tensors()[block.tensor].penalised;
  T* theta = theta_.data() + block.elements.begin;
  alignas(kAlignment) T gradient[kBlock];
  std::copy_n(loss_gradient, n, gradient);
  if (weights && !options_.penalty.none()) options_.penalty.add_gradient(n, theta, gradient);
  std::vector<T*> state;
  for (auto& s : state_) state.push_back(s.data() + offset);
  const double rate = step == position_.all_steps ? rate_ : rate_of(step);
  optimizer_->update(rate, step, weights, n, gradient, theta, state.data());
}

template class Training<float>;
template class Training<double>;

}  // namespace lockstep::trainer
