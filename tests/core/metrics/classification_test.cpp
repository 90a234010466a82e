#include "core/metrics/classification.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

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

}  // namespace
}  // namespace lockstep
