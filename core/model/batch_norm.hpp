#pragma once

#include <vector>

#include "core/model/normalizing_layer.hpp"

namespace lockstep {

/// x̂ = (x − μ)/√(σ² + ε). In training μ and σ² are the mean and the variance (divided by their
/// number) of a unit over all rows of a step, wherever they are; where rows are scored, running
/// averages of these, which nobody trains. ε = 10⁻⁵ [Ioffe, Szegedy 2015; as PyTorch's
/// BatchNorm1d].
///   ∂L/∂x = (g − mean(g) − x̂·mean(g·x̂))/√(σ² + ε),  g = γ·∂L/∂y, means over all rows
///   running ← (1 − m)·running + m·(μ, σ² divided by one less than the number of rows)
///
/// Weights of rows are in ∂L/∂y alone: statistics count each row once. Of a single row x̂ is 0, and
/// running averages stay as they are.
template <class T>
class BatchNorm final : public NormalizingLayer<T> {
 public:
  using NormalizingLayer<T>::NormalizingLayer;

  /// Of a lane, or of lanes: the number of rows, and of each unit the mean and Σ(x − mean)².
  using Moments = std::vector<double>;
  /// Of a lane, or of lanes: of each unit Σ∂L/∂y and Σ∂L/∂y·x̂.
  using Slopes = std::vector<double>;

  /// And the running mean and variance.
  std::vector<Tensor> tensors() const override;
  void initialize(Initialization how, const RandomStream& stream, std::uint64_t layer,
                  T* theta) const override;
  /// μ, 1/√(σ² + ε), mean(∂L/∂y) and mean(∂L/∂y·x̂) of each unit, once for all rows.
  Index kept() const override { return 4 * this->vector_size(); }
  bool keeps_one_for_all_rows() const override { return true; }

  Moments moments(Range rows, Rows<const T> x) const;
  /// The moments of the rows behind both [Chan, Golub, LeVeque 1983].
  static Moments merge(Moments left, const Moments& right);
  /// Before forward: what all rows of the step have.
  void begin_forward(const Moments& of_all, T* kept) const;
  void forward(Index n, Rows<const T> x, const T* theta, Rows<T> y, Rows<T> kept,
               const TrainingRows* rows) const override;

  Slopes slopes(Range rows, const Forwarded<T>& done, Rows<const T> dy) const;
  static Slopes add(Slopes left, const Slopes& right);
  /// Before backward: what all rows of the step have.
  void begin_backward(const Slopes& of_all, const Moments& moments_of_all, T* kept) const;
  void backward(Index n, const Forwarded<T>& done, Rows<const T> dy, const T* prepared,
                Rows<T> dx) const override;

  /// @param momentum  m
  void update_running(const Moments& of_all, double momentum, T* theta) const;

 private:
  using NormalizingLayer<T>::width_;

  void normalize(const Forwarded<T>& done, Index row, Index first, Index columns,
                 T* normalized) const override;
};

}  // namespace lockstep
