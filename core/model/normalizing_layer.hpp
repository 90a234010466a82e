#pragma once

#include "core/model/layer.hpp"

namespace lockstep {

/// ε of 1/√(σ² + ε), by which a unit without variance is divided too.
inline constexpr double kNormalizationEpsilon = 1e-5;

/// y = γ·x̂ + β, where x̂ is what a kind of normalisation makes of x; γ begins as 1, β as 0.
///   ∂L/∂γ = Σ_rows ∂L/∂y·x̂,  ∂L/∂β = Σ_rows ∂L/∂y
template <class T>
class NormalizingLayer : public Layer<T> {
 public:
  explicit NormalizingLayer(Index width) : width_(width) {}

  Index inputs() const override { return width_; }
  Index outputs() const override { return width_; }
  bool in_place() const override { return false; }
  bool derives_in_place() const override { return false; }
  std::vector<Tensor> tensors() const override;
  void initialize(Initialization how, const RandomStream& stream, std::uint64_t layer,
                  T* theta) const override;
  /// γ.
  Index prepared_size() const override { return vector_size(); }
  Index prepared_parts() const override { return 1; }
  void prepare(const T* theta, T* prepared, Index part) const override;
  std::vector<GradientTile> gradient_tiles(Index pieces) const override;
  void gradient(std::span<const Range> leaves, const GradientTile& tile, const Forwarded<T>& done,
                Rows<const T> dy, T* dtheta) const override;

 protected:
  /// Elements of a vector of the width, padding included; the padding of rows holds zeros, since
  /// that of the parameters behind them does.
  Index vector_size() const { return kernel::panel_matrix_size(1, width_); }
  const T* scale(const T* theta) const { return theta; }
  const T* shift(const T* theta) const { return theta + vector_size(); }
  void clear_padding(T* row) const;

  Index width_;

 private:
  /// x̂ of `columns` units of a row, from a unit on.
  virtual void normalize(const Forwarded<T>& done, Index row, Index first, Index columns,
                         T* normalized) const = 0;
};

}  // namespace lockstep
