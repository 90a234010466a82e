#include "core/metrics/bootstrap.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "core/metrics/classification.hpp"
#include "core/metrics/ranking.hpp"
#include "core/metrics/regression.hpp"
#include "tests/core/metrics/metric_rows.hpp"
#include "tests/core/metrics/naive_ranking.hpp"
#include "tests/support/ranks.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

TEST(PoissonWeights, AreDistributedAsTheyShould) {
  constexpr Index kBlocks = 50000;
  constexpr double kDraws = kBlocks * PoissonWeights::kRows;
  const PoissonWeights weights(1);
  std::array<double, 13> counts{};
  for (Index block = 0; block < kBlocks; ++block) {
    for (const int weight : weights.of_block(0, block))
      ++counts.at(static_cast<std::size_t>(weight));
  }
  double expected = kDraws * std::exp(-1.0);
  for (std::size_t k = 0; k < 7; ++k) {
    // five standard deviations of a count
    EXPECT_NEAR(counts.at(k), expected, 5 * std::sqrt(expected)) << k;
    expected /= static_cast<double>(k + 1);
  }
}

TEST(PoissonWeights, OfARowAreThoseOfItsBlock) {
  const PoissonWeights weights(3);
  for (Index row = 0; row < 100; ++row) {
    EXPECT_EQ(weights.of_row(2, row),
              weights.of_block(2, row / 8).at(static_cast<std::size_t>(row % 8)))
        << row;
  }
}

TEST(Bootstrap, TakesAsManyReplicatesAtATimeAsHaveTheirBytes) {
  BootstrapOptions options;
  EXPECT_EQ(replicates_at_a_time(options, 8), 1000) << "all of them";
  EXPECT_EQ(replicates_at_a_time(options, 6400), 10);
  EXPECT_EQ(replicates_at_a_time(options, 65536), 1);
  EXPECT_EQ(replicates_at_a_time(options, 1000000), 1);
  RankedScores ranked;
  ranked.order.boundaries = {0, 0, Index{1} << 24, Index{1} << 25};
  EXPECT_EQ(replicates_at_a_time(options, 8, ranked), 4) << "2²⁶ weights of a byte";
  ranked.order.boundaries = {0, Index{1} << 30};
  EXPECT_EQ(replicates_at_a_time(options, 8, ranked), 1);
}

TEST(PoissonWeights, DifferBySeedReplicateAndBlock) {
  const auto base = PoissonWeights(1).of_block(0, 0);
  EXPECT_EQ(PoissonWeights(1).of_block(0, 0), base);
  EXPECT_NE(PoissonWeights(2).of_block(0, 0), base);
  EXPECT_NE(PoissonWeights(1).of_block(1, 0), base);
  EXPECT_NE(PoissonWeights(1).of_block(0, 1), base);
}

ClassificationCounts merged(const ClassificationCounts& a, const ClassificationCounts& b) {
  return merge(a, b);
}

TEST(Bootstrap, TakesARowAsOftenAsItsWeightSays) {
  test::for_each_thread_team({1}, [](Team& team) {
    constexpr Index kRows = 1003;
    const PoissonWeights weights(9);
    BootstrapOptions options;
    options.replicates = 3;
    options.seed = 9;
    const auto add = [](double& sum, Index row) { sum += static_cast<double>(row); };
    const auto value = [](double sum) { return sum; };
    const std::vector<double> found =
        bootstrap_replicates(team, {{0, kRows}, kRows}, options, 0.0, add, std::plus<>(), value);
    for (Index replicate = 0; replicate < 3; ++replicate) {
      double sum = 0;
      for (Index row = 0; row < kRows; ++row) {
        const auto block = weights.of_block(replicate, row / 8);
        sum += static_cast<double>(row) * block.at(static_cast<std::size_t>(row % 8));
      }
      EXPECT_EQ(found.at(static_cast<std::size_t>(replicate)), sum);
    }
  });
}

/// How often a row is in a replicate.
int times_of(const PoissonWeights& weights, Index replicate, std::size_t row) {
  return weights.of_block(replicate, static_cast<Index>(row / 8)).at(row % 8);
}

TEST(Bootstrap, OfAConfusionMatrixIsThatOfTheRowsWrittenOut) {
  test::for_each_thread_team({1}, [](Team& team) {
    constexpr std::size_t kRows = 600;
    BootstrapOptions options;
    options.replicates = 4;
    const auto add = [](ConfusionMatrix& matrix, Index row) {
      matrix.add(row * 7 % 11 % 3, row % 3);
    };
    const auto merge_two = [](ConfusionMatrix a, const ConfusionMatrix& b) {
      return merge(std::move(a), b);
    };
    const auto f1 = [](const ConfusionMatrix& matrix) { return matrix.f1(Average::macro); };
    const std::vector<double> found = bootstrap_replicates(team, {{0, kRows}, kRows}, options,
                                                           ConfusionMatrix(3), add, merge_two, f1);
    for (std::size_t replicate = 0; replicate < found.size(); ++replicate) {
      ConfusionMatrix matrix(3);
      for (std::size_t row = 0; row < kRows; ++row) {
        const int times = times_of(PoissonWeights(0), static_cast<Index>(replicate), row);
        for (int i = 0; i < times; ++i) add(matrix, static_cast<Index>(row));
      }
      EXPECT_EQ(found[replicate], f1(matrix));
    }
  });
}

TEST(Bootstrap, OfARankingIsThatOfTheRowsWrittenOut) {
  test::for_each_thread_team({1}, [](Team& team) {
    BootstrapOptions options;
    options.replicates = 3;
    options.seed = 4;
    for (const std::uint64_t distinct : {5U, 1000000U}) {
      const test::LabelledScores data = test::random_scores(400, distinct, 13);
      const RankedScores ranked = rank_scores(team, data.scores, data.labels);
      const std::vector<double> areas = bootstrap_replicates(team, ranked, options, Auc());
      const std::vector<double> precisions =
          bootstrap_replicates(team, ranked, options, AveragePrecision());
      for (std::size_t replicate = 0; replicate < areas.size(); ++replicate) {
        test::LabelledScores resample;
        for (std::size_t row = 0; row < data.scores.size(); ++row) {
          const int times = times_of(PoissonWeights(4), static_cast<Index>(replicate), row);
          for (int i = 0; i < times; ++i) {
            resample.scores.push_back(data.scores[row]);
            resample.labels.push_back(data.labels[row]);
          }
        }
        EXPECT_EQ(areas[replicate], test::naive_auc(resample));
        EXPECT_TRUE(test::close(precisions[replicate], test::naive_average_precision(resample)));
      }
    }
  });
}

// Two ways to the same thing: the bootstrap's deviation of AUC, and DeLong's.
TEST(Bootstrap, OfAucAgreesWithDeLong) {
  test::for_each_thread_team({1}, [](Team& team) {
    const test::LabelledScores data = test::random_scores(1000, 200, 14);
    const RankedScores ranked = rank_scores(team, data.scores, data.labels);
    BootstrapOptions options;
    options.replicates = 400;
    ColumnMoments moments;
    for (const double x : bootstrap_replicates(team, ranked, options, Auc())) moments.add(x);
    const double deviation = std::sqrt(auc_variance(team, ranked));
    EXPECT_NEAR(moments.population_deviation(), deviation, 0.15 * deviation);
    const Interval interval = bootstrap_interval(team, ranked, options, Auc());
    EXPECT_NEAR(interval.low, auc_interval(team, ranked).low, 0.5 * deviation);
    EXPECT_NEAR(interval.high, auc_interval(team, ranked).high, 0.5 * deviation);
  });
}

// The bootstrap's standard error of a proportion is √(p(1 − p)/n), and its interval is near
// Wilson's.
TEST(Bootstrap, OfAProportionIsNearTheFormula) {
  test::for_each_thread_team({1}, [](Team& team) {
    constexpr Index kRows = 2000;
    BootstrapOptions options;
    options.replicates = 2000;
    const auto add = [](ClassificationCounts& counts, Index row) {
      counts.add(row % 10 < 7 ? 1 : 0, 1, 0);
    };
    const auto accuracy = [](const ClassificationCounts& counts) { return counts.accuracy(); };
    const RowShare share{{0, kRows}, kRows};
    const std::vector<double> replicates =
        bootstrap_replicates(team, share, options, ClassificationCounts(), add, merged, accuracy);
    ColumnMoments moments;
    for (const double x : replicates) moments.add(x);
    const double error = std::sqrt(0.7 * 0.3 / kRows);
    // The mean of 2000 replicates is within five of its own errors, their spread within 10 %.
    EXPECT_NEAR(moments.mean, 0.7, 5 * error / std::sqrt(2000));
    EXPECT_NEAR(moments.population_deviation(), error, 0.1 * error);
    const Interval interval =
        bootstrap_interval(team, share, options, ClassificationCounts(), add, merged, accuracy);
    EXPECT_EQ(interval, percentile_interval(replicates));
    const Interval wilson = wilson_interval(1400, kRows);
    EXPECT_NEAR(interval.low, wilson.low, 0.2 * error);
    EXPECT_NEAR(interval.high, wilson.high, 0.2 * error);
  });
}

TEST(Bootstrap, RefusesWhatItCannotResample) {
  test::for_each_thread_team({1}, [](Team& team) {
    const auto error = [&](Index rows, const BootstrapOptions& options) {
      return test::error_of([&] {
        bootstrap_interval(
            team, {{0, rows}, rows}, options, ClassificationCounts(),
            [](ClassificationCounts& counts, Index) { counts.add(0, 0, 0); }, merged,
            [](const ClassificationCounts& counts) { return counts.accuracy(); });
      });
    };
    BootstrapOptions options;
    EXPECT_EQ(error(0, options), "no rows to resample");
    // A single row is left out by e⁻¹ of the replicates, which have no accuracy then.
    EXPECT_EQ(error(1, options),
              "the statistic of replicate 5 of the bootstrap is NaN: too few rows, or NaN among "
              "them");
    options.replicates = 0;
    EXPECT_EQ(error(9, options), "0 replicates of a bootstrap; expected one or more");
    const RankedScores ranked =
        rank_scores(team, std::vector<double>{1, 2}, std::vector<double>{0, 1});
    EXPECT_EQ(test::error_of([&] { bootstrap_interval(team, ranked, options, Auc()); }),
              "0 replicates of a bootstrap; expected one or more");
    options = {};
    EXPECT_EQ(test::error_of([&] { bootstrap_interval(team, ranked, options, Auc()); }),
              "AUC: class 1 (positive) has 0 of 1 rows; expected at least 1");
    options.level = 1.5;
    EXPECT_EQ(error(9, options), "confidence level 1.5; expected a number between 0 and 1");
  });
}

}  // namespace
}  // namespace lockstep
