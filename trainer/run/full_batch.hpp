#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "core/base/memory.hpp"
#include "core/model/blocks.hpp"
#include "core/model/network.hpp"
#include "core/optimize/lbfgs.hpp"
#include "core/parallel/team.hpp"
#include "trainer/run/training_options.hpp"

namespace lockstep::trainer {

/// What the rows say of θ, all of them.
template <class T>
struct RowsAtTheta {
  double loss_sum = 0;              ///< each row's loss, times its weight
  const T* gradient_sum = nullptr;  ///< of that, this rank's segment
};

/// One rank's share of L-BFGS over all rows in each step: minimises mean loss + penalties. A vector
/// of it has the parameters of this rank's segment without the padding.
template <class T>
class FullBatch final : private LbfgsProblem<T> {
 public:
  /// @param theta     the arena, which iterations change
  /// @param evaluate  brings this rank's segment of θ to all ranks, and asks their rows.
  /// @param rows_curvature  this rank's segment of the sum over all rows of what the diagonal of
  ///                  the Hessian is thought to be; nothing where nobody knows
  /// *Collective*
  FullBatch(Team& team, const std::vector<Tensor>& tensors, const std::vector<Block>& blocks,
            Range segment, const TrainingOptions& options, Index rows, int threads, T* theta,
            std::function<RowsAtTheta<T>()> evaluate, std::function<const T*()> rows_curvature);

  using Outcome = typename Lbfgs<T>::Outcome;
  /// One iteration. The rows were asked last at the θ that it leaves. *Collective*.
  Outcome iterate();

  /// Arrays like θ's segment that hold the history.
  Index states() const { return static_cast<Index>(lbfgs_->history().size()); }
  std::vector<AlignedVector<T>> export_states() const;
  const LbfgsProgress& progress() const { return lbfgs_->progress(); }
  void restore(const std::vector<AlignedVector<T>>& states, const LbfgsProgress& progress);
  Index parameters() const { return size(); }

 private:
  Index size() const override { return static_cast<Index>(places_.size()); }
  double evaluate(const T* x, T* gradient) override;
  bool has_l1() const override { return has_l1_; }
  std::span<const T> l1() const override { return l1_; }
  bool has_curvature() const override { return static_cast<bool>(rows_curvature_); }
  AlignedVector<T> curvature() override;
  std::vector<double> dots(std::span<const typename LbfgsProblem<T>::Product> products) override;

  Team& team_;
  Range segment_;
  double rows_;
  int threads_;
  Index block_count_;
  T* theta_;  // of the segment
  std::function<RowsAtTheta<T>()> evaluate_;
  std::function<const T*()> rows_curvature_;
  std::vector<Index> my_blocks_;
  std::vector<Index> places_;       // of the parameters in the segment
  std::vector<Index> block_begin_;  // of each of my blocks in places_, and the end
  bool has_l1_;
  bool has_l2_;
  AlignedVector<T> l1_;
  AlignedVector<T> l2_;  // λ₂ of each parameter; empty without
  AlignedVector<T> x_;
  std::optional<Lbfgs<T>> lbfgs_;
};

/// The second derivative of the loss with respect to the scores where these are 0, of a network
/// that is one layer: the Hessian's diagonal is then that times sums of squares of the features, or
/// about so. 0 of any other.
template <class T>
double known_curvature(const Network<T>& network);

/// Vectors that it allocates, each with as many elements as the segment has parameters.
Index full_batch_vectors(const TrainingOptions& options, bool has_curvature);

}  // namespace lockstep::trainer
