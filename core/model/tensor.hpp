#pragma once

#include <string>

#include "core/base/types.hpp"
#include "core/kernel/product.hpp"

namespace lockstep {

/// One parameter tensor: a panel matrix inputs × outputs in the arena of θ, and at the same place
/// in the arenas of gradients and optimizer state. A vector has one input, and so no padding but at
/// its end: a bias, or the weights of one output.
struct Tensor {
  std::string name;  ///< as PyTorch would name it: "layers.0.weight"
  Index inputs = 0;
  Index outputs = 0;
  bool penalised = false;  ///< weights are, biases are not
  Index offset = 0;        ///< elements from the start of the arena; a multiple of 16
  bool trained = true;     ///< by its gradient; a running average is not
  /// A file has a row for each input, as of an embedding or a vector; else one for each output.
  bool has_row_for_each_input = false;

  friend bool operator==(const Tensor&, const Tensor&) = default;

  /// Elements in the arena, padding included.
  Index size() const { return kernel::panel_matrix_size(inputs, outputs); }
  /// Parameters, padding excluded.
  Index count() const { return inputs * outputs; }
};

/// Every tensor is cut into blocks of this many elements: the unit of ownership among ranks, and of
/// sums over θ.
inline constexpr Index kBlock = 1024;

}  // namespace lockstep
