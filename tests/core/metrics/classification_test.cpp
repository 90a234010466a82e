#include "core/metrics/classification.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>
#include <vector>

#include "tests/core/metrics/metric_rows.hpp"
#include "tests/support/ranks.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

static_assert(std::is_trivially_copyable_v<ClassificationCounts>);

TEST(ClassificationCounts, HandComputed) {
  ClassificationCounts counts;
  counts.add(0, 0, 0.5);
  counts.add(1, 0, 2.25);
  counts.add(2, 2, 0.25);
  counts.add(2, 2, 0);
  EXPECT_EQ(counts.rows, 4);
  EXPECT_EQ(counts.correct, 3);
  EXPECT_EQ(counts.accuracy(), 0.75);
  EXPECT_EQ(counts.mean_loss(), 0.75);
}

TEST(ClassificationCounts, MergeAddsLeftAndRight) {
  const ClassificationCounts merged = merge({4, 3, 0.1}, {6, 1, 0.2});
  EXPECT_EQ(merged.rows, 10);
  EXPECT_EQ(merged.correct, 4);
  EXPECT_EQ(merged.loss, 0.1 + 0.2);
}

TEST(ClassificationCounts, OfNoRowsHasNoMetrics) {
  EXPECT_TRUE(std::isnan(ClassificationCounts().accuracy()));
  EXPECT_TRUE(std::isnan(ClassificationCounts().mean_loss()));
}

/// actual 0: 2 as 0, 1 as 1; actual 1: 4 as 1; actual 2: 1 as 0, 2 as 1, none as 2.
ConfusionMatrix three_classes() {
  ConfusionMatrix matrix(3);
  const auto add = [&](Index actual, Index predicted, int times) {
    for (int i = 0; i < times; ++i) matrix.add(predicted, actual);
  };
  add(0, 0, 2);
  add(0, 1, 1);
  add(1, 1, 4);
  add(2, 0, 1);
  add(2, 1, 2);
  return matrix;
}

TEST(ConfusionMatrix, CountsActualByPredicted) {
  const ConfusionMatrix matrix = three_classes();
  EXPECT_EQ(matrix.classes(), 3);
  EXPECT_EQ(matrix.rows(), 10);
  const std::vector<std::int64_t> expected = {2, 1, 0, 0, 4, 0, 1, 2, 0};
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), matrix.counts().begin()));
  EXPECT_EQ(matrix.at(2, 1), 2);
  EXPECT_EQ(matrix.at(1, 2), 0);
  EXPECT_EQ(matrix.accuracy(), 0.6);
}

TEST(ConfusionMatrix, PrecisionRecallAndF1) {
  const ConfusionMatrix matrix = three_classes();
  EXPECT_DOUBLE_EQ(matrix.precision(0), 2.0 / 3);
  EXPECT_DOUBLE_EQ(matrix.recall(0), 2.0 / 3);
  EXPECT_DOUBLE_EQ(matrix.f1(0), 2.0 / 3);
  EXPECT_DOUBLE_EQ(matrix.precision(1), 4.0 / 7);
  EXPECT_DOUBLE_EQ(matrix.recall(1), 1);
  EXPECT_DOUBLE_EQ(matrix.f1(1), 8.0 / 11);
  EXPECT_EQ(matrix.precision(2), 0);  // never predicted
  EXPECT_EQ(matrix.recall(2), 0);
  EXPECT_EQ(matrix.f1(2), 0);
}

TEST(ConfusionMatrix, AClassThatDoesNotOccurHasZeros) {
  ConfusionMatrix matrix(2);
  matrix.add(0, 0);
  EXPECT_EQ(matrix.precision(1), 0);
  EXPECT_EQ(matrix.recall(1), 0);
  EXPECT_EQ(matrix.f1(1), 0);
  EXPECT_TRUE(std::isnan(ConfusionMatrix(2).accuracy()));
}

TEST(ConfusionMatrix, MergeAddsEntryByEntry) {
  ConfusionMatrix matrix = three_classes();
  matrix.merge(three_classes());
  EXPECT_EQ(matrix.rows(), 20);
  EXPECT_EQ(matrix.at(0, 0), 4);
  EXPECT_EQ(matrix.at(2, 1), 4);
  EXPECT_EQ(matrix.accuracy(), 0.6);
}

// Classes 0, 1, 2 have t = 3, 4, 3 actual and p = 3, 7, 0 predicted rows; 6 of 10 are right.
TEST(ConfusionMatrix, OneNumberForAllClasses) {
  const ConfusionMatrix matrix = three_classes();
  EXPECT_EQ(matrix.precision(Average::micro), 0.6);
  EXPECT_EQ(matrix.recall(Average::micro), 0.6);
  EXPECT_EQ(matrix.f1(Average::micro), 0.6);
  EXPECT_DOUBLE_EQ(matrix.precision(Average::macro), (2.0 / 3 + 4.0 / 7 + 0) / 3);
  EXPECT_DOUBLE_EQ(matrix.recall(Average::macro), (2.0 / 3 + 1 + 0) / 3);
  EXPECT_DOUBLE_EQ(matrix.f1(Average::macro), (2.0 / 3 + 8.0 / 11 + 0) / 3);
  EXPECT_DOUBLE_EQ(matrix.precision(Average::weighted), (3 * 2.0 / 3 + 4 * 4.0 / 7) / 10);
  EXPECT_DOUBLE_EQ(matrix.recall(Average::weighted), 0.6);
  EXPECT_DOUBLE_EQ(matrix.f1(Average::weighted), (3 * 2.0 / 3 + 4 * 8.0 / 11) / 10);
  EXPECT_DOUBLE_EQ(matrix.balanced_accuracy(), (2.0 / 3 + 1 + 0) / 3);
  // Σ tₖpₖ = 37, Σ pₖ² = 58, Σ tₖ² = 34
  EXPECT_DOUBLE_EQ(matrix.matthews(), (60 - 37) / std::sqrt((100.0 - 58) * (100 - 34)));
  EXPECT_EQ(matrix.cohens_kappa(), 23.0 / 63);
}

ConfusionMatrix two_by_two(std::int64_t tn, std::int64_t fp, std::int64_t fn, std::int64_t tp) {
  ConfusionMatrix matrix(2);
  const std::vector<std::int64_t> counts = {tn, fp, fn, tp};
  std::copy(counts.begin(), counts.end(), matrix.counts().begin());
  return matrix;
}

TEST(ConfusionMatrix, AgreementOfTheExtremes) {
  const ConfusionMatrix perfect = two_by_two(3, 0, 0, 7);
  EXPECT_EQ(perfect.matthews(), 1);
  EXPECT_EQ(perfect.cohens_kappa(), 1);
  const ConfusionMatrix opposite = two_by_two(0, 5, 5, 0);
  EXPECT_EQ(opposite.matthews(), -1);
  EXPECT_EQ(opposite.cohens_kappa(), -1);
  const ConfusionMatrix independent = two_by_two(4, 6, 8, 12);
  EXPECT_EQ(independent.matthews(), 0);
  EXPECT_EQ(independent.cohens_kappa(), 0);
  const ConfusionMatrix always_one = two_by_two(0, 4, 0, 6);
  EXPECT_EQ(always_one.matthews(), 0);
  EXPECT_EQ(always_one.cohens_kappa(), 0);
  const ConfusionMatrix one_class = two_by_two(9, 0, 0, 0);
  EXPECT_EQ(one_class.matthews(), 0);
  EXPECT_TRUE(std::isnan(one_class.cohens_kappa()));
}

TEST(ConfusionMatrix, OfNoRowsHasNoAverages) {
  const ConfusionMatrix none(3);
  EXPECT_TRUE(std::isnan(none.balanced_accuracy()));
  EXPECT_TRUE(std::isnan(none.matthews()));
  EXPECT_TRUE(std::isnan(none.cohens_kappa()));
  for (const Average average : {Average::micro, Average::macro, Average::weighted}) {
    EXPECT_TRUE(std::isnan(none.precision(average)));
    EXPECT_TRUE(std::isnan(none.recall(average)));
    EXPECT_TRUE(std::isnan(none.f1(average)));
  }
}

// In doubles or in 64 bits these products of counts would lose the difference of one row, or all.
TEST(ConfusionMatrix, ProductsOfLargeCountsAreExact) {
  constexpr std::int64_t kRows = std::int64_t{1} << 60;
  const ConfusionMatrix nearly = two_by_two(kRows + 1, kRows, kRows, kRows + 1);
  // n = 4k + 2, t = p = 2k + 1 each: c·n − Σ = (2k+2)(4k+2) − 2(2k+1)² = 2(2k+1)
  // and n² − Σ = 2(2k+1)², so κ = 1/(2k+1)
  EXPECT_EQ(nearly.cohens_kappa(), 0x1p-61);
  EXPECT_DOUBLE_EQ(nearly.matthews(), 0x1p-61);
}

// For two classes it is Pearson's correlation of the two indicators.
TEST(ConfusionMatrix, MatthewsOfTwoClassesIsTheClassicForm) {
  const ConfusionMatrix matrix = two_by_two(50, 7, 11, 32);
  EXPECT_DOUBLE_EQ(matrix.matthews(), (32.0 * 50 - 7 * 11) / std::sqrt(39.0 * 43 * 57 * 61));
}

TEST(ConfusionMatrix, AsScikitLearn) {
  const nlohmann::json expected = test::reference("metrics")["confusion"];
  const auto predicted = expected["predicted"].get<std::vector<double>>();
  const auto actual = expected["actual"].get<std::vector<double>>();
  test::for_each_thread_team({1}, [&](Team& team) {
    const ConfusionMatrix matrix = confusion_matrix(team, 5, predicted, actual);
    for (Index i = 0; i < 5; ++i) {
      for (Index j = 0; j < 5; ++j) {
        EXPECT_EQ(
            matrix.at(i, j),
            expected["matrix"].at(static_cast<std::size_t>(i)).at(static_cast<std::size_t>(j)));
      }
      const auto of_class = [&](const char* metric) {
        return expected[metric]["classes"].at(static_cast<std::size_t>(i)).get<double>();
      };
      EXPECT_TRUE(test::close(matrix.precision(i), of_class("precision")));
      EXPECT_TRUE(test::close(matrix.recall(i), of_class("recall")));
      EXPECT_TRUE(test::close(matrix.f1(i), of_class("f1")));
    }
    const std::vector<std::pair<std::string, Average>> averages = {
        {"micro", Average::micro}, {"macro", Average::macro}, {"weighted", Average::weighted}};
    for (const auto& [name, average] : averages) {
      EXPECT_TRUE(test::close(matrix.precision(average), expected["precision"][name])) << name;
      EXPECT_TRUE(test::close(matrix.recall(average), expected["recall"][name])) << name;
      EXPECT_TRUE(test::close(matrix.f1(average), expected["f1"][name])) << name;
    }
    EXPECT_TRUE(test::close(matrix.accuracy(), expected["accuracy"]));
    EXPECT_TRUE(test::close(matrix.balanced_accuracy(), expected["balanced_accuracy"]));
    EXPECT_TRUE(test::close(matrix.matthews(), expected["matthews"]));
    EXPECT_TRUE(test::close(matrix.cohens_kappa(), expected["kappa"]));
  });
}

TEST(TopK, OfEqualScoresTheLowerClassComesFirst) {
  const std::vector<double> scores = {1, 3, 3, 2};
  EXPECT_TRUE(in_top_k(scores, 1, 1));
  EXPECT_FALSE(in_top_k(scores, 2, 1));
  EXPECT_TRUE(in_top_k(scores, 2, 2));
  EXPECT_FALSE(in_top_k(scores, 3, 2));
  EXPECT_TRUE(in_top_k(scores, 3, 3));
  EXPECT_FALSE(in_top_k(scores, 0, 3));
  EXPECT_TRUE(in_top_k(scores, 0, 4));
  EXPECT_TRUE(in_top_k(std::vector<double>{0.0, -0.0}, 0, 1));
  EXPECT_FALSE(in_top_k(std::vector<double>{0.0, -0.0}, 1, 1));
}

TEST(TopK, AsScikitLearn) {
  const nlohmann::json expected = test::reference("metrics")["multiclass"];
  const auto classes = expected["classes"].get<std::vector<double>>();
  const DistributedMatrix scores = test::all_rows(test::matrix_of(expected["scores"]));
  test::for_each_thread_team({1}, [&](Team& team) {
    for (Index k = 1; k <= 4; ++k) {
      EXPECT_TRUE(test::close(top_k_accuracy(team, scores, classes, k),
                              expected["top_k"].at(static_cast<std::size_t>(k - 1))));
    }
  });
}

}  // namespace
}  // namespace lockstep
