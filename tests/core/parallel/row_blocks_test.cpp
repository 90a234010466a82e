#include "core/parallel/row_blocks.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace lockstep {
namespace {

TEST(RowBlocks, SizeIsTheSmallestPowerOfTwoWithFewEnoughBlocks) {
  EXPECT_EQ(RowBlocks(0).size(), 256);
  EXPECT_EQ(RowBlocks(1).size(), 256);
  EXPECT_EQ(RowBlocks(256 * 65536).size(), 256);
  EXPECT_EQ(RowBlocks(256 * 65536 + 1).size(), 512);
  EXPECT_EQ(RowBlocks(1'000'000'000).size(), 16384);
  EXPECT_EQ(RowBlocks(Index{1} << 62).size(), Index{1} << 46);
}

TEST(RowBlocks, MayBeAskedToBeLarger) {
  EXPECT_EQ(RowBlocks(10, 1024).size(), 1024);
  EXPECT_EQ(RowBlocks(10, 1025).size(), 2048);
  EXPECT_EQ(RowBlocks(1'000'000'000, 1024).size(), 16384);
}

TEST(RowBlocks, CountRoundsUp) {
  EXPECT_EQ(RowBlocks(0).count(), 0);
  EXPECT_EQ(RowBlocks(1).count(), 1);
  EXPECT_EQ(RowBlocks(256).count(), 1);
  EXPECT_EQ(RowBlocks(257).count(), 2);
  EXPECT_EQ(RowBlocks(256 * 65536).count(), 65536);
}

TEST(RowBlocks, CoverTheRowsEndToEnd) {
  for (const Index rows : {1, 255, 256, 257, 1003, 70000}) {
    Index next = 0;
    for (Index k = 0; k < RowBlocks(rows).count(); ++k) {
      const Range block = RowBlocks(rows).rows(k);
      EXPECT_EQ(block.begin, next);
      EXPECT_FALSE(block.empty());
      EXPECT_EQ(RowBlocks(rows).blocks_of(block), (Range{k, k + 1}));
      next = block.end;
    }
    EXPECT_EQ(next, rows);
  }
}

TEST(RowBlocks, RanksGetAnEvenShareOfWholeBlocks) {
  EXPECT_EQ(RowBlocks(1003).row_boundaries(2), (std::vector<Index>{0, 512, 1003}));
  EXPECT_EQ(RowBlocks(1003).row_boundaries(3), (std::vector<Index>{0, 512, 768, 1003}));
  EXPECT_EQ(RowBlocks(300).row_boundaries(4), (std::vector<Index>{0, 256, 300, 300, 300}));
  EXPECT_EQ(RowBlocks(0).row_boundaries(2), (std::vector<Index>{0, 0, 0}));
}

TEST(RowBlocks, EmptyRangesHaveNoBlocks) {
  EXPECT_TRUE(RowBlocks(1003).blocks_of({512, 512}).empty());
  EXPECT_EQ(RowBlocks(1003).blocks_of({1003, 1003}), (Range{4, 4}));
  EXPECT_EQ(RowBlocks(1003).blocks_of({768, 1003}), (Range{3, 4}));
}

}  // namespace
}  // namespace lockstep
