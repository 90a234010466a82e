#include "core/statistics/rank_correlation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/core/statistics/statistics_data.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::message_of;
using Values = std::vector<double>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(AverageRanks, HandComputed) {
  EXPECT_EQ(average_ranks(Values{30, 10, 20}), (Values{3, 1, 2}));
  EXPECT_EQ(average_ranks(Values{5, 1, 5, 7, 5}), (Values{3, 1, 3, 5, 3}));
  EXPECT_EQ(average_ranks(Values{2, 2}), (Values{1.5, 1.5}));
  EXPECT_EQ(average_ranks(Values{0.0, -kInfinity, -0.0, kInfinity}), (Values{2.5, 1, 2.5, 4}));
  EXPECT_EQ(average_ranks(Values{}), Values{});
}

TEST(AverageRanks, AreThoseOfScipy) {
  const auto reference = test::reference("statistics");
  const Matrix X = test::matrix_of(reference["X"]);
  const Matrix ranks = test::matrix_of(reference["ranks"]);
  for (Index j = 0; j < X.cols(); ++j) {
    EXPECT_EQ(average_ranks(test::column_of(X, j)), test::column_of(ranks, j));
  }
}

// The rank of x: half of those that are equal to it, and all that are less, and one half.
TEST(AverageRanks, AreTheDefinition) {
  Values values = test::column_of(test::matrix_by(test::formula, 300, 1), 0);
  for (double& x : values) x = std::floor(x * 40);
  const Values ranks = average_ranks(values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    double rank = 0.5;
    for (const double x : values) rank += x < values[i] ? 1.0 : x == values[i] ? 0.5 : 0.0;
    EXPECT_EQ(ranks[i], rank);
  }
}

TEST(SpearmanCorrelation, IsThatOfScipy) {
  const auto reference = test::reference("statistics");
  const Matrix X = test::matrix_of(reference["X"]);
  const Matrix expected = test::matrix_of(reference["spearman"]);
  for (Index j = 0; j < X.cols(); ++j) {
    for (Index i = 0; i < X.cols(); ++i) {
      EXPECT_TRUE(test::close(spearman_correlation(test::column_of(X, i), test::column_of(X, j)),
                              expected(i, j)));
    }
  }
}

TEST(SpearmanCorrelation, SeesOnlyTheOrder) {
  const Values x = test::column_of(test::matrix_by(test::formula, 500, 1), 0);
  Values rising;
  Values falling;
  for (const double value : x) {
    rising.push_back(value * value * value);
    falling.push_back(-std::sqrt(value));
  }
  EXPECT_TRUE(test::close(spearman_correlation(x, rising), 1, 1e-15));
  EXPECT_TRUE(test::close(spearman_correlation(x, falling), -1, 1e-15));
  EXPECT_TRUE(std::isnan(spearman_correlation(Values{1, 1, 1}, Values{1, 2, 3})));
  EXPECT_TRUE(std::isnan(spearman_correlation(Values{}, Values{})));
}

TEST(SpearmanCorrelation, RefusesNaNAndDifferentLengths) {
  EXPECT_EQ(message_of([] {
              spearman_correlation(Values{1, 2}, Values{1, test::kMissing});
            }),
            "average_ranks: expected numbers, found NaN as value 1");
  EXPECT_EQ(message_of([] {
              spearman_correlation(Values{1, 2}, Values{1});
            }),
            "spearman_correlation: expected two vectors of equal length, found 2 and 1 values");
}

}  // namespace
}  // namespace lockstep
