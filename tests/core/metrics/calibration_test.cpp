#include "core/metrics/calibration.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/core/metrics/metric_rows.hpp"
#include "tests/support/ranks.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

Index bin_of(double probability, Index count) {
  ReliabilityBins bins(static_cast<std::size_t>(count));
  add_to_bins(bins, probability, false);
  for (Index m = 0; m < count; ++m) {
    if (bins[static_cast<std::size_t>(m)].rows == 1) return m;
  }
  return -1;
}

TEST(ReliabilityBins, AreClosedOnTheRight) {
  EXPECT_EQ(bin_of(0, 4), 0);
  EXPECT_EQ(bin_of(0.25, 4), 0);
  EXPECT_EQ(bin_of(std::nextafter(0.25, 1), 4), 1);
  EXPECT_EQ(bin_of(0.5, 4), 1);
  EXPECT_EQ(bin_of(1, 4), 3);
  EXPECT_EQ(bin_of(0.7, 1), 0);
}

// 0.29·100 = 28.999…, 0.57·100 = 56.999…: a bin by the product alone would be one too low or high.
TEST(ReliabilityBins, EdgesAreTheQuotients) {
  for (const Index count : {3, 7, 10, 15, 100, 1000}) {
    for (Index m = 1; m < count; ++m) {
      const double edge = static_cast<double>(m) / static_cast<double>(count);
      EXPECT_EQ(bin_of(edge, count), m - 1) << edge;
      EXPECT_EQ(bin_of(std::nextafter(edge, 1), count), m) << edge;
    }
  }
}

TEST(ReliabilityBins, HandComputed) {
  ReliabilityBins bins(2);
  add_to_bins(bins, 0.25, false);
  add_to_bins(bins, 0.5, true);
  add_to_bins(bins, 0.75, true);
  EXPECT_EQ(bins[0], (ReliabilityBin{2, 1, 0.75}));
  EXPECT_EQ(bins[1], (ReliabilityBin{1, 1, 0.75}));
  EXPECT_EQ(bins[0].hit_rate(), 0.5);
  EXPECT_EQ(bins[0].mean_probability(), 0.375);
  // (2·|0.5 − 0.375| + 1·|1 − 0.75|)/3
  EXPECT_EQ(expected_calibration_error(bins), 0.5 / 3);
}

TEST(ReliabilityBins, MergeOfPartsIsTheWhole) {
  const std::vector<double> p = {0.125, 0.75, 0.375, 0.875, 0.5, 0, 1};  // sums are exact
  for (std::size_t cut = 0; cut <= p.size(); ++cut) {
    ReliabilityBins whole(3);
    ReliabilityBins left(3);
    ReliabilityBins right(3);
    for (std::size_t i = 0; i < p.size(); ++i) {
      add_to_bins(whole, p[i], i % 2 == 0);
      add_to_bins(i < cut ? left : right, p[i], i % 2 == 0);
    }
    EXPECT_EQ(merge_bins(left, right), whole);
  }
}

TEST(ReliabilityBins, OfNothingHaveNoValue) {
  const ReliabilityBins bins(2);
  EXPECT_TRUE(std::isnan(expected_calibration_error(bins)));
  EXPECT_TRUE(std::isnan(bins[0].hit_rate()));
  EXPECT_TRUE(std::isnan(bins[0].mean_probability()));
}

TEST(Calibration, AsScikitLearn) {
  const nlohmann::json expected = test::reference("metrics")["binary"];
  const auto p = expected["probabilities"].get<std::vector<double>>();
  const auto labels = expected["labels"].get<std::vector<double>>();
  test::for_each_thread_team({1}, [&](Team& team) {
    const RowShare share = test::share_of_rank(team, 60);
    EXPECT_TRUE(test::close(brier_score(team, share, p, labels), expected["brier"]));
    const ReliabilityBins bins = reliability_bins(team, share, p, labels, 7);
    std::size_t used = 0;
    for (std::size_t m = 0; m < bins.size(); ++m) {
      EXPECT_EQ(bins[m].rows, expected["bin_counts"][m]);
      if (bins[m].rows == 0) continue;
      EXPECT_TRUE(test::close(bins[m].hit_rate(), expected["bin_hit_rates"][used]));
      EXPECT_TRUE(
          test::close(bins[m].mean_probability(), expected["bin_mean_probabilities"][used]));
      ++used;
    }
    EXPECT_TRUE(test::close(expected_calibration_error(bins), expected["ece"]));
  });
}

TEST(Calibration, OfSeveralClasses) {
  const nlohmann::json expected = test::reference("metrics")["multiclass"];
  const DistributedMatrix p = test::all_rows(test::matrix_of(expected["probabilities"]));
  const auto classes = expected["classes"].get<std::vector<double>>();
  test::for_each_thread_team({1}, [&](Team& team) {
    EXPECT_TRUE(test::close(brier_score(team, p, classes), expected["brier"]));
    // The bins hold each row once, at its highest probability; hits are those that top 1 has right.
    const ReliabilityBins bins = reliability_bins(team, p, classes, 10);
    ReliabilityBins naive(10);
    std::int64_t hits = 0;
    for (Index row = 0; row < p.total_rows; ++row) {
      Index best = 0;
      for (Index k = 0; k < p.columns; ++k) {
        if (p.row(row)[k] > p.row(row)[best]) best = k;
      }
      const bool hit = classes[static_cast<std::size_t>(row)] == static_cast<double>(best);
      add_to_bins(naive, p.row(row)[best], hit);
      hits += hit ? 1 : 0;
    }
    EXPECT_EQ(bins, naive);
    EXPECT_TRUE(test::close(static_cast<double>(hits) / 50, expected["top_k"][0]));
  });
}

TEST(Calibration, TwoClassesHaveTwiceTheBinaryBrierScore) {
  test::for_each_thread_team({1}, [](Team& team) {
    Matrix p(3, 2);
    p << 0.75, 0.25, 0.5, 0.5, 0, 1;
    const std::vector<double> of_class_1 = {0.25, 0.5, 1};
    const std::vector<double> labels = {0, 1, 0};
    EXPECT_EQ(brier_score(team, {{0, 3}, 3}, of_class_1, labels), (0.0625 + 0.25 + 1) / 3);
    EXPECT_EQ(brier_score(team, test::all_rows(p), labels), 2 * (0.0625 + 0.25 + 1) / 3);
  });
}

TEST(Calibration, RefusesWhatItCannotMean) {
  test::for_each_thread_team({1}, [](Team& team) {
    const RowShare share{{0, 2}, 2};
    const std::vector<double> p = {0.5, -0.25};
    const std::vector<double> labels = {0, 1};
    EXPECT_EQ(test::error_of([&] { brier_score(team, share, p, labels); }),
              "row 1: probability -0.25 is not in [0, 1]");
    EXPECT_EQ(test::error_of([&] { reliability_bins(team, share, labels, labels, 0); }),
              "0 bins; expected one or more");
    EXPECT_EQ(test::error_of([&] { reliability_bins(team, share, labels, p, 3); }),
              "row 0: label 0.5; expected 0 or 1");
    const DistributedMatrix matrix = test::all_rows(Matrix::Constant(2, 3, 0.25));
    EXPECT_EQ(test::error_of([&] { brier_score(team, matrix, labels); }),
              "row 0: the probabilities sum to 0.75; expected 1");
    EXPECT_EQ(test::error_of([&] { reliability_bins(team, matrix, {}, 3); }),
              "0 classes for 2 rows: expected one for each");
  });
}

}  // namespace
}  // namespace lockstep
