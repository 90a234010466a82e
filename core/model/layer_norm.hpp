#pragma once

#include "core/model/layer.hpp"

namespace lockstep {

/// y = γ·x̂ + β with x̂ = (x − μ)/√(σ² + ε), where μ and σ² are the mean and the variance (divided by
/// the width) of the units of a row, ε = 10⁻⁵; γ begins as 1, β as 0
/// [Ba, Kiros, Hinton 2016; as PyTorch's LayerNorm].
///   ∂L/∂x = (g − mean(g) − x̂·mean(g·x̂))/√(σ² + ε),  g = γ·∂L/∂y
///   ∂L/∂γ = Σ_rows ∂L/∂y·x̂,  ∂L/∂β = Σ_rows ∂L/∂y
template <class T>
class LayerNorm final : public Layer<T> {
 public:
  explicit LayerNorm(Index width) : width_(width) {}

  Index inputs() const override { return width_; }
  Index outputs() const override { return width_; }
  bool in_place() const override { return false; }
  bool derives_in_place() const override { return false; }
  /// μ and 1/√(σ² + ε).
  Index kept() const override { return 2; }
  std::vector<Tensor> tensors() const override;
  void initialize(Initialization how, const RandomStream& stream, std::uint64_t layer,
                  T* theta) const override;
  Index prepared_size() const override { return bias_offset(); }
  Index prepared_parts() const override { return 1; }
  void prepare(const T* theta, T* prepared, Index part) const override;
  void forward(Index n, Rows<const T> x, const T* theta, Rows<T> y, Rows<T> kept,
               const TrainingRows* rows) const override;
  void backward(Index n, const Forwarded<T>& done, Rows<const T> dy, const T* prepared,
                Rows<T> dx) const override;
  std::vector<GradientTile> gradient_tiles(Index pieces) const override;
  void gradient(std::span<const Range> leaves, const GradientTile& tile, const Forwarded<T>& done,
                Rows<const T> dy, T* dtheta) const override;

 private:
  Index bias_offset() const { return kernel::panel_matrix_size(1, width_); }

  Index width_;
};

}  // namespace lockstep
