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
/// panels; but for a single one of stride 1, which has no padding.
template <class T>
struct Rows {
  T* data = nullptr;
  Index stride = 0;

  T* row(Index r) const { return data + r * stride; }
  Rows from(Index r) const { return {row(r), stride}; }
  /// Elements of a row of so many columns, the padding included.
  Index padded(Index columns) const {
    return stride == 1 ? 1 : kernel::panel_count(columns) * kPanel;
  }
  operator Rows<const T>() const { return {data, stride}; }  // NOLINT(google-explicit-constructor)
};

/// What a layer may know of rows that it trains on, beside their values: enough to draw random
/// numbers for each that depend on nothing else.
struct TrainingRows {
  std::uint64_t seed = 0;
  Index epoch = 0;
  const Index* numbers = nullptr;  ///< of each row, among all training rows

  TrainingRows from(Index r) const { return {seed, epoch, numbers + r}; }
};

/// What forward has read and left of some rows.
template <class T>
struct Forwarded {
  Rows<const T> x;  ///< unless the layer is in place
  Rows<const T> y;  ///< unless the layer behind it is in place
  Rows<const T> kept;
};

/// One layer of a network. Immutable: θ and the activations belong to the network's pass.
///
/// θ arguments point at the layer's first tensor; the tensors of a layer lie one after another.
/// What is here already is that of a layer without parameters.
template <class T>
class Layer {
 public:
  virtual ~Layer() = default;

  virtual Index inputs() const = 0;
  virtual Index outputs() const = 0;
  /// y replaces x, which backward does not read.
  virtual bool in_place() const = 0;
  /// dx replaces dy, which gradient does not read.
  virtual bool derives_in_place() const = 0;
  /// Elements of a row that forward leaves for what comes after; or, of a layer that goes by all
  /// rows of a step, those that say what it goes by.
  virtual Index kept() const { return 0; }
  virtual bool keeps_one_for_all_rows() const { return false; }
  /// It is left out where rows are scored.
  virtual bool only_trains() const { return false; }

  /// Names ("weight"), shapes and offsets from the layer's first tensor.
  virtual std::vector<Tensor> tensors() const { return {}; }
  virtual void initialize(Initialization /*how*/, const RandomStream& /*stream*/,
                          std::uint64_t /*layer*/, T* /*theta*/) const {}

  /// Elements of what `prepare` derives from θ for `backward`, and the pieces it is made in.
  virtual Index prepared_size() const { return 0; }
  virtual Index prepared_parts() const { return 0; }
  virtual void prepare(const T* /*theta*/, T* /*prepared*/, Index /*part*/) const {}

  /// y = f(x) for n rows; each row by itself.
  /// @param rows  null where they are scored only
  virtual void forward(Index n, Rows<const T> x, const T* theta, Rows<T> y, Rows<T> kept,
                       const TrainingRows* rows) const = 0;
  /// dx = ∂L/∂x from dy = ∂L/∂y for n rows; each row by itself.
  virtual void backward(Index n, const Forwarded<T>& done, Rows<const T> dy, const T* prepared,
                        Rows<T> dx) const = 0;

  /// The pieces of ∂L/∂θ for about `pieces` pieces of equal work.
  virtual std::vector<GradientTile> gradient_tiles(Index /*pieces*/) const { return {}; }
  /// One piece: sums over the rows of each leaf, folded in tree order, into dtheta.
  virtual void gradient(std::span<const Range> /*leaves*/, const GradientTile& /*tile*/,
                        const Forwarded<T>& /*done*/, Rows<const T> /*dy*/, T* /*dtheta*/) const {}
};

}  // namespace lockstep
