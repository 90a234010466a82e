#include "core/metrics/regression.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "tests/support/ranks.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

static_assert(std::is_trivially_copyable_v<RegressionSums>);

struct Row {
  double prediction;
  double target;
};

RegressionSums sums_of(const std::vector<Row>& rows) {
  RegressionSums sums;
  for (const Row& row : rows) {
    const double error = row.prediction - row.target;
    sums.add(row.prediction, row.target, error * error / 2);
  }
  return sums;
}

// The example of scikit-learn's documentation of r2_score: R² = 0.9486…
const std::vector<Row> kRows = {{2.5, 3}, {0, -0.5}, {2, 2}, {8, 7}};

TEST(RegressionSums, HandComputed) {
  // errors −0.5 0.5 0 1; mean of the targets 2.875, squared deviations sum up to 29.1875
  const RegressionSums sums = sums_of(kRows);
  EXPECT_EQ(sums.rows(), 4);
  EXPECT_DOUBLE_EQ(sums.mean_squared_error(), 0.375);
  EXPECT_DOUBLE_EQ(sums.root_mean_squared_error(), std::sqrt(0.375));
  EXPECT_DOUBLE_EQ(sums.mean_absolute_error(), 0.5);
  EXPECT_DOUBLE_EQ(sums.mean_loss(), 0.1875);
  EXPECT_DOUBLE_EQ(sums.r2(), 1 - 1.5 / 29.1875);
  // |e/y| = 1/6 1 0 1/7; mean of the errors 0.25, squared deviations sum up to 1.25
  EXPECT_DOUBLE_EQ(sums.mean_absolute_percentage_error(), (1.0 / 6 + 1 + 1.0 / 7) / 4);
  EXPECT_EQ(sums.max_error(), 1);
  EXPECT_DOUBLE_EQ(sums.explained_variance(), 1 - 1.25 / 29.1875);
}

TEST(RegressionSums, R2WhereAllTargetsAreEqual) {
  EXPECT_EQ(sums_of({{0.1, 0.1}, {0.1, 0.1}, {0.1, 0.1}}).r2(), 1);
  EXPECT_EQ(sums_of({{0.1, 0.1}, {0.2, 0.1}}).r2(), 0);
  EXPECT_EQ(sums_of({{3, 4}}).r2(), 0);
  EXPECT_EQ(sums_of({{4, 4}}).r2(), 1);
}

TEST(RegressionSums, ExplainedVarianceWhereAllTargetsAreEqual) {
  EXPECT_EQ(sums_of({{0.1, 0.1}, {0.1, 0.1}}).explained_variance(), 1);
  EXPECT_EQ(sums_of({{3, 0.5}, {3, 0.5}}).explained_variance(), 1);  // a constant error
  EXPECT_EQ(sums_of({{0.1, 0.1}, {0.2, 0.1}}).explained_variance(), 0);
}

TEST(RegressionSums, AConstantErrorCountsForR2Alone) {
  const RegressionSums sums = sums_of({{11, 1}, {13, 3}, {17, 7}});
  EXPECT_LT(sums.r2(), -10);
  EXPECT_EQ(sums.explained_variance(), 1);
}

TEST(RegressionSums, APercentageOfZeroIsHuge) {
  EXPECT_EQ(sums_of({{1, 0}, {2, 2}}).mean_absolute_percentage_error(), 0x1p52 / 2);
  EXPECT_EQ(sums_of({{0, 0}}).mean_absolute_percentage_error(), 0);
}

TEST(RegressionSums, WhatIsNotFiniteShows) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(sums_of({{kInfinity, 1}, {1, 2}}).max_error(), kInfinity);
  for (const auto& rows : {std::vector<Row>{{kNaN, 1}, {5, 2}}, {{5, 2}, {kNaN, 1}}}) {
    EXPECT_TRUE(std::isnan(sums_of(rows).max_error()));
    EXPECT_TRUE(std::isnan(sums_of(rows).mean_squared_error()));
    EXPECT_TRUE(std::isnan(sums_of(rows).mean_absolute_percentage_error()));
    EXPECT_TRUE(std::isnan(merge(sums_of(rows), sums_of(kRows)).max_error()));
    EXPECT_TRUE(std::isnan(merge(sums_of(kRows), sums_of(rows)).max_error()));
  }
}

TEST(RegressionSums, R2OfTheMeanIsZeroAndWorseIsNegative) {
  EXPECT_DOUBLE_EQ(sums_of({{2, 1}, {2, 3}}).r2(), 0);
  EXPECT_DOUBLE_EQ(sums_of({{3, 1}, {1, 3}}).r2(), -3);
}

TEST(RegressionSums, OfNoRowsHasNoMetrics) {
  const RegressionSums none;
  EXPECT_TRUE(std::isnan(none.mean_squared_error()));
  EXPECT_TRUE(std::isnan(none.root_mean_squared_error()));
  EXPECT_TRUE(std::isnan(none.mean_absolute_error()));
  EXPECT_TRUE(std::isnan(none.mean_loss()));
  EXPECT_TRUE(std::isnan(none.r2()));
  EXPECT_TRUE(std::isnan(none.mean_absolute_percentage_error()));
  EXPECT_TRUE(std::isnan(none.max_error()));
  EXPECT_TRUE(std::isnan(none.explained_variance()));
}

TEST(RegressionSums, MergeOfPartsIsTheWhole) {
  const RegressionSums whole = sums_of(kRows);
  for (std::ptrdiff_t cut = 0; cut <= 4; ++cut) {
    const RegressionSums merged = merge(sums_of({kRows.begin(), kRows.begin() + cut}),
                                        sums_of({kRows.begin() + cut, kRows.end()}));
    EXPECT_EQ(merged.rows(), 4);
    EXPECT_EQ(merged.squared_error, whole.squared_error);  // these sums are exact
    EXPECT_EQ(merged.absolute_error, whole.absolute_error);
    EXPECT_EQ(merged.loss, whole.loss);
    EXPECT_DOUBLE_EQ(merged.r2(), whole.r2());
    EXPECT_DOUBLE_EQ(merged.mean_absolute_percentage_error(),
                     whole.mean_absolute_percentage_error());
    EXPECT_EQ(merged.max_error(), whole.max_error());
    EXPECT_DOUBLE_EQ(merged.explained_variance(), whole.explained_variance());
  }
}

TEST(RegressionSums, AsScikitLearn) {
  const nlohmann::json expected = test::reference("metrics")["regression"];
  const auto predictions = expected["predictions"].get<std::vector<double>>();
  const auto targets = expected["targets"].get<std::vector<double>>();
  test::for_each_thread_team({1}, [&](Team& team) {
    const auto rows = static_cast<Index>(targets.size());
    const RegressionSums sums = regression_sums(team, {{0, rows}, rows}, predictions, targets);
    EXPECT_TRUE(test::close(sums.mean_squared_error(), expected["mse"]));
    EXPECT_TRUE(test::close(sums.root_mean_squared_error(), expected["rmse"]));
    EXPECT_TRUE(test::close(sums.mean_absolute_error(), expected["mae"]));
    EXPECT_TRUE(test::close(sums.mean_absolute_percentage_error(), expected["mape"]));
    EXPECT_TRUE(test::close(sums.max_error(), expected["max_error"]));
    EXPECT_TRUE(test::close(sums.r2(), expected["r2"]));
    EXPECT_TRUE(test::close(sums.explained_variance(), expected["explained_variance"]));
    EXPECT_EQ(sums.loss, 0);
  });
}

}  // namespace
}  // namespace lockstep
