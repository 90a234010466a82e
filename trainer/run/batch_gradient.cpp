#include "trainer/run/batch_gradient.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/base/finite.hpp"
#include "core/model/input_noise.hpp"
#include "core/parallel/ranges.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep::trainer {
namespace {

/// Rows that a thread takes through the network at a time.
constexpr Index kRowTile = 252;
constexpr Index kRowTileStep = 12;
/// Blocks that a thread adds at a time.
constexpr Index kAddedBlocks = 16;

Index row_tile(Index rows, int threads) {
  const Index even = (rows + threads - 1) / threads;
  return std::clamp(round_up(even, kRowTileStep), kRowTileStep, kRowTile);
}

/// take(tile) for all of the rows, by all threads.
template <class Take>
void for_each_tile(Index rows, int threads, const Take& take) {
  const Index size = row_tile(rows, threads);
  parallel_for(threads, (rows + size - 1) / size, [&](Index task) {
    take(Range{task * size, std::min(rows, (task + 1) * size)});
  });
}

}  // namespace

GradientPlan gradient_plan(Range lanes, Index all_lanes, Index lane_rows, Index batch,
                           Index micro_batch) {
  if (micro_batch == 0 || batch <= micro_batch) return {batch, 0, 0};
  GradientPlan plan;
  plan.rows_at_once = micro_batch;
  plan.lanes_at_once = 1;
  while (2 * plan.lanes_at_once * lane_rows <= micro_batch) plan.lanes_at_once *= 2;
  Index widest = 1;
  for (const TreeNode& node : canonical_nodes(lanes, all_lanes))
    widest = std::max(widest, node.span);
  for (Index span = plan.lanes_at_once; span < widest; span *= 2) ++plan.arenas;
  if (lane_rows > micro_batch) ++plan.arenas;
  return plan;
}

template <class T>
BatchGradient<T>::BatchGradient(Team& team, const std::vector<Index>& lane_boundaries,
                                const Network<T>& network, const Examples<T>& examples,
                                const BatchRows<T>& batch, const Scorer& scorer,
                                const Loss<T>& loss, const std::vector<Block>& blocks,
                                const GradientPlan& plan, Index most_rows, double input_noise,
                                int threads)
    : team_(team),
      lane_boundaries_(lane_boundaries),
      network_(network),
      examples_(examples),
      batch_(batch),
      scorer_(scorer),
      loss_(loss),
      blocks_(blocks),
      lanes_(part_of(lane_boundaries, team.rank())),
      nodes_(canonical_nodes(lanes_, lane_boundaries.back())),
      plan_(plan),
      input_noise_(input_noise),
      threads_(threads),
      targets_(network.targets()),
      pass_(network, plan.rows_at_once, true, examples.is_sparse),
      sparse_(examples),
      losses_(static_cast<std::size_t>(most_rows)),
      predictions_(static_cast<std::size_t>(most_rows * targets_)),
      layers_(static_cast<std::size_t>(most_rows)) {
  // What joins rows needs all of them at once.
  assert(plan.lanes_at_once == 0 || pass_.stages() == 1);
  const auto size = static_cast<std::size_t>(network.arena_size());
  for (std::size_t n = 0; n < nodes_.size(); ++n) arenas_.emplace_back(size);
  for (Index a = 0; a < plan.arenas; ++a) scratch_.emplace_back(size);
}

template <class T>
std::vector<T*> BatchGradient<T>::arenas() {
  std::vector<T*> pointers;
  pointers.reserve(arenas_.size());
  for (auto& arena : arenas_) pointers.push_back(arena.data());
  return pointers;
}

template <class T>
Index BatchGradient<T>::elements() const {
  const auto arenas = static_cast<Index>(arenas_.size() + scratch_.size());
  return arenas * network_.arena_size() + pass_.elements();
}

template <class T>
std::span<const Range> BatchGradient<T>::leaves_of(TreeNode node) const {
  return std::span(batch_.leaves())
      .subspan(static_cast<std::size_t>(node.leaf - lanes_.begin),
               static_cast<std::size_t>(node.span));
}

/// The pass has these rows of the batch from here on.
template <class T>
void BatchGradient<T>::choose(Range rows) {
  if (!examples_.is_sparse || chosen_ == rows) return;
  sparse_.choose(batch_.sources().subspan(static_cast<std::size_t>(rows.begin),
                                          static_cast<std::size_t>(rows.size())),
                 threads_);
  pass_.choose_rows(sparse_.features(), sparse_.rows(), threads_);
  chosen_ = rows;
}

template <class T>
void BatchGradient<T>::add_touched(BlockSet& touched) {
  const Index rows = batch_.count();
  const Index most = std::max<Index>(plan_.rows_at_once, 1);
  Index begin = 0;
  do {
    choose({begin, std::min(rows, begin + most)});
    pass_.add_touched(touched);
    begin += most;
  } while (begin < rows);
}

template <class T>
void BatchGradient<T>::compute(const BlockSet& touched, const T* theta) {
  parallel_for(threads_, static_cast<Index>(pass_.prepare_tasks()),
               [&](Index task) { pass_.prepare(theta, static_cast<std::size_t>(task)); });
  ask({touched, theta, 0});
}

template <class T>
void BatchGradient<T>::compute_curvature(const BlockSet& touched, double of_loss) {
  ask({touched, nullptr, of_loss});
}

template <class T>
void BatchGradient<T>::ask(const Question& question) {
  if (plan_.lanes_at_once == 0) return ask_all(question);
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    fold(nodes_[n], question, arenas_[n].data(), 0);
  }
}

/// All rows at once: the weights of every node share the threads.
template <class T>
void BatchGradient<T>::ask_all(const Question& question) {
  run({0, batch_.count()}, question);
  const auto tasks = static_cast<Index>(pass_.gradient_tasks());
  const auto node_count = static_cast<Index>(nodes_.size());
  parallel_for(threads_, tasks * node_count, [&](Index i) {
    const auto n = static_cast<std::size_t>(i % node_count);
    pass_.gradient(leaves_of(nodes_[n]), static_cast<std::size_t>(i / node_count),
                   arenas_[n].data(), question.theta == nullptr);
  });
}

template <class T>
void BatchGradient<T>::fold(TreeNode node, const Question& question, T* into, std::size_t level) {
  if (node.span <= plan_.lanes_at_once) return take_lanes(node, question, into);
  const Index half = node.span / 2;
  T* right = scratch_[level].data();
  fold({node.leaf, half}, question, into, level + 1);
  fold({node.leaf + half, half}, question, right, level + 1);
  add(question.touched, right, into);
}

/// Lanes that the micro-batch has room for, or one in pieces.
template <class T>
void BatchGradient<T>::take_lanes(TreeNode node, const Question& question, T* into) {
  const std::span<const Range> lanes = leaves_of(node);
  const Range rows{lanes.front().begin, lanes.back().end};
  if (rows.size() <= plan_.rows_at_once) {
    run(rows, question);
    std::vector<Range> leaves;  // among the rows of the pass
    for (const Range& lane : lanes) {
      leaves.push_back({lane.begin - rows.begin, lane.end - rows.begin});
    }
    return sum_gradients(leaves, question, into);
  }
  T* piece = scratch_.back().data();
  for (Index begin = rows.begin; begin < rows.end; begin += plan_.rows_at_once) {
    const Range part{begin, std::min(rows.end, begin + plan_.rows_at_once)};
    run(part, question);
    const std::vector<Range> one{{0, part.size()}};
    sum_gradients(one, question, begin == rows.begin ? into : piece);
    if (begin > rows.begin) add(question.touched, piece, into);
  }
}

/// Phase two of the rows that the pass has.
template <class T>
void BatchGradient<T>::sum_gradients(std::span<const Range> leaves, const Question& question,
                                     T* into) {
  parallel_for(threads_, static_cast<Index>(pass_.gradient_tasks()), [&](Index task) {
    pass_.gradient(leaves, static_cast<std::size_t>(task), into, question.theta == nullptr);
  });
}

/// to += from, in the blocks that have gradients.
template <class T>
void BatchGradient<T>::add(const BlockSet& touched, const T* from, T* to) const {
  const auto count = static_cast<Index>(blocks_.size());
  parallel_for(threads_, (count + kAddedBlocks - 1) / kAddedBlocks, [&](Index task) {
    const Range mine{task * kAddedBlocks, std::min(count, (task + 1) * kAddedBlocks)};
    for (const Range& run : touched.runs(mine)) {
      for (Index e = block_start(blocks_, run.begin); e < block_start(blocks_, run.end); ++e) {
        to[e] += from[e];
      }
    }
  });
}

/// Phase one of some rows of the batch, which the pass has then.
template <class T>
void BatchGradient<T>::run(Range rows, const Question& question) {
  choose(rows);
  if (examples_.is_sparse) pass_.plan_gradient(question.touched);
  if (question.theta != nullptr) return run_through_network(rows, question.theta);
  for_each_tile(rows.size(), threads_, [&](Range tile) {
    read_tile(rows.begin, tile);
    pass_.square(tile, question.curvature_of_loss);
    if (batch_.weights() != nullptr) pass_.weight_derivatives(tile, batch_.weights() + rows.begin);
  });
}

template <class T>
void BatchGradient<T>::run_through_network(Range rows, const T* theta) {
  const TrainingRows training = batch_.training_rows().from(rows.begin);
  const std::size_t last = pass_.stages() - 1;
  for (std::size_t stage = 0; stage <= last; ++stage) {
    if (stage > 0) join_forward(stage - 1);
    for_each_tile(rows.size(), threads_, [&](Range tile) {
      if (stage == 0) read_tile(rows.begin, tile);
      pass_.forward(tile, theta, &training, stage);
      if (stage < last) return;
      score_tile(rows.begin, tile);
      pass_.backward(tile, stage);
    });
  }
  for (std::size_t stage = last; stage-- > 0;) {
    join_backward(stage);
    for_each_tile(rows.size(), threads_, [&](Range tile) { pass_.backward(tile, stage); });
  }
}

template <class T>
void BatchGradient<T>::join_forward(std::size_t join) {
  const auto moments_of = [&](Index lane) { return pass_.moments(join, leaf_of(lane)); };
  pass_.join_forward(join, tree_fold<typename NetworkPass<T>::Moments>(
                               team_, lane_boundaries_, moments_of, BatchNorm<T>::merge, threads_));
}

template <class T>
void BatchGradient<T>::join_backward(std::size_t join) {
  const auto slopes_of = [&](Index lane) { return pass_.slopes(join, leaf_of(lane)); };
  pass_.join_backward(join, tree_fold<typename NetworkPass<T>::Slopes>(
                                team_, lane_boundaries_, slopes_of, BatchNorm<T>::add, threads_));
}

/// @param first  row of the batch that is the first of the pass
template <class T>
void BatchGradient<T>::read_tile(Index first, Range tile) {
  ExampleReader<T> reader(examples_);
  for (Index r = tile.begin; r < tile.end && !examples_.is_sparse; ++r) {
    reader.copy(batch_.source(first + r), pass_.input().row(r));
  }
  if (input_noise_ > 0) {
    const TrainingRows training = batch_.training_rows().from(first);
    add_input_noise<T>(input_noise_, examples_.features, network_.spec().embedded, tile, training,
                       pass_.input());
  }
}

/// Predictions and losses, and the derivatives of these with respect to the scores.
/// @param first  row of the batch that is the first of the pass
template <class T>
void BatchGradient<T>::score_tile(Index first, Range tile) {
  const Rows<const T> scores = pass_.scores();
  for (Index r = tile.begin; r < tile.end; ++r) {
    scorer_.predict(scores.row(r), predictions_.data() + (first + r) * targets_);
  }
  double* losses = losses_.data() + first;
  pass_.score_losses(tile, loss_, batch_.targets() + first * targets_, losses);
  std::fill_n(layers_.begin() + first + tile.begin, tile.size(), -1);
  if (!all_finite<double>({losses + tile.begin, static_cast<std::size_t>(tile.size())})) {
    for (Index r = tile.begin; r < tile.end; ++r) {
      if (std::isfinite(losses[r])) continue;
      layers_[static_cast<std::size_t>(first + r)] = static_cast<Index>(pass_.overflowing_layer(r));
    }
  }
  if (batch_.weights() != nullptr) pass_.weight_derivatives(tile, batch_.weights() + first);
}

template class BatchGradient<float>;
template class BatchGradient<double>;

}  // namespace lockstep::trainer
