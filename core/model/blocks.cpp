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

BlockSet::BlockSet(Index blocks, bool all)
    : words_(static_cast<std::size_t>((blocks + kWordBits - 1) / kWordBits)) {
  if (all) add({0, blocks});
}

void BlockSet::add(Range blocks) {
  for (Index block = blocks.begin; block < blocks.end; ++block) {
    words_[static_cast<std::size_t>(block / kWordBits)] |=
        static_cast<std::int64_t>(std::uint64_t{1} << (block % kWordBits));
  }
}

std::vector<Range> BlockSet::runs(Range within) const {
  std::vector<Range> runs;
  for (Index block = within.begin; block < within.end; ++block) {
    if (!contains(block)) continue;
    if (runs.empty() || runs.back().end != block) runs.push_back({block, block});
    ++runs.back().end;
  }
  return runs;
}

void BlockSet::unite(Team& team) { team.all_reduce(words_, IntegerReduction::bit_or); }

}  // namespace lockstep
