#include "comm/exchange.hpp"

#include <gtest/gtest.h>

#include "core/parallel/lanes.hpp"
#include "core/parallel/ranges.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep::comm {
namespace {

/// Element e of the node of lane l, of values that round when they are added.
float leaf(Index lane, Index element) {
  return 1.0F / static_cast<float>(1 + (lane * 7919 + element * 104729) % 10007);
}

/// The tree's sum below a node, by its definition.
float sum_below(TreeNode node, Index element) {
  if (node.span == 1) return leaf(node.leaf, element);
  const Index half = node.span / 2;
  return sum_below({node.leaf, half}, element) + sum_below({node.leaf + half, half}, element);
}

std::vector<Block> blocks_of_elements(Index n) {
  std::vector<Block> blocks;
  for (Index begin = 0; begin < n; begin += kBlock) {
    blocks.push_back({0, {begin, std::min(begin + kBlock, n)}});
  }
  return blocks;
}

void expect_root_everywhere(Team& team, Index lanes, Index elements) {
  auto& communicator = dynamic_cast<Communicator&>(team);
  const auto boundaries = lane_boundaries(lanes, team.size());
  const auto exchange = make_exchange<float>(
      communicator.transport(),
      {blocks_of_elements(elements), boundaries, lanes, 1, communicator.timeout()});
  EXPECT_EQ(exchange->nodes(), canonical_nodes(part_of(boundaries, team.rank()), lanes));
  std::vector<std::vector<float>> nodes;
  std::vector<float*> arenas;
  for (const TreeNode& node : exchange->nodes()) {
    nodes.emplace_back();
    for (Index e = 0; e < elements; ++e) nodes.back().push_back(sum_below(node, e));
  }
  for (auto& node : nodes) arenas.push_back(node.data());
  const float* root = exchange->reduce(arenas);

  // The owner of each segment writes what it got; sharing brings all segments to all ranks.
  std::vector<float> theta(static_cast<std::size_t>(elements), -1.0F);
  const Range segment = exchange->segment();
  for (Index e = segment.begin; e < segment.end; ++e) {
    theta[static_cast<std::size_t>(e)] = root[e - segment.begin];
  }
  exchange->share(theta.data());
  for (Index e = 0; e < elements; ++e) {
    const float expected = sum_below({0, lanes}, e);
    if (theta[static_cast<std::size_t>(e)] == expected) continue;
    ADD_FAILURE() << team.size() << " ranks, " << lanes << " lanes, element " << e << " of "
                  << elements;
    return;
  }
}

TEST(Exchange, TheRootOfTheTreeArrivesForAnyRanksLanesAndSizes) {
  test::for_each_team({1, 2, 3, 4, 5, 7, 8, 13, 16}, [](Team& team) {
    for (const Index lanes : {1, 2, 8, 64}) {
      for (const Index elements : {16, 1040, 20000}) {
        expect_root_everywhere(team, lanes, elements);
      }
    }
  });
}

}  // namespace
}  // namespace lockstep::comm
