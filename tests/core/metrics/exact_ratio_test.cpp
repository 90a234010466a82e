#include "core/metrics/exact_ratio.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "core/base/random.hpp"

namespace lockstep {
namespace {

constexpr UInt128 kOne = 1;

TEST(ExactRatio, HandComputed) {
  EXPECT_EQ(exact_ratio(0, 7), 0);
  EXPECT_EQ(exact_ratio(7, 7), 1);
  EXPECT_EQ(exact_ratio(1, 2), 0.5);
  EXPECT_EQ(exact_ratio(1, 3), 1.0 / 3);
  EXPECT_EQ(exact_ratio(kOne << 126U, (kOne << 127U) - 1), 0.5);
  EXPECT_EQ(exact_ratio(1, kOne << 126U), 0x1p-126);
}

// Where both fit into a double, its division rounds the exact quotient once, too.
TEST(ExactRatio, AsADivisionOfSmallNumbers) {
  RandomSequence draws(RandomStream(3, Purpose::synthetic), 0);
  for (int i = 0; i < 10000; ++i) {
    const std::uint64_t whole = 1 + draws.below(std::uint64_t{1} << (1 + draws.below(53)));
    const std::uint64_t part = draws.below(whole + 1);
    EXPECT_EQ(exact_ratio(part, whole), static_cast<double>(part) / static_cast<double>(whole))
        << part << '/' << whole;
  }
}

// whole = 2¹¹⁰: the quotient is part/2¹¹⁰, whose rounding is that of part.
TEST(ExactRatio, RoundsOnceAndTiesToEven) {
  const UInt128 half_way = (kOne << 53U) + 1;  // between two doubles, the lower one is even
  EXPECT_EQ(exact_ratio(half_way << 50U, kOne << 110U), 0x1p-7);
  EXPECT_EQ(exact_ratio((half_way << 50U) + 1, kOne << 110U), 0x1.0000000000001p-7);
  EXPECT_EQ(exact_ratio((half_way << 50U) - 1, kOne << 110U), 0x1p-7);
  EXPECT_EQ(exact_ratio(((half_way + 2) << 50U) - 1, kOne << 110U), 0x1.0000000000001p-7);
  EXPECT_EQ(exact_ratio((half_way + 2) << 50U, kOne << 110U), 0x1.0000000000002p-7);
}

}  // namespace
}  // namespace lockstep
