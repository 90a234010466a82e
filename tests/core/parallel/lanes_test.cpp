#include "core/parallel/lanes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/parallel/fold.hpp"
#include "core/parallel/ranges.hpp"

namespace lockstep {
namespace {

TEST(Lanes, CoverEveryRowOnceForAnyGeometry) {
  for (const Index rows : {0, 1, 5, 8, 203, 1003}) {
    for (const Index lanes : {1, 2, 8, 16}) {
      for (const Index batch : {1, 3, 8, 100, 5000}) {
        const Lanes geometry(rows, lanes, batch);
        std::set<Index> used;
        for (Index step = 0; step < geometry.steps(); ++step) {
          Index in_step = 0;
          for (Index lane = 0; lane < lanes; ++lane) {
            const Range positions = geometry.positions(lane, step);
            EXPECT_LE(positions.size(), geometry.most_rows_of_a_lane());
            for (Index j = positions.begin; j < positions.end; ++j) {
              const Index place = j * lanes + lane;
              EXPECT_EQ(place / batch, step);
              used.insert(geometry.rows_of(lane).begin + j);
              EXPECT_TRUE(geometry.rows_of(lane).contains(geometry.rows_of(lane).begin + j));
              ++in_step;
            }
          }
          EXPECT_EQ(in_step, geometry.rows_in(step));
        }
        EXPECT_EQ(static_cast<Index>(used.size()), rows);
      }
    }
  }
}

TEST(Lanes, BoundariesAreEvenForPowersOfTwoAndGiveAtMostFourNodes) {
  EXPECT_EQ(lane_boundaries(8, 4), (std::vector<Index>{0, 2, 4, 6, 8}));
  EXPECT_EQ(lane_boundaries(2, 3), (std::vector<Index>{0, 0, 1, 2}));
  for (const Index lanes : {1, 8, 64, 1024, 65536}) {
    for (int ranks = 1; ranks <= 40; ++ranks) {
      const auto boundaries = lane_boundaries(lanes, ranks);
      EXPECT_EQ(boundaries.front(), 0);
      EXPECT_EQ(boundaries.back(), lanes);
      for (int r = 0; r < ranks; ++r) {
        const Range mine = part_of(boundaries, r);
        EXPECT_LE(canonical_nodes(mine, lanes).size(), 4U) << lanes << " lanes, " << ranks;
      }
    }
  }
}

TEST(Lanes, AutomaticCountLeavesThirtyTwoRows) {
  EXPECT_EQ(automatic_lanes(1), 1);
  EXPECT_EQ(automatic_lanes(63), 1);
  EXPECT_EQ(automatic_lanes(64), 2);
  EXPECT_EQ(automatic_lanes(256), 8);
  EXPECT_EQ(automatic_lanes(1000000), 64);
}

TEST(LaneOrder, IsAPermutationForEveryShuffle) {
  for (const Shuffle shuffle : {Shuffle::none, Shuffle::rows, Shuffle::blocks}) {
    for (const Index rows : {0, 1, 1023, 5000, 40000}) {
      std::vector<Index> order = lane_order(shuffle, 1, 2, 3, rows);
      EXPECT_EQ(order, lane_order(shuffle, 1, 2, 3, rows)) << "a pure function";
      if (shuffle != Shuffle::none && rows > 100) {
        EXPECT_NE(order, lane_order(shuffle, 1, 3, 3, rows)) << "another epoch";
        EXPECT_NE(order, lane_order(shuffle, 1, 2, 4, rows)) << "another lane";
      }
      std::sort(order.begin(), order.end());
      for (Index i = 0; i < rows; ++i) ASSERT_EQ(order[static_cast<std::size_t>(i)], i);
    }
  }
}

TEST(LaneOrder, OfBlocksStaysWithinAWindowOfSixteenBlocks) {
  constexpr Index kRows = 40 * kShuffleBlock;
  const auto order = lane_order(Shuffle::blocks, 1, 1, 0, kRows);
  for (Index begin = 0; begin < kRows; begin += kShuffleWindow * kShuffleBlock) {
    std::set<Index> blocks;
    const Index end = std::min(kRows, begin + kShuffleWindow * kShuffleBlock);
    for (Index i = begin; i < end; ++i) {
      blocks.insert(order[static_cast<std::size_t>(i)] / kShuffleBlock);
    }
    EXPECT_EQ(static_cast<Index>(blocks.size()), (end - begin) / kShuffleBlock);
  }
}

}  // namespace
}  // namespace lockstep
