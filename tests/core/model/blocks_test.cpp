#include "core/model/blocks.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/ranks.hpp"

namespace lockstep {
namespace {

using Runs = std::vector<Range>;

TEST(BlockSet, HasTheRunsOfItsBlocks) {
  BlockSet set(200);
  EXPECT_EQ(set.runs({0, 200}), Runs());
  set.add({3, 5});
  set.add({63, 130});
  set.add({130, 131});
  set.add({7, 7});
  EXPECT_EQ(set.runs({0, 200}), (Runs{{3, 5}, {63, 131}}));
  EXPECT_EQ(set.runs({4, 100}), (Runs{{4, 5}, {63, 100}}));
  EXPECT_EQ(set.runs({5, 63}), Runs());
  for (Index b = 0; b < 200; ++b) {
    EXPECT_EQ(set.contains(b), (3 <= b && b < 5) || (63 <= b && b < 131)) << b;
  }
  EXPECT_EQ(BlockSet(64, true).runs({0, 64}), (Runs{{0, 64}}));
  EXPECT_EQ(BlockSet(0, true).runs({0, 0}), Runs());
}

TEST(BlockSet, BecomesTheUnionOfAllRanks) {
  test::for_each_thread_team({1, 2, 3, 4, 7, 16}, [](Team& team) {
    BlockSet set(150);
    set.add({10 * team.rank(), 10 * team.rank() + 1});
    if (team.rank() == team.size() - 1) set.add({127, 129});
    set.unite(team);
    for (Index b = 0; b < 150; ++b) {
      const bool expected = (b % 10 == 0 && b < 10 * team.size()) || b == 127 || b == 128;
      EXPECT_EQ(set.contains(b), expected) << b;
    }
  });
}

}  // namespace
}  // namespace lockstep
