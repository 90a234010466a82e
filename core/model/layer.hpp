#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/random.hpp"
#include "core/base/types.hpp"
#include "core/model/tensor.hpp"

namespace lockstep {

enum class Initialization { automatic, he, xavier, zero };

/// A piece of a layer's gradient that a thread computes alone.
struct GradientTile {
  std::size_t tensor = 0;  ///< of the layer's tensors
  Range inputs;
  Range panels;
};

/// Row-major matrix of a batch: row r starts at data + r·stride. Columns are padded to whole
/// panels.
template <class T>
struct Rows {
  T* data = nullptr;
  Index stride = 0;

  T* row(Index r) const { return data + r * stride; }
  Rows from(Index r) const { return {row(r), stride}; }
  operator Rows<const T>() const { return {data, stride}; }  // NOLINT(google-explicit-constructor)
};

/// One layer of a network. Immutable: θ and the activations belong to the network's pass.
///
/// θ arguments point at the layer's first tensor; the tensors of a layer lie one after another.
template <class T>
class Layer {
 public:
  virtual ~Layer() = default;

  virtual Index inputs() const = 0;
  virtual Index outputs() const = 0;
  /// y replaces x: the layer is elementwise and its derivative follows from y.
  virtual bool in_place() const = 0;

  /// Names ("weight"), shapes and offsets from the layer's first tensor.
  virtual std::vector<Tensor> tensors() const = 0;
  virtual void initialize(Initialization how, const RandomStream& stream, std::uint64_t layer,
                          T* theta) const = 0;

  /// Elements of what `prepare` derives from θ for `backward`, and the pieces it is made in.
  virtual Index prepared_size() const = 0;
  virtual Index prepared_parts() const = 0;
  virtual void prepare(const T* theta, T* prepared, Index part) const = 0;

  /// y = f(x) for n rows; each row by itself.
  virtual void forward(Index n, Rows<const T> x, const T* theta, Rows<T> y) const = 0;
  /// dx = ∂L/∂x from dy = ∂L/∂y for n rows; each row by itself. In place: dx is dy.
  virtual void backward(Index n, Rows<const T> y, Rows<const T> dy, const T* prepared,
                        Rows<T> dx) const = 0;

  /// The pieces of ∂L/∂θ for about `pieces` pieces of equal work.
  virtual std::vector<GradientTile> gradient_tiles(Index pieces) const = 0;
  /// One piece: sums over the rows of each leaf, folded in tree order, into dtheta.
  virtual void gradient(std::span<const Range> leaves, const GradientTile& tile, Rows<const T> x,
                        Rows<const T> dy, T* dtheta) const = 0;
};

}  // namespace lockstep
