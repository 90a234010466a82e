#include "core/parallel/ranges.hpp"

#include <gtest/gtest.h>

namespace lockstep {
namespace {

TEST(EvenPart, GivesTheFirstPartsOneMore) {
  EXPECT_EQ(even_part(11, 4, 0), (Range{0, 3}));
  EXPECT_EQ(even_part(11, 4, 1), (Range{3, 6}));
  EXPECT_EQ(even_part(11, 4, 2), (Range{6, 9}));
  EXPECT_EQ(even_part(11, 4, 3), (Range{9, 11}));
}

TEST(EvenPart, LeavesPartsEmptyWhenThereAreTooMany) {
  EXPECT_EQ(even_part(2, 4, 1), (Range{1, 2}));
  EXPECT_EQ(even_part(2, 4, 2), (Range{2, 2}));
  EXPECT_TRUE(even_part(2, 4, 3).empty());
}

TEST(EvenPart, DoesNotOverflowForLargeCounts) {
  const Index n = (Index{1} << 62) + 1;
  EXPECT_EQ(even_part(n, 2, 0).end, (Index{1} << 61) + 1);
  EXPECT_EQ(even_part(n, 2, 1).end, n);
}

TEST(EvenBoundaries, CoverEverythingInOrder) {
  EXPECT_EQ(even_boundaries(10, 3), (std::vector<Index>{0, 4, 7, 10}));
  EXPECT_EQ(even_boundaries(0, 2), (std::vector<Index>{0, 0, 0}));
  for (Index n = 0; n < 40; ++n) {
    for (Index parts = 1; parts < 12; ++parts) {
      const std::vector<Index> boundaries = even_boundaries(n, parts);
      ASSERT_EQ(boundaries.size(), static_cast<std::size_t>(parts) + 1);
      EXPECT_EQ(boundaries.front(), 0);
      EXPECT_EQ(boundaries.back(), n);
      for (Index i = 0; i < parts; ++i) {
        EXPECT_EQ(part_of(boundaries, i), even_part(n, parts, i));
        EXPECT_LE(part_of(boundaries, i).size() - n / parts, 1);
      }
    }
  }
}

}  // namespace
}  // namespace lockstep
