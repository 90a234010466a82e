#include "core/metrics/ranking.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tests/core/metrics/metric_rows.hpp"
#include "tests/core/metrics/naive_ranking.hpp"
#include "tests/support/ranks.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::LabelledScores;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double auc_of(const LabelledScores& data) {
  double result = 0;
  test::for_each_thread_team(
      {1}, [&](Team& team) { result = auc(team, rank_scores(team, data.scores, data.labels)); });
  return result;
}

double average_precision_of(const LabelledScores& data) {
  double result = 0;
  test::for_each_thread_team({1}, [&](Team& team) {
    result = average_precision(team, rank_scores(team, data.scores, data.labels));
  });
  return result;
}

std::vector<ThresholdCounts> counts_of(const LabelledScores& data) {
  std::vector<ThresholdCounts> result;
  test::for_each_thread_team({1}, [&](Team& team) {
    result = threshold_counts(rank_scores(team, data.scores, data.labels));
  });
  return result;
}

TEST(Auc, HandComputed) {
  // pairs (positive, negative): 0.8 > 0.4, 0.8 > 0.1, 0.35 < 0.4, 0.35 > 0.1
  EXPECT_EQ(auc_of({{0.1, 0.4, 0.35, 0.8}, {0, 0, 1, 1}}), 0.75);
  EXPECT_EQ(auc_of({{1, 2, 3, 4}, {0, 0, 1, 1}}), 1);
  EXPECT_EQ(auc_of({{1, 2, 3, 4}, {1, 1, 0, 0}}), 0);
  EXPECT_EQ(auc_of({{7, 7, 7}, {1, 0, 1}}), 0.5);
  EXPECT_EQ(auc_of({{2, 2, 3, 1}, {1, 0, 0, 1}}), 0.125);  // one tie among four pairs
  EXPECT_EQ(auc_of({{0.0, -0.0}, {0, 1}}), 0.5);
  EXPECT_EQ(auc_of({{-0.0, 0.0}, {0, 1}}), 0.5);
  EXPECT_EQ(auc_of({{-kInfinity, kInfinity, kInfinity}, {0, 1, 0}}), 0.75);
}

TEST(Auc, IsTheDefinitionPairByPair) {
  for (const std::size_t rows : {10U, 257U, 1003U}) {
    for (const std::uint64_t distinct : {2U, 9U, 1000U, 1000000U}) {
      const LabelledScores data = test::random_scores(rows, distinct, 5);
      EXPECT_EQ(auc_of(data), test::naive_auc(data)) << rows << ' ' << distinct;
    }
  }
}

TEST(Auc, DoesNotChangeUnderIncreasingMaps) {
  const LabelledScores data = test::random_scores(500, 40, 6);
  LabelledScores mapped = data;
  for (double& score : mapped.scores) score = std::exp(score) - 1e3;
  EXPECT_EQ(auc_of(mapped), auc_of(data));
  EXPECT_EQ(average_precision_of(mapped), average_precision_of(data));
}

TEST(Auc, AndThatOfTheReversedScoresSumToOne) {
  for (const std::uint64_t distinct : {3U, 40U, 100000U}) {
    const LabelledScores data = test::random_scores(700, distinct, 7);
    LabelledScores reversed = data;
    for (double& score : reversed.scores) score = -score;
    EXPECT_DOUBLE_EQ(auc_of(data) + auc_of(reversed), 1);
    LabelledScores swapped = data;
    for (double& label : swapped.labels) label = 1 - label;
    EXPECT_EQ(auc_of(swapped), auc_of(reversed));
  }
}

TEST(Auc, IsTheAreaUnderTheRocCurve) {
  const LabelledScores data = test::random_scores(400, 30, 8);
  const RocCurve curve = roc_curve(counts_of(data));
  double area = 0;
  for (std::size_t i = 1; i < curve.thresholds.size(); ++i) {
    area += (curve.false_positive_rates[i] - curve.false_positive_rates[i - 1]) *
            (curve.true_positive_rates[i] + curve.true_positive_rates[i - 1]) / 2;
  }
  EXPECT_TRUE(test::close(auc_of(data), area));
}

TEST(AveragePrecision, HandComputed) {
  // thresholds 0.8: P = 1, R = ½; 0.4: R = ½; 0.35: P = ⅔, R = 1
  EXPECT_EQ(average_precision_of({{0.1, 0.4, 0.35, 0.8}, {0, 0, 1, 1}}), (1 + 2.0 / 3) / 2);
  EXPECT_EQ(average_precision_of({{1, 2}, {1, 1}}), 1);
  EXPECT_EQ(average_precision_of({{5, 5, 5, 5}, {0, 1, 0, 0}}), 0.25);
}

TEST(AveragePrecision, IsTheDefinitionRowByRow) {
  for (const std::uint64_t distinct : {2U, 9U, 1000000U}) {
    const LabelledScores data = test::random_scores(601, distinct, 9);
    EXPECT_TRUE(test::close(average_precision_of(data), test::naive_average_precision(data)));
  }
}

TEST(Curves, HaveOnePointForEachDistinctScore) {
  const std::vector<ThresholdCounts> counts =
      counts_of({{2, -0.0, 5, 2, 0.0, 2}, {1, 0, 1, 0, 1, 1}});
  EXPECT_EQ(counts, (std::vector<ThresholdCounts>{{5, 1, 0}, {2, 3, 1}, {0, 4, 2}}));
  const RocCurve roc = roc_curve(counts);
  EXPECT_EQ(roc.thresholds, (std::vector<double>{kInfinity, 5, 2, 0}));
  EXPECT_EQ(roc.true_positive_rates, (std::vector<double>{0, 0.25, 0.75, 1}));
  EXPECT_EQ(roc.false_positive_rates, (std::vector<double>{0, 0, 0.5, 1}));
  const PrecisionRecallCurve curve = precision_recall_curve(counts);
  EXPECT_EQ(curve.thresholds, (std::vector<double>{kInfinity, 5, 2, 0}));
  EXPECT_EQ(curve.precisions, (std::vector<double>{1, 1, 0.75, 4.0 / 6}));
  EXPECT_EQ(curve.recalls, (std::vector<double>{0, 0.25, 0.75, 1}));
}

TEST(Ranking, AsScikitLearn) {
  const nlohmann::json all = test::reference("metrics");
  for (const char* name : {"ranking", "tied_ranking"}) {
    const nlohmann::json& expected = all[name];
    const LabelledScores data = {expected["scores"].get<std::vector<double>>(),
                                 expected["labels"].get<std::vector<double>>()};
    EXPECT_TRUE(test::close(auc_of(data), expected["auc"])) << name;
    EXPECT_TRUE(test::close(average_precision_of(data), expected["average_precision"])) << name;
    const auto same = [&](std::vector<double> actual, const char* what) {
      const Vector reference = test::vector_of(expected[what]);
      const Vector found =
          Eigen::Map<const Vector>(actual.data(), static_cast<Index>(actual.size()));
      EXPECT_TRUE(test::close(found, reference)) << name << ' ' << what;
    };
    RocCurve roc = roc_curve(counts_of(data));
    same(roc.true_positive_rates, "true_positive_rates");
    same(roc.false_positive_rates, "false_positive_rates");
    roc.thresholds.erase(roc.thresholds.begin());
    same(roc.thresholds, "thresholds");
    const PrecisionRecallCurve curve = precision_recall_curve(counts_of(data));
    same(curve.precisions, "precisions");
    same(curve.recalls, "recalls");
  }
}

TEST(Ranking, RefusesWhatHasNoOrderOrNoClass) {
  const auto error = [](const LabelledScores& data) {
    return test::error_of([&] { auc_of(data); });
  };
  EXPECT_EQ(error({{1, 2, kNaN}, {0, 1, 1}}),
            "row 2: the score is NaN, which has no place in an order");
  EXPECT_EQ(error({{1, 2}, {0, 3}}), "row 1: label 3; expected 0 or 1");
  EXPECT_EQ(error({{1, 2}, {0, kNaN}}), "row 1: label nan; expected 0 or 1");
  EXPECT_EQ(error({{1, 2, 3}, {0, 1}}), "2 labels for 3 scores: expected one for each");
  EXPECT_EQ(error({{}, {}}), "no scores to rank: there are no rows");
  EXPECT_EQ(error({{1, 2, 3}, {0, 0, 0}}),
            "AUC: class 1 (positive) has 0 of 3 rows; expected at least 1");
  EXPECT_EQ(error({{1, 2, 3}, {1, 1, 1}}),
            "AUC: class 0 (negative) has 0 of 3 rows; expected at least 1");
  const LabelledScores negatives = {{1, 2, 3}, {0, 0, 0}};
  const LabelledScores positives = {{1, 2, 3}, {1, 1, 1}};
  EXPECT_EQ(test::error_of([&] { average_precision_of(negatives); }),
            "average precision: class 1 (positive) has 0 of 3 rows; expected at least 1");
  EXPECT_EQ(average_precision_of(positives), 1);
  EXPECT_EQ(test::error_of([&] { roc_curve(counts_of(positives)); }),
            "ROC curve: class 0 (negative) has 0 of 3 rows; expected at least 1");
  EXPECT_EQ(test::error_of([&] { precision_recall_curve(counts_of(negatives)); }),
            "precision-recall curve: class 1 (positive) has 0 of 3 rows; expected at least 1");
  EXPECT_EQ(test::error_of([&] { roc_curve({}); }),
            "ROC curve: class 1 (positive) has 0 of 0 rows; expected at least 1");
}

}  // namespace
}  // namespace lockstep
