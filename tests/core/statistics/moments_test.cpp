#include "core/statistics/moments.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace lockstep {
namespace {

ColumnMoments moments_of(const std::vector<double>& values) {
  ColumnMoments moments;
  for (const double x : values) moments.add(x);
  return moments;
}

TEST(ColumnMoments, HandComputed) {
  // mean 4, deviations −3 −2 −1 0 6
  const ColumnMoments moments = moments_of({1, 2, 3, 4, 10});
  EXPECT_EQ(moments.count, 5);
  EXPECT_DOUBLE_EQ(moments.mean, 4);
  EXPECT_DOUBLE_EQ(moments.m2, 50);
  EXPECT_EQ(moments.min, 1);
  EXPECT_EQ(moments.max, 10);
  EXPECT_DOUBLE_EQ(moments.population_variance(), 10);
  EXPECT_DOUBLE_EQ(moments.sample_variance(), 12.5);
  EXPECT_DOUBLE_EQ(moments.population_deviation(), std::sqrt(10));
  EXPECT_FALSE(moments.is_constant());
}

TEST(ColumnMoments, OfNothingAndOfOneValue) {
  const ColumnMoments none;
  EXPECT_TRUE(std::isnan(none.population_variance()));
  EXPECT_TRUE(std::isnan(none.sample_variance()));
  EXPECT_FALSE(none.is_constant());
  const ColumnMoments one = moments_of({-3});
  EXPECT_EQ(one, (ColumnMoments{1, -3, 0, -3, -3}));
  EXPECT_EQ(one.population_variance(), 0);
  EXPECT_TRUE(std::isnan(one.sample_variance()));
  EXPECT_TRUE(one.is_constant());
}

TEST(ColumnMoments, EqualValuesHaveNoVarianceAtAll) {
  const ColumnMoments many = moments_of(std::vector<double>(1000, 0.1));
  EXPECT_EQ(many.mean, 0.1);
  EXPECT_EQ(many.m2, 0);
  EXPECT_TRUE(many.is_constant());
  const ColumnMoments more = merge(many, moments_of(std::vector<double>(77, 0.1)));
  EXPECT_EQ(more.mean, 0.1);
  EXPECT_EQ(more.m2, 0);
  EXPECT_TRUE(more.is_constant());
}

// Σx² − (Σx)²/n would lose every digit of the variance here.
TEST(ColumnMoments, KeepTheVarianceOfLargeNumbers) {
  const ColumnMoments moments = moments_of({1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16});
  EXPECT_DOUBLE_EQ(moments.mean, 1e9 + 10);
  EXPECT_DOUBLE_EQ(moments.population_variance(), 22.5);
  const ColumnMoments halves =
      merge(moments_of({1e9 + 4, 1e9 + 7}), moments_of({1e9 + 13, 1e9 + 16}));
  EXPECT_DOUBLE_EQ(halves.population_variance(), 22.5);
}

TEST(ColumnMoments, MergeOfPartsIsTheWhole) {
  std::vector<double> values;
  for (int i = 0; i < 100; ++i) values.push_back((i * 37 % 101) * 0.25 - 3);
  const ColumnMoments whole = moments_of(values);
  for (std::ptrdiff_t cut = 0; cut <= 100; ++cut) {
    const ColumnMoments merged = merge(moments_of({values.begin(), values.begin() + cut}),
                                       moments_of({values.begin() + cut, values.end()}));
    EXPECT_EQ(merged.count, whole.count);
    EXPECT_EQ(merged.min, whole.min);
    EXPECT_EQ(merged.max, whole.max);
    EXPECT_NEAR(merged.mean, whole.mean, 1e-14);
    EXPECT_NEAR(merged.m2, whole.m2, 1e-11);
  }
}

TEST(ColumnMoments, MergeWithNothingChangesNothing) {
  const ColumnMoments some = moments_of({0.1, 0.7, -0.3});
  EXPECT_EQ(merge(some, {}), some);
  EXPECT_EQ(merge({}, some), some);
  EXPECT_EQ(merge({}, {}), ColumnMoments());
}

}  // namespace
}  // namespace lockstep
