#pragma once

#include <cstdint>
#include <vector>

#include "core/base/types.hpp"
#include "core/model/tensor.hpp"
#include "core/parallel/team.hpp"

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

/// Some of the blocks of an arena.
class BlockSet {
 public:
  /// None of so many blocks, or all.
  explicit BlockSet(Index blocks, bool all = false);

  void add(Range blocks);
  bool contains(Index block) const {
    return (words_[static_cast<std::size_t>(block / kWordBits)] >> (block % kWordBits) & 1) != 0;
  }
  /// The runs of blocks in `within` that belong to the set, ascending; none follows on another.
  std::vector<Range> runs(Range within) const;
  /// The sets of all ranks become their union. *Collective*; sends a bit a block.
  void unite(Team& team);

 private:
  static constexpr Index kWordBits = 64;

  std::vector<std::int64_t> words_;
};

}  // namespace lockstep
