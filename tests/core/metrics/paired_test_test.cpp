#include "core/metrics/paired_test.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/base/error.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;

TEST(PairedTest, IsTheCorrectedTOfTheDifferences) {
  // Differences 1, 2, 3: mean 2, deviation 1; t = 2/√(1/3 + 1/2) with 2 degrees of freedom, of
  // which the distribution is F(t) = ½ + t/(2√(2 + t²)).
  const std::vector<double> a{11, 22, 33};
  const std::vector<double> b{10, 20, 30};
  const PairedTest test = corrected_paired_test(a, b);
  EXPECT_TRUE(close(test.difference, 2));
  EXPECT_TRUE(close(test.deviation, 1));
  const double t = 2 / std::sqrt(5.0 / 6);
  EXPECT_TRUE(close(test.t, t));
  EXPECT_TRUE(close(test.p, 1 - t / std::sqrt(2 + t * t)));
  const PairedTest other = corrected_paired_test(b, a);
  EXPECT_EQ(other.t, -test.t);
  EXPECT_EQ(other.p, test.p);
}

TEST(PairedTest, SaysNothingOfEqualScoresAndAllOfEqualDifferences) {
  const std::vector<double> a{0.5, 0.75};
  EXPECT_EQ(corrected_paired_test(a, a), (PairedTest{0, 0, 0, 1}));
  const PairedTest test = corrected_paired_test(std::vector<double>{1.5, 1.75}, a);
  EXPECT_EQ(test.difference, 1);
  EXPECT_TRUE(std::isinf(test.t));
  EXPECT_EQ(test.p, 0);
}

TEST(PairedTest, TakesRoundingForNothing) {
  const std::vector<double> a{0.71, 0.64, 0.6};
  const std::vector<double> b{0.6, 0.71, 0.64};
  EXPECT_EQ(corrected_paired_test(a, b).difference, 0);
  EXPECT_EQ(corrected_paired_test(a, b).p, 1);
  const std::vector<double> c{0.8, 0.7, 0.6};
  const std::vector<double> d{0.7, 0.6, 0.5};
  EXPECT_TRUE(std::isinf(corrected_paired_test(c, d).t));
}

TEST(PairedTest, NeedsPairs) {
  const std::vector<double> two{1, 2};
  EXPECT_THROW(corrected_paired_test(two, std::vector<double>{1}), DataError);
  EXPECT_THROW(corrected_paired_test(std::vector<double>{1}, std::vector<double>{1}), DataError);
}

}  // namespace
}  // namespace lockstep
