#include "core/parallel/fold.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace lockstep {
namespace {

using LengthBytes = std::array<std::byte, sizeof(std::uint64_t)>;

}  // namespace

Index tree_width(Index leaves) {
  Index width = 1;
  while (width < leaves) width *= 2;
  return width;
}

std::vector<TreeNode> canonical_nodes(Range range, Index leaves) {
  assert(0 <= range.begin && range.begin <= range.end && range.end <= leaves);
  std::vector<TreeNode> nodes;
  if (range.empty()) return nodes;
  const Index width = tree_width(leaves);
  // Who has the last leaf has the absent ones behind it as well.
  const Index end = range.end == leaves ? width : range.end;
  for (Index leaf = range.begin; leaf < range.end;) {
    Index span = leaf == 0 ? width : leaf & -leaf;
    while (leaf + span > end) span /= 2;
    nodes.push_back({leaf, span});
    leaf += span;
  }
  return nodes;
}

std::vector<TreeNode> subtrees_of(std::vector<TreeNode> nodes, Index leaves, Index wanted) {
  while (!nodes.empty() && static_cast<Index>(nodes.size()) < wanted) {
    const Index widest = std::max_element(nodes.begin(), nodes.end(), [](auto a, auto b) {
                           return a.span < b.span;
                         })->span;
    if (widest == 1) break;
    std::vector<TreeNode> halves;
    for (const TreeNode& node : nodes) {
      if (node.span < widest) {
        halves.push_back(node);
        continue;
      }
      const Index half = node.span / 2;
      halves.push_back({node.leaf, half});
      if (node.leaf + half < leaves) halves.push_back({node.leaf + half, half});
    }
    nodes = std::move(halves);
  }
  return nodes;
}

Bytes joined(const std::vector<Bytes>& messages) {
  Bytes bytes;
  for (const Bytes& message : messages) {
    const auto length = std::bit_cast<LengthBytes>(static_cast<std::uint64_t>(message.size()));
    bytes.insert(bytes.end(), length.begin(), length.end());
    bytes.insert(bytes.end(), message.begin(), message.end());
  }
  return bytes;
}

std::vector<std::span<const std::byte>> cut(std::span<const std::byte> joined) {
  std::vector<std::span<const std::byte>> messages;
  while (!joined.empty()) {
    LengthBytes length{};
    std::copy_n(joined.begin(), length.size(), length.begin());
    const auto size = static_cast<std::size_t>(std::bit_cast<std::uint64_t>(length));
    messages.push_back(joined.subspan(length.size(), size));
    joined = joined.subspan(length.size() + size);
  }
  return messages;
}

std::vector<std::vector<Bytes>> all_gather_lists(Team& team, const std::vector<Bytes>& mine) {
  std::vector<std::vector<Bytes>> lists;
  for (const Bytes& of_rank : team.all_gather(joined(mine))) {
    lists.emplace_back();
    for (const auto message : cut(of_rank)) {
      lists.back().emplace_back(message.begin(), message.end());
    }
  }
  return lists;
}

std::vector<double> tree_fold_sum(Team& team, const std::vector<Index>& boundaries,
                                  const std::vector<std::vector<double>>& local_leaves) {
  const Index first = boundaries[static_cast<std::size_t>(team.rank())];
  const auto leaf = [&](Index i) { return local_leaves[static_cast<std::size_t>(i - first)]; };
  const auto add = [](std::vector<double> left, const std::vector<double>& right) {
    assert(left.size() == right.size());
    for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
    return left;
  };
  return tree_fold<std::vector<double>>(team, boundaries, leaf, add);
}

}  // namespace lockstep
