#pragma once

#include "core/model/normalizing_layer.hpp"

namespace lockstep {

/// x̂ = (x − μ)/√(σ² + ε), where μ and σ² are the mean and the variance (divided by the width) of
/// the units of a row, ε = 10⁻⁵ [Ba, Kiros, Hinton 2016; as PyTorch's LayerNorm].
///   ∂L/∂x = (g − mean(g) − x̂·mean(g·x̂))/√(σ² + ε),  g = γ·∂L/∂y
template <class T>
class LayerNorm final : public NormalizingLayer<T> {
 public:
  using NormalizingLayer<T>::NormalizingLayer;

  /// μ and 1/√(σ² + ε).
  Index kept() const override { return 2; }
  void forward(Index n, Rows<const T> x, const T* theta, Rows<T> y, Rows<T> kept,
               const TrainingRows* rows) const override;
  void backward(Index n, const Forwarded<T>& done, Rows<const T> dy, const T* prepared,
                Rows<T> dx) const override;

 private:
  using NormalizingLayer<T>::width_;

  void normalize(const Forwarded<T>& done, Index row, Index first, Index columns,
                 T* normalized) const override;
};

}  // namespace lockstep
