#include "trainer/run/parameter_updates.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/finite.hpp"
#include "core/parallel/threads.hpp"
#include "trainer/run/block_sums.hpp"

namespace lockstep::trainer {
namespace {

constexpr double kNoBound = std::numeric_limits<double>::infinity();

}  // namespace

template <class T>
ParameterUpdates<T>::ParameterUpdates(Team& team, const std::vector<Tensor>& tensors,
                                      const std::vector<Block>& blocks, Range segment,
                                      const TrainingOptions& options, int threads)
    : team_(team),
      tensors_(tensors),
      blocks_(blocks),
      segment_(segment),
      options_(options),
      threads_(threads),
      optimizer_(make_optimizer<T>(options.optimizer, options.optimizer_options)) {
  for (int s = 0; s < optimizer_->states(); ++s) {
    states_.emplace_back(static_cast<std::size_t>(segment.size()));
  }
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    if (!segment.contains(blocks_[b].elements.begin) || !tensors[blocks_[b].tensor].trained) {
      continue;
    }
    my_blocks_.push_back(static_cast<Index>(b));
  }
  steps_of_block_.resize(my_blocks_.size());
}

template <class T>
std::vector<T*> ParameterUpdates<T>::states_after(Index steps) {
  std::fill(steps_of_block_.begin(), steps_of_block_.end(), steps);
  std::vector<T*> states;
  for (auto& s : states_) states.push_back(s.data());
  return states;
}

template <class T>
void ParameterUpdates<T>::step(Index step, const T* sum, Index rows, const BlockSet& touched,
                               T* theta, DivergenceWatch& watch) {
  const double clip = clipping(sum, rows, touched);
  const double rate = options_.rate_of(step);
  const std::vector<double> ratios = trust_ratios({rate, step}, sum, rows, clip, theta);
  parallel_for(threads_, static_cast<Index>(my_blocks_.size()), [&](Index i) {
    const auto mine = static_cast<std::size_t>(i);
    const auto block = static_cast<std::size_t>(my_blocks_[mine]);
    if (!touched.contains(my_blocks_[mine])) return;
    alignas(kAlignment) T room[kBlock];
    const std::span<T> gradient = mean_gradient(mine, sum, rows, clip, room);
    if (!all_finite(std::span<const T>(gradient))) watch.add_block(my_blocks_[mine]);
    const double ratio = ratios.empty() ? 1 : ratios[blocks_[block].tensor];
    update_block(mine, step_of(mine, {rate, step, true, ratio}), room, theta);
    steps_of_block_[mine] = step;
  });
}

template <class T>
void ParameterUpdates<T>::catch_up(Index steps, const BlockSet& set, T* theta) {
  const bool rests = optimizer_->rests_without_gradient() && options_.penalty.none();
  parallel_for(threads_, static_cast<Index>(my_blocks_.size()), [&](Index i) {
    const auto mine = static_cast<std::size_t>(i);
    Index& done = steps_of_block_[mine];
    if (done == steps || !set.contains(my_blocks_[mine])) return;
    alignas(kAlignment) T gradient[kBlock];
    while (!rests && done < steps) {
      std::fill_n(gradient, kBlock, T(0));
      ++done;
      update_block(mine, step_of(mine, {options_.rate_of(done), done}), gradient, theta);
    }
    done = steps;
  });
}

/// Of one of my blocks, in `room`: the sum over rows, each with its weight, divided once by their
/// number, no element beyond the bounds, and all multiplied by `clip`.
template <class T>
std::span<T> ParameterUpdates<T>::mean_gradient(std::size_t mine, const T* sum, Index rows,
                                                double clip, T* room) const {
  const Range elements = blocks_[static_cast<std::size_t>(my_blocks_[mine])].elements;
  const T* of_block = sum + (elements.begin - segment_.begin);
  const T count = static_cast<T>(rows);
  const T bound = static_cast<T>(options_.clip_value.value_or(kNoBound));
  for (Index e = 0; e < elements.size(); ++e) {
    const T g = of_block[e] / count;  // NaN stays
    room[e] = g < -bound ? -bound : g > bound ? bound : g;
  }
  if (clip != 1) {
    for (Index e = 0; e < elements.size(); ++e) room[e] *= static_cast<T>(clip);
  }
  return {room, static_cast<std::size_t>(elements.size())};
}

/// What the mean gradient is multiplied by for the sake of its norm. *Collective*.
template <class T>
double ParameterUpdates<T>::clipping(const T* sum, Index rows, const BlockSet& touched) {
  constexpr double kRest = 1e-6;
  if (!options_.clip_norm) return 1;
  BlockSums squares(static_cast<Index>(blocks_.size()), my_blocks_, 1);
  parallel_for(threads_, static_cast<Index>(my_blocks_.size()), [&](Index i) {
    const auto mine = static_cast<std::size_t>(i);
    if (!touched.contains(my_blocks_[mine])) return;
    alignas(kAlignment) T room[kBlock];
    double& of_block = squares.of_mine(i).front();
    for (const T g : mean_gradient(mine, sum, rows, 1, room)) {
      of_block += static_cast<double>(g) * static_cast<double>(g);
    }
  });
  squares.gather(team_);
  return std::min(1.0, *options_.clip_norm / (std::sqrt(squares.over_all(0)) + kRest));
}

/// Of each tensor, where the optimizer is layerwise, and the first half of its step. *Collective*.
template <class T>
std::vector<double> ParameterUpdates<T>::trust_ratios(const OptimizerStep& step, const T* sum,
                                                      Index rows, double clip, T* theta) {
  if (!optimizer_->is_layerwise()) return {};
  constexpr Index kOfTheta = 0;
  constexpr Index kOfStep = 1;
  const auto count = static_cast<Index>(blocks_.size());
  BlockSums squares(count, my_blocks_, 2);
  parallel_for(threads_, static_cast<Index>(my_blocks_.size()), [&](Index i) {
    const auto mine = static_cast<std::size_t>(i);
    const Range elements = blocks_[static_cast<std::size_t>(my_blocks_[mine])].elements;
    alignas(kAlignment) T gradient[kBlock];
    mean_gradient(mine, sum, rows, clip, gradient);
    add_penalty(mine, gradient, theta);
    const TensorSquares found = optimizer_->measure(step_of(mine, step), elements.size(), gradient,
                                                    theta + elements.begin, states_of(mine).data());
    squares.of_mine(i)[kOfTheta] = found.theta;
    squares.of_mine(i)[kOfStep] = found.step;
  });
  squares.gather(team_);
  std::vector<double> ratios(tensors_.size(), 1.0);
  for (Index begin = 0, end = 0; begin < count; begin = end) {
    const std::size_t tensor = blocks_[static_cast<std::size_t>(begin)].tensor;
    while (end < count && blocks_[static_cast<std::size_t>(end)].tensor == tensor) ++end;
    const Range range{begin, end};
    ratios[tensor] = optimizer_->trust_ratio(
        {squares.over(range, kOfTheta), squares.over(range, kOfStep)}, tensors_[tensor].penalised);
  }
  return ratios;
}

/// The step, as one of my blocks takes it.
template <class T>
OptimizerStep ParameterUpdates<T>::step_of(std::size_t mine, OptimizerStep step) const {
  step.decayed = tensors_[blocks_[static_cast<std::size_t>(my_blocks_[mine])].tensor].penalised;
  return step;
}

template <class T>
std::vector<T*> ParameterUpdates<T>::states_of(std::size_t mine) {
  const Block& block = blocks_[static_cast<std::size_t>(my_blocks_[mine])];
  std::vector<T*> states;
  for (auto& s : states_) states.push_back(s.data() + (block.elements.begin - segment_.begin));
  return states;
}

template <class T>
void ParameterUpdates<T>::add_penalty(std::size_t mine, T* gradient, const T* theta) const {
  const Block& block = blocks_[static_cast<std::size_t>(my_blocks_[mine])];
  if (!options_.penalty.applies_to(tensors_[block.tensor])) return;
  options_.penalty.add_gradient(block.elements.size(), theta + block.elements.begin, gradient);
}

/// One step of one of my blocks.
/// @param gradient  the mean gradient of its loss; overwritten
template <class T>
void ParameterUpdates<T>::update_block(std::size_t mine, const OptimizerStep& step, T* gradient,
                                       T* theta) {
  const Block& block = blocks_[static_cast<std::size_t>(my_blocks_[mine])];
  const Index n = block.elements.size();
  T* of_block = theta + block.elements.begin;
  const std::vector<T*> states = states_of(mine);
  add_penalty(mine, gradient, theta);
  optimizer_->update(step, n, gradient, of_block, states.data());
  if (!options_.penalty.is_proximal() || !options_.penalty.applies_to(tensors_[block.tensor])) {
    return;
  }
  T* sizes = gradient;
  optimizer_->step_sizes(step, n, states.data(), sizes);
  options_.penalty.shrink(n, sizes, of_block);
}

template class ParameterUpdates<float>;
template class ParameterUpdates<double>;

}  // namespace lockstep::trainer
