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

/// Some blocks; the same on all ranks.
BlockSet some_blocks(Index blocks, Index which) {
  BlockSet set(blocks, which == 0);
  for (Index b = 0; b < blocks; ++b) {
    const bool chosen = which == 1 ? b % 3 == 1 : which == 2 && (b < 1 || b * 7919 % 11 < 6);
    if (chosen) set.add({b, b + 1});
  }
  return set;  // of which == 3: none
}
constexpr Index kSets = 4;

void expect_root_everywhere(Team& team, Index lanes, Index elements, Index which) {
  auto& communicator = dynamic_cast<Communicator&>(team);
  const auto boundaries = lane_boundaries(lanes, team.size());
  const std::vector<Block> blocks = blocks_of_elements(elements);
  const BlockSet set = some_blocks(static_cast<Index>(blocks.size()), which);
  const auto exchange = make_exchange<float>(
      communicator.transport(), {blocks, boundaries, lanes, 1, communicator.timeout()});
  EXPECT_EQ(exchange->nodes(), canonical_nodes(part_of(boundaries, team.rank()), lanes));
  const auto is_chosen = [&](Index e) { return set.contains(e / kBlock); };
  std::vector<std::vector<float>> nodes;
  std::vector<float*> arenas;
  for (const TreeNode& node : exchange->nodes()) {
    nodes.emplace_back();
    for (Index e = 0; e < elements; ++e) {
      nodes.back().push_back(is_chosen(e) ? sum_below(node, e) : 77.0F);
    }
  }
  for (auto& node : nodes) arenas.push_back(node.data());
  const float* root = exchange->reduce(arenas, set);

  // The owner of each segment writes what it got; sharing brings all segments to all ranks.
  std::vector<float> theta(static_cast<std::size_t>(elements), -1.0F);
  const Range segment = exchange->segment();
  for (Index e = segment.begin; e < segment.end; ++e) {
    if (is_chosen(e)) theta[static_cast<std::size_t>(e)] = root[e - segment.begin];
  }
  exchange->share(theta.data(), set);
  for (Index e = 0; e < elements; ++e) {
    const float expected = is_chosen(e) ? sum_below({0, lanes}, e) : -1.0F;
    if (theta[static_cast<std::size_t>(e)] == expected) continue;
    ADD_FAILURE() << team.size() << " ranks, " << lanes << " lanes, element " << e << " of "
                  << elements << ", blocks " << which;
    return;
  }
}

TEST(Exchange, TheRootOfTheTreeArrivesForAnyRanksLanesSizesAndBlocks) {
  test::for_each_team({1, 2, 3, 4, 5, 7, 8, 13, 16}, [](Team& team) {
    for (const Index lanes : {1, 2, 8, 64}) {
      for (const Index elements : {16, 1040, 20000}) {
        for (Index which = 0; which < kSets; ++which) {
          expect_root_everywhere(team, lanes, elements, which);
        }
      }
    }
  });
}

TEST(Exchange, HasTheSizeThatIsKnownBefore) {
  test::for_each_team({1, 2, 3, 4, 5, 7, 8, 13, 16}, [](Team& team) {
    auto& communicator = dynamic_cast<Communicator&>(team);
    for (const Index lanes : {1, 2, 8, 64}) {
      for (const Index elements : {16, 1040, 20000}) {
        const ExchangePlan plan{blocks_of_elements(elements), lane_boundaries(lanes, team.size()),
                                lanes, 1, communicator.timeout()};
        const auto exchange = make_exchange<float>(communicator.transport(), plan);
        const ExchangeSize expected{static_cast<Index>(exchange->nodes().size()),
                                    exchange->segment().size(), exchange->elements()};
        EXPECT_EQ(exchange_size(plan, team.rank(), team.size()), expected)
            << team.size() << " ranks, " << lanes << " lanes, " << elements << " elements";
      }
    }
  });
}

/// Counts the bytes that this rank sends.
class MeteredTransport final : public Transport {
 public:
  explicit MeteredTransport(Transport& transport) : transport_(transport) {}

  int rank() const override { return transport_.rank(); }
  int size() const override { return transport_.size(); }
  RequestPtr send(int to, int tag, std::span<const std::byte> data) override {
    sent_ += data.size();
    return transport_.send(to, tag, data);
  }
  RequestPtr receive(int from, int tag, std::span<std::byte> data) override {
    return transport_.receive(from, tag, data);
  }
  void wait(std::span<RequestPtr> requests, std::chrono::milliseconds timeout) override {
    transport_.wait(requests, timeout);
  }
  [[noreturn]] void abort(int exit_code) override {
    transport_.abort(exit_code);
    std::terminate();
  }

  std::size_t sent() const { return sent_; }

 private:
  Transport& transport_;
  std::size_t sent_ = 0;
};

TEST(Exchange, OtherBlocksAreNotSent) {
  test::for_each_team({2, 3, 4, 7}, [](Team& team) {
    auto& communicator = dynamic_cast<Communicator&>(team);
    MeteredTransport transport(communicator.transport());
    constexpr Index kElements = 100 * kBlock;
    const auto boundaries = lane_boundaries(64, team.size());
    const std::vector<Block> blocks = blocks_of_elements(kElements);
    const auto exchange =
        make_exchange<float>(transport, {blocks, boundaries, 64, 1, communicator.timeout()});
    std::vector<std::vector<float>> nodes(exchange->nodes().size(), std::vector<float>(kElements));
    std::vector<float*> arenas;
    for (auto& node : nodes) arenas.push_back(node.data());
    BlockSet set(100);
    set.add({40, 42});
    set.add({90, 91});
    exchange->reduce(arenas, set);
    std::vector<float> theta(kElements);
    exchange->share(theta.data(), set);
    // At most every node's three blocks, and three blocks to each other rank.
    const auto ranks = static_cast<std::size_t>(team.size());
    EXPECT_LE(transport.sent(), (nodes.size() + ranks - 1) * 3 * kBlock * sizeof(float));
  });
}

}  // namespace
}  // namespace lockstep::comm
