#include "core/metrics/regression.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <type_traits>
#include <vector>

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
}

TEST(RegressionSums, R2WhereAllTargetsAreEqual) {
  EXPECT_EQ(sums_of({{0.1, 0.1}, {0.1, 0.1}, {0.1, 0.1}}).r2(), 1);
  EXPECT_EQ(sums_of({{0.1, 0.1}, {0.2, 0.1}}).r2(), 0);
  EXPECT_EQ(sums_of({{3, 4}}).r2(), 0);
  EXPECT_EQ(sums_of({{4, 4}}).r2(), 1);
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
  }
}

}  // namespace
}  // namespace lockstep
