#include "core/metrics/intervals.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/core/metrics/metric_rows.hpp"
#include "tests/core/metrics/naive_ranking.hpp"
#include "tests/support/ranks.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

TEST(WilsonInterval, AsStatsmodels) {
  const nlohmann::json cases = test::reference("metrics")["wilson"];
  for (const nlohmann::json& expected : cases) {
    const double level = expected["level"];
    EXPECT_TRUE(test::close(two_sided_z(level), expected["z"]));
    const Interval interval = wilson_interval(expected["successes"], expected["trials"], level);
    EXPECT_TRUE(test::close(interval.low, expected["low"])) << expected;
    EXPECT_TRUE(test::close(interval.high, expected["high"])) << expected;
  }
}

TEST(WilsonInterval, EndsExactlyWhereNothingOrAllSucceeds) {
  for (const double level : {0.5, 0.9, 0.95, 0.99}) {
    for (std::int64_t trials = 1; trials < 3000; ++trials) {
      EXPECT_EQ(wilson_interval(0, trials, level).low, 0);
      EXPECT_GT(wilson_interval(0, trials, level).high, 0);
      EXPECT_EQ(wilson_interval(trials, trials, level).high, 1);
      EXPECT_LT(wilson_interval(trials, trials, level).low, 1);
    }
  }
}

// Its ends are the proportions p with |k/n − p| = z·√(p(1 − p)/n): what Wilson solved for.
TEST(WilsonInterval, EndsAreZDeviationsAway) {
  const double z = two_sided_z(0.9);
  const Interval interval = wilson_interval(37, 120, 0.9);
  for (const double p : {interval.low, interval.high}) {
    EXPECT_TRUE(test::close(std::fabs(37.0 / 120 - p), z * std::sqrt(p * (1 - p) / 120)));
  }
}

TEST(Intervals, RefuseWhatIsNoProportionOrLevel) {
  const char* const counts =
      " trials; expected one trial or more, and no more successes than trials";
  EXPECT_EQ(test::error_of([] { wilson_interval(0, 0); }),
            std::string("0 successes of 0") + counts);
  EXPECT_EQ(test::error_of([] { wilson_interval(4, 3); }),
            std::string("4 successes of 3") + counts);
  EXPECT_EQ(test::error_of([] { wilson_interval(-1, 3); }),
            std::string("-1 successes of 3") + counts);
  EXPECT_EQ(test::error_of([] { wilson_interval(1, 3, 1); }),
            "confidence level 1; expected a number between 0 and 1");
  EXPECT_EQ(test::error_of([] { two_sided_z(0); }),
            "confidence level 0; expected a number between 0 and 1");
  EXPECT_EQ(test::error_of([] { percentile_interval(std::vector<double>{}); }),
            "no values to take percentiles of");
}

TEST(PercentileInterval, InterpolatesLinearly) {
  const std::vector<double> values = {5, 1, 4, 2, 3};  // quantiles p are at 1 + 4p
  EXPECT_DOUBLE_EQ(percentile_interval(values, 0.5).low, 2);
  EXPECT_DOUBLE_EQ(percentile_interval(values, 0.5).high, 4);
  EXPECT_DOUBLE_EQ(percentile_interval(values, 0.9).low, 1.2);
  EXPECT_DOUBLE_EQ(percentile_interval(values, 0.9).high, 4.8);
  EXPECT_EQ(percentile_interval(std::vector<double>{7}, 0.9), (Interval{7, 7}));
}

struct AucEstimate {
  double area;
  double variance;
  Interval interval;
};

AucEstimate estimate(const test::LabelledScores& data, double level) {
  AucEstimate result{};
  test::for_each_thread_team({1}, [&](Team& team) {
    const RankedScores ranked = rank_scores(team, data.scores, data.labels);
    result = {auc(team, ranked), auc_variance(team, ranked), auc_interval(team, ranked, level)};
  });
  return result;
}

TEST(DeLong, IsTheDefinitionPairByPair) {
  for (const std::size_t rows : {30U, 300U, 1003U}) {
    for (const std::uint64_t distinct : {2U, 12U, 1000000U}) {
      const test::LabelledScores data = test::random_scores(rows, distinct, 11);
      EXPECT_TRUE(test::close(estimate(data, 0.95).variance, test::naive_auc_variance(data)))
          << rows << ' ' << distinct;
    }
  }
}

TEST(DeLong, HandComputed) {
  // positives 1 3, negatives 0 2: V₁₀ = ½ 1, V₀₁ = 1 ½, AUC = ¾, S₁₀ = S₀₁ = ⅛
  const AucEstimate found = estimate({{1, 3, 0, 2}, {1, 1, 0, 0}}, 0.5);
  EXPECT_EQ(found.variance, 0.125);
  const double half = two_sided_z(0.5) * std::sqrt(0.125);
  EXPECT_DOUBLE_EQ(found.interval.low, 0.75 - half);
  EXPECT_DOUBLE_EQ(found.interval.high, 0.75 + half);
  EXPECT_EQ(estimate({{1, 3, 0, 2}, {1, 1, 0, 0}}, 0.95).interval.high, 1);  // cut
}

TEST(DeLong, OfSeparatedClassesHasNoWidth) {
  const AucEstimate found = estimate({{5, 6, 7, 1, 2}, {1, 1, 1, 0, 0}}, 0.95);
  EXPECT_EQ(found.variance, 0);
  EXPECT_EQ(found.interval, (Interval{1, 1}));
}

TEST(DeLong, NeedsTwoRowsOfEachClass) {
  EXPECT_EQ(test::error_of([] {
              estimate({{1, 2, 3}, {0, 0, 1}}, 0.95);
            }),
            "DeLong's variance of AUC: class 1 (positive) has 1 of 3 rows; expected at least 2");
  EXPECT_EQ(test::error_of([] {
              estimate({{1, 2, 3}, {1, 0, 1}}, 0.95);
            }),
            "DeLong's variance of AUC: class 0 (negative) has 1 of 3 rows; expected at least 2");
}

}  // namespace
}  // namespace lockstep
