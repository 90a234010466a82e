#pragma once

#include <vector>

#include "core/model/layer.hpp"

namespace lockstep {

/// A feature that is the index of a category, or behind all of them where it is none of them.
struct EmbeddedFeature {
  Index feature = 0;     ///< place among the features
  Index categories = 0;  ///< indices 0 … categories − 1
  Index dimension = 0;   ///< numbers that stand for each

  friend bool operator==(const EmbeddedFeature&, const EmbeddedFeature&) = default;
};

/// y is x with row k of a weight matrix, categories × dimension, in the place of each feature that
/// is a category k: learned numbers for each, of which those that resemble each other come to lie
/// close together [Guo, Berkhahn 2016; as PyTorch's Embedding]. They begin as normal numbers with
/// mean 0 and variance 1. For an index that is none of the categories there are zeros.
///   ∂L/∂W_k = Σ_rows with category k ∂L/∂y
/// The first layer of a network: nobody asks it for ∂L/∂x.
template <class T>
class Embedding final : public Layer<T> {
 public:
  /// @param inputs    features, embedded or not
  /// @param embedded  in the order of the features
  Embedding(Index inputs, const std::vector<EmbeddedFeature>& embedded);

  Index inputs() const override { return inputs_; }
  Index outputs() const override { return outputs_; }
  bool in_place() const override { return false; }
  bool derives_in_place() const override { return false; }
  std::vector<Tensor> tensors() const override;
  void initialize(Initialization how, const RandomStream& stream, std::uint64_t layer,
                  T* theta) const override;
  void forward(Index n, Rows<const T> x, const T* theta, Rows<T> y, Rows<T> kept,
               const TrainingRows* rows) const override;
  void backward(Index n, const Forwarded<T>& done, Rows<const T> dy, const T* prepared,
                Rows<T> dx) const override;
  std::vector<GradientTile> gradient_tiles(Index pieces) const override;
  void gradient(std::span<const Range> leaves, const GradientTile& tile, const Forwarded<T>& done,
                Rows<const T> dy, T* dtheta) const override;

 private:
  /// A weight matrix, and where its numbers go.
  struct Table {
    EmbeddedFeature of;
    Index output = 0;  ///< the first of its columns of y
    Index offset = 0;  ///< elements from the layer's first tensor
  };

  Index inputs_;
  Index outputs_ = 0;
  std::vector<Table> tables_;
};

}  // namespace lockstep
