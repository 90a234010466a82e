#include "trainer/run/block_sums.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "core/parallel/fold.hpp"

namespace lockstep::trainer {

BlockSums::BlockSums(Index blocks, std::vector<Index> mine, Index width)
    : blocks_(blocks),
      mine_(std::move(mine)),
      width_(width),
      mine_sums_(mine_.size() * static_cast<std::size_t>(width)),
      sums_(static_cast<std::size_t>(blocks * width)) {}

void BlockSums::gather(Team& team) {
  const std::vector<Bytes> numbers = team.all_gather(std::as_bytes(std::span(mine_)));
  const std::vector<Bytes> values = team.all_gather(std::as_bytes(std::span(mine_sums_)));
  for (std::size_t rank = 0; rank < numbers.size(); ++rank) {
    const auto blocks = FoldCodec<std::vector<Index>>::decode(numbers[rank]);
    const auto of_rank = FoldCodec<std::vector<double>>::decode(values[rank]);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      std::copy_n(of_rank.begin() + static_cast<std::ptrdiff_t>(i) * width_, width_,
                  sums_.begin() + blocks[i] * width_);
    }
  }
}

double BlockSums::over(Range blocks, Index kind) const {
  return fold_subtree<double>(
      {0, tree_width(blocks.size())}, blocks.size(),
      [&](TreeNode node) -> std::optional<double> {
        if (node.span > 1) return std::nullopt;
        return sums_[static_cast<std::size_t>((blocks.begin + node.leaf) * width_ + kind)];
      },
      std::plus<>());
}

}  // namespace lockstep::trainer
