#pragma once

#include <vector>

#include "core/base/types.hpp"
#include "core/model/tensor.hpp"

namespace lockstep {

/// A piece of a tensor's place in an arena: kBlock elements, fewer at the tensor's end.
struct Block {
  std::size_t tensor = 0;
  Range elements;  ///< of the arena
};

/// The blocks of all tensors, in the order of the arena, which they cover without a hole.
std::vector<Block> blocks_of(const std::vector<Tensor>& tensors);

/// The arena element at which block i starts; with i = blocks.size(), the end of the arena.
Index block_start(const std::vector<Block>& blocks, Index i);

}  // namespace lockstep
