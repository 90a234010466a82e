#include "core/model/blocks.hpp"

#include <algorithm>

namespace lockstep {

std::vector<Block> blocks_of(const std::vector<Tensor>& tensors) {
  std::vector<Block> blocks;
  for (std::size_t t = 0; t < tensors.size(); ++t) {
    const Index end = tensors[t].offset + tensors[t].size();
    for (Index begin = tensors[t].offset; begin < end; begin += kBlock) {
      blocks.push_back({t, {begin, std::min(begin + kBlock, end)}});
    }
  }
  return blocks;
}

Index block_start(const std::vector<Block>& blocks, Index i) {
  if (blocks.empty()) return 0;
  return i < static_cast<Index>(blocks.size()) ? blocks[static_cast<std::size_t>(i)].elements.begin
                                               : blocks.back().elements.end;
}

}  // namespace lockstep
