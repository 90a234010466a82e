#pragma once

#include "core/kernel/sparse_product.hpp"
#include "core/model/layer.hpp"

namespace lockstep {

/// y = x·W + b, with W inputs×outputs.
///   ∂L/∂x = ∂L/∂y·Wᵀ,  ∂L/∂W = Σ_rows xᵀ·∂L/∂y,  ∂L/∂b = Σ_rows ∂L/∂y
///
/// Initial weights, each a pure function of (seed, layer, input, output):
///   he      normal, variance 2/inputs                        [He et al. 2015, eq. 10]
///   xavier  uniform in ±√(6/(inputs + outputs))              [Glorot, Bengio 2010, eq. 16]
///   zero    0
/// Biases start at 0.
template <class T>
class Affine final : public Layer<T> {
 public:
  Affine(Index inputs, Index outputs) : inputs_(inputs), outputs_(outputs) {}

  Index inputs() const override { return inputs_; }
  Index outputs() const override { return outputs_; }
  bool in_place() const override { return false; }
  bool derives_in_place() const override { return false; }
  std::vector<Tensor> tensors() const override;
  void initialize(Initialization how, const RandomStream& stream, std::uint64_t layer,
                  T* theta) const override;
  Index prepared_size() const override;
  Index prepared_parts() const override { return kernel::panel_count(inputs_); }
  void prepare(const T* theta, T* prepared, Index part) const override;
  void forward(Index n, Rows<const T> x, const T* theta, Rows<T> y, Rows<T> kept,
               const TrainingRows* rows) const override;
  /// forward of sparse rows: row r of y is of row rows[r] of x. The same bits.
  void forward(Index n, const kernel::SparseRows<T>& x, const Index* rows, const T* theta,
               Rows<T> y) const;
  void backward(Index n, const Forwarded<T>& done, Rows<const T> dy, const T* prepared,
                Rows<T> dx) const override;
  std::vector<GradientTile> gradient_tiles(Index pieces) const override;
  void gradient(std::span<const Range> leaves, const GradientTile& tile, const Forwarded<T>& done,
                Rows<const T> dy, T* dtheta) const override;

 private:
  void add_bias(Index n, const T* theta, Rows<T> y) const;
  void gradient_of_vector(std::span<const Range> leaves, Range inputs, Rows<const T> x,
                          Rows<const T> dy, T* dweights) const;
  /// The weights of one output lie side by side; in panels they would take sixteen times the
  /// memory.
  bool has_vector() const { return outputs_ == 1; }
  Index bias_offset() const {
    return has_vector() ? kernel::panel_matrix_size(1, inputs_)
                        : kernel::panel_matrix_size(inputs_, outputs_);
  }

  Index inputs_;
  Index outputs_;
};

}  // namespace lockstep
