#include "trainer/run/full_batch.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

#include "core/parallel/threads.hpp"
#include "trainer/run/block_sums.hpp"

namespace lockstep::trainer {
namespace {

/// Calls visit(place) for each parameter of a tensor in a range of the arena, in order.
template <class Visit>
void for_each_parameter(const Tensor& tensor, Range range, const Visit& visit) {
  const Index panel_size = tensor.inputs * kPanel;
  for (Index e = range.begin; e < range.end; ++e) {
    const Index within = e - tensor.offset;
    const Index column = within / panel_size * kPanel + within % kPanel;
    if (column < tensor.outputs) visit(e);
  }
}

/// Σ aᵢbᵢ in double, in eight sums side by side.
template <class T>
double dot(const T* a, const T* b, Index n) {
  constexpr Index kLanes = 8;
  std::array<double, kLanes> sums{};
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (Index l = 0; l < kLanes; ++l) {
      sums[static_cast<std::size_t>(l)] +=
          static_cast<double>(a[i + l]) * static_cast<double>(b[i + l]);
    }
  }
  for (; i < n; ++i) sums[0] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  double sum = 0;
  for (const double s : sums) sum += s;
  return sum;
}

}  // namespace

Index full_batch_vectors(const TrainingOptions& options) {
  return lbfgs_vectors(options.lbfgs) + 1 + (options.penalty.l1 > 0 ? 1 : 0) +
         (options.penalty.l2 > 0 ? 2 : 0);
}

template <class T>
FullBatch<T>::FullBatch(Team& team, const std::vector<Tensor>& tensors,
                        const std::vector<Block>& blocks, Range segment,
                        const TrainingOptions& options, Index rows, int threads, T* theta,
                        std::function<RowsAtTheta<T>()> evaluate)
    : team_(team),
      segment_(segment),
      rows_(static_cast<double>(rows)),
      threads_(threads),
      block_count_(static_cast<Index>(blocks.size())),
      theta_(theta + segment.begin),
      evaluate_(std::move(evaluate)),
      has_l1_(options.penalty.l1 > 0),
      has_l2_(options.penalty.l2 > 0) {
  const Penalty& penalty = options.penalty;
  for (Index b = 0; b < block_count_; ++b) {
    const Block& block = blocks[static_cast<std::size_t>(b)];
    const Tensor& tensor = tensors[block.tensor];
    if (!segment.contains(block.elements.begin) || !tensor.trained) continue;
    const bool is_penalised = penalty.applies_to(tensor);
    my_blocks_.push_back(b);
    block_begin_.push_back(size());
    for_each_parameter(tensor, block.elements, [&](Index place) {
      places_.push_back(place - segment.begin);
      if (has_l1_) l1_.push_back(static_cast<T>(is_penalised ? penalty.l1 : 0));
      if (has_l2_) l2_.push_back(static_cast<T>(is_penalised ? penalty.l2 : 0));
    });
  }
  block_begin_.push_back(size());
  x_.resize(places_.size());
  penalised_.resize(l2_.size());
  lbfgs_.emplace(static_cast<LbfgsProblem<T>&>(*this), options.lbfgs);
}

template <class T>
typename FullBatch<T>::Outcome FullBatch<T>::iterate() {
  for (std::size_t e = 0; e < places_.size(); ++e) x_[e] = theta_[places_[e]];
  return lbfgs_->iterate(x_.data());
}

template <class T>
double FullBatch<T>::evaluate(const T* x, T* gradient) {
  for (std::size_t e = 0; e < places_.size(); ++e) theta_[places_[e]] = x[e];
  const RowsAtTheta<T> rows = evaluate_();
  const T count = static_cast<T>(rows_);
  for (std::size_t e = 0; e < places_.size(); ++e) {
    gradient[e] = rows.gradient_sum[places_[e]] / count;
  }
  const double loss = rows.loss_sum / rows_;
  if (!has_l2_) return loss;
  for (std::size_t e = 0; e < places_.size(); ++e) {
    penalised_[e] = l2_[e] * x[e];
    gradient[e] += T(2) * penalised_[e];
  }
  const typename LbfgsProblem<T>::Pair pair{penalised_.data(), x};
  return loss + dots({&pair, 1}).front();
}

template <class T>
std::vector<double> FullBatch<T>::dots(std::span<const typename LbfgsProblem<T>::Pair> pairs) {
  BlockSums sums(block_count_, my_blocks_, static_cast<Index>(pairs.size()));
  parallel_for(threads_, static_cast<Index>(my_blocks_.size()), [&](Index i) {
    const Index begin = block_begin_[static_cast<std::size_t>(i)];
    const Index n = block_begin_[static_cast<std::size_t>(i) + 1] - begin;
    const std::span<double> of_block = sums.of_mine(i);
    for (std::size_t p = 0; p < pairs.size(); ++p) {
      of_block[p] = dot(pairs[p].first + begin, pairs[p].second + begin, n);
    }
  });
  sums.gather(team_);
  std::vector<double> result;
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    result.push_back(sums.over_all(static_cast<Index>(p)));
  }
  return result;
}

template <class T>
std::vector<AlignedVector<T>> FullBatch<T>::export_states() const {
  std::vector<AlignedVector<T>> states;
  for (const AlignedVector<T>& vector : lbfgs_->history()) {
    AlignedVector<T>& state = states.emplace_back(static_cast<std::size_t>(segment_.size()));
    for (std::size_t e = 0; e < places_.size(); ++e) {
      state[static_cast<std::size_t>(places_[e])] = vector[e];
    }
  }
  return states;
}

template <class T>
void FullBatch<T>::restore(const std::vector<AlignedVector<T>>& states) {
  std::vector<AlignedVector<T>> history;
  for (const AlignedVector<T>& state : states) {
    AlignedVector<T>& vector = history.emplace_back(places_.size());
    for (std::size_t e = 0; e < places_.size(); ++e) {
      vector[e] = state[static_cast<std::size_t>(places_[e])];
    }
  }
  lbfgs_->restore(std::move(history));
}

template class FullBatch<float>;
template class FullBatch<double>;

}  // namespace lockstep::trainer
