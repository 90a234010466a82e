#include "trainer/run/full_batch.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

#include "core/model/losses.hpp"
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

/// Σ term(i) for i < n, in eight sums side by side.
template <class Term>
double sum_of(Index n, const Term& term) {
  constexpr Index kLanes = 8;
  std::array<double, kLanes> sums{};
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (Index l = 0; l < kLanes; ++l) sums[static_cast<std::size_t>(l)] += term(i + l);
  }
  for (; i < n; ++i) sums[0] += term(i);
  double sum = 0;
  for (const double s : sums) sum += s;
  return sum;
}

/// The sum of a product over a range, in double.
template <class T>
double sum_of(const typename LbfgsProblem<T>::Product& product, Index begin, Index n) {
  const auto at = [&](const T* vector, Index i) { return static_cast<double>(vector[begin + i]); };
  if (product.weights == nullptr) {
    return sum_of(n, [&](Index i) { return at(product.a, i) * at(product.b, i); });
  }
  return sum_of(
      n, [&](Index i) { return at(product.weights, i) * (at(product.a, i) * at(product.b, i)); });
}

}  // namespace

template <class T>
double known_curvature(const Network<T>& network) {
  if (network.layer_count() > 1) return 0;
  return curvature_at_zero(network.spec().loss, network.spec().outputs);
}
template double known_curvature(const Network<float>&);
template double known_curvature(const Network<double>&);

Index full_batch_vectors(const TrainingOptions& options, bool has_curvature) {
  return lbfgs_vectors(options.lbfgs, has_curvature) + 1 + (options.penalty.l1 > 0 ? 1 : 0) +
         (options.penalty.l2 > 0 ? 1 : 0);
}

template <class T>
FullBatch<T>::FullBatch(Team& team, const std::vector<Tensor>& tensors,
                        const std::vector<Block>& blocks, Range segment,
                        const TrainingOptions& options, Index rows, int threads, T* theta,
                        std::function<RowsAtTheta<T>()> evaluate,
                        std::function<const T*()> rows_curvature)
    : team_(team),
      segment_(segment),
      rows_(static_cast<double>(rows)),
      threads_(threads),
      block_count_(static_cast<Index>(blocks.size())),
      theta_(theta + segment.begin),
      evaluate_(std::move(evaluate)),
      rows_curvature_(std::move(rows_curvature)),
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
  for (std::size_t e = 0; e < places_.size(); ++e) gradient[e] += T(2) * l2_[e] * x[e];
  const typename LbfgsProblem<T>::Product penalty{x, x, l2_.data()};
  return loss + dots({&penalty, 1}).front();
}

/// That of the rows' losses, plus that of the penalty.
template <class T>
AlignedVector<T> FullBatch<T>::curvature() {
  const T* sum = rows_curvature_();
  AlignedVector<T> result(places_.size());
  for (std::size_t e = 0; e < places_.size(); ++e) {
    result[e] = sum[places_[e]] / static_cast<T>(rows_);
    if (has_l2_) result[e] += T(2) * l2_[e];
    if (result[e] == T(0)) result[e] = T(1);  // what no row has stays as it is
  }
  return result;
}

template <class T>
std::vector<double> FullBatch<T>::dots(
    std::span<const typename LbfgsProblem<T>::Product> products) {
  BlockSums sums(block_count_, my_blocks_, static_cast<Index>(products.size()));
  parallel_for(threads_, static_cast<Index>(my_blocks_.size()), [&](Index i) {
    const Index begin = block_begin_[static_cast<std::size_t>(i)];
    const Index n = block_begin_[static_cast<std::size_t>(i) + 1] - begin;
    const std::span<double> of_block = sums.of_mine(i);
    for (std::size_t p = 0; p < products.size(); ++p)
      of_block[p] = sum_of<T>(products[p], begin, n);
  });
  sums.gather(team_);
  std::vector<double> result;
  for (std::size_t p = 0; p < products.size(); ++p) {
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
void FullBatch<T>::restore(const std::vector<AlignedVector<T>>& states,
                           const LbfgsProgress& progress) {
  std::vector<AlignedVector<T>> history;
  for (const AlignedVector<T>& state : states) {
    AlignedVector<T>& vector = history.emplace_back(places_.size());
    for (std::size_t e = 0; e < places_.size(); ++e) {
      vector[e] = state[static_cast<std::size_t>(places_[e])];
    }
  }
  lbfgs_->restore(std::move(history), progress);
}

template class FullBatch<float>;
template class FullBatch<double>;

}  // namespace lockstep::trainer
