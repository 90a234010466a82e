#include "core/statistics/central_moments.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "core/statistics/quantiles.hpp"
#include "tests/core/statistics/statistics_data.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;
using test::number_of;
using Values = std::vector<double>;
constexpr auto kPopulation = Normalization::population;
constexpr auto kSample = Normalization::sample;

Values values_of(const nlohmann::json& rows, std::size_t column) {
  Values values;
  for (const auto& row : rows) values.push_back(number_of(row[column]));
  return values;
}

void expect_moments(const CentralMoments& moments, const nlohmann::json& expected,
                    double tolerance = 1e-12) {
  const auto is = [&](double actual, const char* name, double unit = 0) {
    EXPECT_TRUE(close(actual, number_of(expected[name]), tolerance, unit)) << name;
  };
  is(moments.mean(), "mean");
  is(moments.variance(kPopulation), "variance");
  is(moments.variance(kSample), "variance_sample");
  is(moments.deviation(kPopulation), "deviation");
  is(moments.deviation(kSample), "deviation_sample");
  // Third powers of both signs cancel, and 3 is subtracted from the fourth.
  is(moments.skewness(kPopulation), "skewness", 1);
  is(moments.skewness(kSample), "skewness_sample", 1);
  is(moments.kurtosis(kPopulation), "kurtosis", 3);
  is(moments.kurtosis(kSample), "kurtosis_sample", 3);
  EXPECT_EQ(moments.min, number_of(expected["min"]));
  EXPECT_EQ(moments.max, number_of(expected["max"]));
}

TEST(CentralMoments, HandComputed) {
  // mean 4, deviations −3 −2 −1 0 6: M2 = 50, M3 = 180, M4 = 1394
  const CentralMoments moments = central_moments(Values{1, 2, 3, 4, 10});
  EXPECT_EQ(moments.count, 5);
  EXPECT_DOUBLE_EQ(moments.mean(), 4);
  EXPECT_DOUBLE_EQ(moments.variance(kPopulation), 10);
  EXPECT_DOUBLE_EQ(moments.variance(kSample), 12.5);
  EXPECT_DOUBLE_EQ(moments.deviation(kPopulation), std::sqrt(10));
  EXPECT_DOUBLE_EQ(moments.deviation(kSample), std::sqrt(12.5));
  EXPECT_DOUBLE_EQ(moments.m3, 180);
  EXPECT_DOUBLE_EQ(moments.m4, 1394);
  EXPECT_DOUBLE_EQ(moments.skewness(kPopulation), 36 / std::pow(10, 1.5));
  EXPECT_DOUBLE_EQ(moments.skewness(kSample), 36 / std::pow(10, 1.5) * std::sqrt(20) / 3);
  EXPECT_DOUBLE_EQ(moments.kurtosis(kPopulation), 2.788 - 3);
  EXPECT_DOUBLE_EQ(moments.kurtosis(kSample), 4.0 / 6 * (6 * (2.788 - 3) + 6));
  EXPECT_EQ(moments.min, 1);
  EXPECT_EQ(moments.max, 10);
}

TEST(CentralMoments, AreThoseOfNumpyAndScipy) {
  const auto reference = test::reference("statistics");
  for (std::size_t j = 0; j < 4; ++j) {
    expect_moments(central_moments(values_of(reference["X"], j)), reference["moments"][j]);
  }
  const Matrix many = test::matrix_by(test::formula, 3000, 3);
  for (Index j = 0; j < 3; ++j) {
    expect_moments(central_moments(test::column_of(many, j)),
                   reference["moments_many"][static_cast<std::size_t>(j)]);
  }
}

TEST(CentralMoments, SkipMissingValues) {
  const auto reference = test::reference("statistics");
  for (std::size_t j = 0; j < 4; ++j) {
    expect_moments(central_moments(values_of(reference["missing"], j)),
                   reference["moments_missing"][j]);
  }
  const Values some{test::kMissing, 1, test::kMissing, 2, 3, 4, 10, test::kMissing};
  EXPECT_EQ(central_moments(some), central_moments(Values{1, 2, 3, 4, 10}));
  EXPECT_EQ(central_moments(Values(700, test::kMissing)), CentralMoments());
}

// Exact sums (of rationals) are the reference: numpy's own rounding is larger here.
TEST(CentralMoments, KeepTenDigitsFarFromZero) {
  const auto reference = test::reference("statistics");
  Values far;
  for (const auto& x : reference["far"]) far.push_back(number_of(x) + 1e9);
  const CentralMoments moments = central_moments(far);
  const auto& expected = reference["moments_far"];
  EXPECT_EQ(moments.mean(), number_of(expected["mean"]));
  EXPECT_TRUE(close(moments.variance(kPopulation), number_of(expected["variance"]), 1e-14));
  EXPECT_TRUE(close(moments.variance(kSample), number_of(expected["variance_sample"]), 1e-14));
  EXPECT_TRUE(close(moments.skewness(kPopulation), number_of(expected["skewness"]), 1e-13));
  EXPECT_TRUE(close(moments.kurtosis(kPopulation), number_of(expected["kurtosis"]), 1e-13, 3));
}

TEST(CentralMoments, OfNothingAndOfFewValues) {
  const CentralMoments none = central_moments(Values{});
  EXPECT_EQ(none, CentralMoments());
  EXPECT_TRUE(std::isnan(none.mean()));
  EXPECT_TRUE(std::isnan(none.variance(kPopulation)));
  EXPECT_TRUE(std::isnan(none.variance(kSample)));
  EXPECT_TRUE(std::isnan(none.skewness(kPopulation)));
  EXPECT_TRUE(std::isnan(none.kurtosis(kPopulation)));
  const CentralMoments one = central_moments(Values{-3});
  EXPECT_EQ(one.mean(), -3);
  EXPECT_EQ(one.variance(kPopulation), 0);
  EXPECT_TRUE(std::isnan(one.variance(kSample)));
  const CentralMoments two = central_moments(Values{-1, 1});
  EXPECT_EQ(two.skewness(kPopulation), 0);
  EXPECT_TRUE(std::isnan(two.skewness(kSample)));
  EXPECT_EQ(two.kurtosis(kPopulation), -2);
  const CentralMoments three = central_moments(Values{-1, 0, 1});
  EXPECT_EQ(three.skewness(kSample), 0);
  EXPECT_TRUE(std::isnan(three.kurtosis(kSample)));
}

TEST(CentralMoments, EqualValuesHaveNoVarianceAtAll) {
  const CentralMoments moments = central_moments(Values(1003, 0.1));
  EXPECT_EQ(moments.center, (WideMean{0.1, 0}));
  EXPECT_EQ(moments.m2, 0);
  EXPECT_EQ(moments.m3, 0);
  EXPECT_EQ(moments.m4, 0);
  EXPECT_TRUE(std::isnan(moments.skewness(kPopulation)));
  EXPECT_TRUE(std::isnan(moments.kurtosis(kPopulation)));
}

TEST(CentralMoments, AnInfiniteValueGivesNaN) {
  const CentralMoments moments =
      central_moments(Values{1, std::numeric_limits<double>::infinity(), 3});
  EXPECT_EQ(moments.count, 3);
  EXPECT_EQ(moments.max, std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(moments.variance(kPopulation)));
}

void expect_close(const CentralMoments& actual, const CentralMoments& expected) {
  EXPECT_EQ(actual.count, expected.count);
  EXPECT_EQ(actual.min, expected.min);
  EXPECT_EQ(actual.max, expected.max);
  EXPECT_TRUE(close(actual.mean(), expected.mean(), 1e-14));
  EXPECT_TRUE(close(actual.m2, expected.m2, 1e-13));
  EXPECT_TRUE(close(actual.m3, expected.m3, 1e-13, expected.m2));
  EXPECT_TRUE(close(actual.m4, expected.m4, 1e-13));
}

TEST(CentralMoments, MergeOfPartsIsTheWhole) {
  const Values values = test::column_of(test::matrix_by(test::formula, 200, 2), 1);
  const CentralMoments whole = central_moments(values);
  for (std::size_t cut = 0; cut <= values.size(); ++cut) {
    const std::span<const double> all(values);
    expect_close(merge(central_moments(all.first(cut)), central_moments(all.subspan(cut))), whole);
  }
}

// A value is merged as the moments of one value: the update by single rows [Pébay 2008, §3.1].
TEST(CentralMoments, MergeOfSingleValuesIsTheWhole) {
  const Values values = test::column_of(test::matrix_by(test::formula, 200, 2), 1);
  CentralMoments moments;
  for (const double x : values) moments = merge(moments, central_moments(std::span(&x, 1)));
  expect_close(moments, central_moments(values));
}

TEST(CentralMoments, MergeWithNothingChangesNothing) {
  const CentralMoments some = central_moments(Values{0.1, 0.7, -0.3});
  EXPECT_EQ(merge(some, {}), some);
  EXPECT_EQ(merge({}, some), some);
  EXPECT_EQ(merge({}, {}), CentralMoments());
}

// Var(aX + b) = a²·Var(X); with a < 0 the skewness changes its sign, and the kurtosis stays.
TEST(CentralMoments, OfAnAffineFunction) {
  const Values x = test::column_of(test::matrix_by(test::formula, 1500, 2), 1);
  Values y;
  for (const double value : x) y.push_back(-2.5 * value + 7);
  const CentralMoments of_x = central_moments(x);
  const CentralMoments of_y = central_moments(y);
  EXPECT_TRUE(close(of_y.mean(), -2.5 * of_x.mean() + 7));
  EXPECT_TRUE(close(of_y.variance(kPopulation), 6.25 * of_x.variance(kPopulation)));
  EXPECT_TRUE(close(of_y.deviation(kSample), 2.5 * of_x.deviation(kSample)));
  EXPECT_TRUE(close(of_y.skewness(kPopulation), -of_x.skewness(kPopulation), 1e-12, 1));
  EXPECT_TRUE(close(of_y.kurtosis(kPopulation), of_x.kurtosis(kPopulation), 1e-12, 3));
}

// Var(X) = E[X²] − (E[X])²
TEST(CentralMoments, VarianceIsTheMeanSquareLessTheSquaredMean) {
  const Values x = test::column_of(test::matrix_by(test::formula, 1500, 1), 0);
  Values squares;
  for (const double value : x) squares.push_back(value * value);
  const double mean = central_moments(x).mean();
  EXPECT_TRUE(close(central_moments(x).variance(kPopulation),
                    central_moments(squares).mean() - mean * mean));
}

TEST(CentralMoments, DenormalsHaveExactLimits) {
  const double least = std::numeric_limits<double>::denorm_min();
  const auto expect_limits = [](const Values& values, double min, double max) {
    const CentralMoments moments = central_moments(values);
    EXPECT_EQ(moments.min, min);
    EXPECT_EQ(moments.max, max);
    CentralMoments merged;
    for (const double x : values) merged = merge(merged, central_moments(std::span(&x, 1)));
    EXPECT_EQ(merged.min, min);
    EXPECT_EQ(merged.max, max);
    EXPECT_EQ(moments.min, quantiles(values, Values{0})[0]);
    EXPECT_EQ(moments.max, quantiles(values, Values{1})[0]);
  };
  expect_limits({1e-310, 2e-310, least}, least, 2e-310);
  expect_limits({-1e-310, 0, 3}, -1e-310, 3);
  expect_limits({0, 1e-310, -1}, -1, 1e-310);
  expect_limits({1e-310, 0, 2}, 0, 2);
  Values many(3000, 1e-310);
  many[2100] = -least;
  many[100] = 5e-310;
  expect_limits(many, -least, 5e-310);
}

/// 3000 values, a block of zeros among them, times 2^exponent.
Values shifted(int exponent) {
  Values values = test::column_of(test::matrix_by(test::formula, 3000, 2), 1);
  std::fill(values.begin() + 256, values.begin() + 512, 0.0);
  for (double& x : values) x = std::ldexp(x, exponent);
  return values;
}

// A power of two changes no digit, however far the values' fourth powers are out of the doubles.
TEST(CentralMoments, KeepTheirBitsInAnyUnit) {
  const CentralMoments expected = central_moments(shifted(0));
  for (const int exponent : {-1000, -520, -260, -130, -127, 126, 129, 260, 520, 1020}) {
    const CentralMoments found = central_moments(shifted(exponent));
    EXPECT_EQ(found.mean(), std::ldexp(expected.mean(), exponent)) << exponent;
    EXPECT_EQ(found.deviation(kSample), std::ldexp(expected.deviation(kSample), exponent));
    EXPECT_EQ(found.skewness(kPopulation), expected.skewness(kPopulation)) << exponent;
    EXPECT_EQ(found.kurtosis(kPopulation), expected.kurtosis(kPopulation)) << exponent;
  }
}

TEST(CentralMoments, OfBlocksInDifferentUnits) {
  for (const double tiny : {1e-300, 1e-100, 1.0}) {
    // 1000 tiny values before 1000 of 0 and huge ones: 500 of 2000 are 1e300.
    Values values(2000, tiny);
    for (std::size_t i = 1000; i < 2000; ++i) values[i] = i % 2 == 0 ? 0 : 1e300;
    const CentralMoments moments = central_moments(values);
    EXPECT_TRUE(close(moments.mean(), 0.25e300, 1e-14));
    EXPECT_TRUE(close(moments.deviation(kPopulation), std::sqrt(0.25 * 0.75) * 1e300, 1e-14));
    EXPECT_TRUE(close(moments.skewness(kPopulation), 0.5 / std::sqrt(0.25 * 0.75), 1e-13));
    EXPECT_TRUE(close(moments.kurtosis(kPopulation), 1 / (0.25 * 0.75) - 6, 1e-13));
    EXPECT_EQ(moments.min, 0);
    EXPECT_EQ(moments.max, 1e300);
  }
}

TEST(CentralMoments, OfTheLargestAndTheSmallestDoubles) {
  const double largest = std::numeric_limits<double>::max();
  const CentralMoments huge = central_moments(Values{-largest, largest});
  EXPECT_EQ(huge.mean(), 0);
  EXPECT_EQ(huge.deviation(kPopulation), largest);
  EXPECT_TRUE(std::isinf(huge.deviation(kSample)));
  EXPECT_TRUE(std::isinf(huge.variance(kPopulation)));
  EXPECT_TRUE(std::isinf(huge.sum_of_squares()));
  EXPECT_EQ(huge.kurtosis(kPopulation), -2);
  const CentralMoments tiny = central_moments(Values{1e-310, 3e-310, 5e-310, 3e-310});
  EXPECT_TRUE(close(tiny.mean(), 3e-310));
  EXPECT_TRUE(close(tiny.deviation(kPopulation), std::sqrt(2) * 1e-310));
  EXPECT_EQ(tiny.variance(kPopulation), 0);
  EXPECT_TRUE(close(tiny.kurtosis(kPopulation), -1, 1e-11));
}

TEST(WideMean, KeepsWhatRoundingTakes) {
  const WideMean mean = WideMean{1e9, 0}.plus(1e-10);
  EXPECT_EQ(mean.value, 1e9);
  EXPECT_EQ(mean.rest, 1e-10);
  EXPECT_EQ(mean.minus({1e9, 0}), 1e-10);
  EXPECT_EQ((mean.plus(3).minus({1e9, 0})), 3 + 1e-10);
  EXPECT_EQ((WideMean{1e-10, 0}.plus(1e9)), mean);
}

}  // namespace
}  // namespace lockstep
