#include "core/statistics/units.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "core/parallel/threads.hpp"

namespace lockstep {
namespace {

using Limits = std::numeric_limits<double>;

TEST(Units, AreOneWhereFourthPowersAreSafe) {
  EXPECT_EQ(unit_for(1), 1);
  EXPECT_EQ(unit_for(0x1p-128), 1);
  EXPECT_EQ(unit_for(0x1.8p127), 1);
  EXPECT_EQ(unit_for(Limits::infinity()), 1);
  EXPECT_EQ(unit_for(Limits::quiet_NaN()), 1);
}

TEST(Units, ArePowersOfTwoBelowTheMagnitude) {
  EXPECT_EQ(unit_for(0x1.8p128), 0x1p128);
  EXPECT_EQ(unit_for(0x1.8p-129), 0x1p-129);
  EXPECT_EQ(unit_for(Limits::max()), 0x1p1022);
  EXPECT_EQ(unit_for(Limits::min()), 0x1p-1022);
  EXPECT_EQ(unit_for(Limits::denorm_min()), 0x1p-1022);
  EXPECT_EQ(unit_for(0), 0x1p-1022);
}

TEST(Units, DivideExactlyAlsoWhereDenormalsCountAsZero) {
  EXPECT_EQ(in_units(-3e200, 0x1p660), -3e200 * 0x1p-660);
  EXPECT_EQ(in_units(Limits::max(), 0x1p1022), 4 - 0x1p-51);
  EXPECT_EQ(in_units(0x1p-900, 0x1p900), 0);
  const FloatingPointMode mode;
  EXPECT_EQ(in_units(Limits::denorm_min(), 0x1p-1022), 0x1p-52);
  EXPECT_EQ(in_units(-0x1p-1023, 0x1p-1022), -0.5);
  EXPECT_EQ(in_units(0, 0x1p-1022), 0);
}

}  // namespace
}  // namespace lockstep
