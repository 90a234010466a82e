#include "core/parallel/row_blocks.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace lockstep {
namespace {

TEST(RowBlocks, SizeIsTheSmallestPowerOfTwoWithFewEnoughBlocks) {
  EXPECT_EQ(row_block_size(0), 256);
  EXPECT_EQ(row_block_size(1), 256);
  EXPECT_EQ(row_block_size(256 * 65536), 256);
  EXPECT_EQ(row_block_size(256 * 65536 + 1), 512);
  EXPECT_EQ(row_block_size(1'000'000'000), 16384);
  EXPECT_EQ(row_block_size(Index{1} << 62), Index{1} << 46);
}

TEST(RowBlocks, CountRoundsUp) {
  EXPECT_EQ(row_block_count(0), 0);
  EXPECT_EQ(row_block_count(1), 1);
  EXPECT_EQ(row_block_count(256), 1);
  EXPECT_EQ(row_block_count(257), 2);
  EXPECT_EQ(row_block_count(256 * 65536), 65536);
}

TEST(RowBlocks, CoverTheRowsEndToEnd) {
  for (const Index rows : {1, 255, 256, 257, 1003, 70000}) {
    Index next = 0;
    for (Index k = 0; k < row_block_count(rows); ++k) {
      const Range block = row_block(rows, k);
      EXPECT_EQ(block.begin, next);
      EXPECT_FALSE(block.empty());
      EXPECT_EQ(blocks_of_rows(rows, block), (Range{k, k + 1}));
      next = block.end;
    }
    EXPECT_EQ(next, rows);
  }
}

TEST(RowBlocks, RanksGetAnEvenShareOfWholeBlocks) {
  EXPECT_EQ(row_block_boundaries(1003, 2), (std::vector<Index>{0, 512, 1003}));
  EXPECT_EQ(row_block_boundaries(1003, 3), (std::vector<Index>{0, 512, 768, 1003}));
  EXPECT_EQ(row_block_boundaries(300, 4), (std::vector<Index>{0, 256, 300, 300, 300}));
  EXPECT_EQ(row_block_boundaries(0, 2), (std::vector<Index>{0, 0, 0}));
}

TEST(RowBlocks, EmptyRangesHaveNoBlocks) {
  EXPECT_TRUE(blocks_of_rows(1003, {512, 512}).empty());
  EXPECT_EQ(blocks_of_rows(1003, {1003, 1003}), (Range{4, 4}));
  EXPECT_EQ(blocks_of_rows(1003, {768, 1003}), (Range{3, 4}));
}

}  // namespace
}  // namespace lockstep
