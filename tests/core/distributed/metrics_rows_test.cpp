#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.hpp"
#include "core/metrics/bootstrap.hpp"
#include "core/metrics/calibration.hpp"
#include "core/metrics/classification.hpp"
#include "core/metrics/prediction_losses.hpp"
#include "core/metrics/regression.hpp"
#include "tests/core/metrics/metric_rows.hpp"
#include "tests/support/counting_team.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep {
namespace {

/// Predictions of all kinds for the same rows.
struct Rows {
  std::vector<double> numbers;
  std::vector<double> targets;
  std::vector<double> probabilities;
  std::vector<double> labels;
  std::vector<double> classes;
  std::vector<double> predicted;
  Matrix scores;
  Matrix distributions;
};

Rows random_rows(Index total) {
  constexpr Index kClasses = 4;
  RandomSequence draws(RandomStream(31, Purpose::synthetic), static_cast<std::uint64_t>(total));
  Rows rows;
  rows.scores.resize(total, kClasses);
  rows.distributions.resize(total, kClasses);
  for (Index i = 0; i < total; ++i) {
    rows.numbers.push_back(draws.normal());
    rows.targets.push_back(rows.numbers.back() + 0.3 * draws.normal());
    rows.probabilities.push_back(draws.uniform());
    rows.labels.push_back(draws.uniform() < rows.probabilities.back() ? 1 : 0);
    rows.classes.push_back(static_cast<double>(draws.below(kClasses)));
    rows.predicted.push_back(static_cast<double>(draws.below(kClasses)));
    double sum = 0;
    for (Index k = 0; k < kClasses; ++k) {
      rows.scores(i, k) = draws.normal();
      rows.distributions(i, k) = 0.1 + draws.uniform();
      sum += rows.distributions(i, k);
    }
    for (Index k = 0; k < kClasses; ++k) rows.distributions(i, k) /= sum;
  }
  return rows;
}

/// Every number of every metric that folds rows, one after another.
std::vector<double> all_metrics(Team& team, const Rows& rows, const RowShare& share, int threads) {
  const auto mine = [&](const auto& values) { return test::part_of_rank(values, share); };
  const std::vector<double> labels = mine(rows.labels);
  const std::vector<double> classes = mine(rows.classes);
  const std::vector<double> probabilities = mine(rows.probabilities);
  const DistributedMatrix scores = mine(rows.scores);
  const DistributedMatrix distributions = mine(rows.distributions);
  const RegressionSums sums =
      regression_sums(team, share, mine(rows.numbers), mine(rows.targets), threads);
  std::vector<double> found = {
      sums.mean_squared_error(),
      sums.root_mean_squared_error(),
      sums.mean_absolute_error(),
      sums.mean_absolute_percentage_error(),
      sums.max_error(),
      sums.r2(),
      sums.explained_variance(),
      mean_binary_cross_entropy(team, share, probabilities, labels, threads),
      mean_categorical_cross_entropy(team, distributions, classes, threads),
      mean_hinge_loss(team, share, mine(rows.numbers), labels, threads),
      mean_hinge_loss(team, scores, classes, threads),
      mean_huber_loss(team, share, mine(rows.numbers), mine(rows.targets), 0.25, threads),
      brier_score(team, share, probabilities, labels, threads),
      brier_score(team, distributions, classes, threads),
      top_k_accuracy(team, scores, classes, 2),
  };
  for (const ReliabilityBins& bins :
       {reliability_bins(team, share, probabilities, labels, 10, threads),
        reliability_bins(team, distributions, classes, 10, threads)}) {
    for (const ReliabilityBin& bin : bins) {
      found.push_back(static_cast<double>(bin.rows));
      found.push_back(static_cast<double>(bin.hits));
      found.push_back(bin.probability);
    }
    found.push_back(expected_calibration_error(bins));
  }
  const ConfusionMatrix matrix = confusion_matrix(team, 4, mine(rows.predicted), classes);
  for (const std::int64_t count : matrix.counts()) found.push_back(static_cast<double>(count));

  BootstrapOptions options;
  options.replicates = 5;
  options.threads = threads;
  const auto add = [&](RegressionSums& some, Index row) {
    some.add(rows.numbers[static_cast<std::size_t>(row)],
             rows.targets[static_cast<std::size_t>(row)], 0);
  };
  const auto merge_two = [](const RegressionSums& a, const RegressionSums& b) {
    return merge(a, b);
  };
  const auto r2 = [](const RegressionSums& some) { return some.r2(); };
  for (const double x :
       bootstrap_replicates(team, share, options, RegressionSums(), add, merge_two, r2)) {
    found.push_back(x);
  }
  const auto add_classes = [&](ConfusionMatrix& some, Index row) {
    some.add(static_cast<Index>(rows.predicted[static_cast<std::size_t>(row)]),
             static_cast<Index>(rows.classes[static_cast<std::size_t>(row)]));
  };
  const auto merge_classes = [](ConfusionMatrix a, const ConfusionMatrix& b) {
    return merge(std::move(a), b);
  };
  const auto kappa = [](const ConfusionMatrix& some) { return some.cohens_kappa(); };
  for (const double x : bootstrap_replicates(team, share, options, ConfusionMatrix(4), add_classes,
                                             merge_classes, kappa)) {
    found.push_back(x);
  }
  return found;
}

TEST(MetricsOverRanks, HaveTheBitsOfOneRankAndOneThread) {
  for (const Index total : {255, 256, 1003, 3000}) {
    const Rows rows = random_rows(total);
    std::vector<double> one;
    test::for_each_thread_team({1}, [&](Team& team) {
      one = all_metrics(team, rows, {{0, total}, total}, 1);
    });
    test::for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
      for (const int threads : {1, 2}) {
        for (const bool all_on_last : {false, true}) {
          const RowShare share = test::share_of_rank(team, total, all_on_last);
          EXPECT_EQ(all_metrics(team, rows, share, threads), one)
              << total << " rows, " << team.size() << " ranks, " << threads << " threads";
        }
      }
    });
  }
}

// Many replicates travel in one fold, and where their sums are large, a few.
TEST(MetricsOverRanks, MeetSeldomForABootstrap) {
  test::for_each_thread_team({1, 3}, [](Team& team) {
    constexpr Index kRows = 600;
    const RowShare share = test::share_of_rank(team, kRows);
    BootstrapOptions options;
    options.replicates = 21;
    test::CountingTeam counting(team);
    const std::vector<double> sums = bootstrap_replicates(
        counting, share, options, 0.0, [](double& sum, Index row) { sum += row % 7 == 0 ? 1 : 0; },
        std::plus<>(), [](double sum) { return sum; });
    EXPECT_EQ(counting.gathers(), 2) << "who has which blocks, and the fold";

    constexpr Index kClasses = 40;  // 12800 bytes: five matrices at a time
    test::CountingTeam of_matrices(team);
    const std::vector<double> hits = bootstrap_replicates(
        of_matrices, share, options, ConfusionMatrix(kClasses),
        [](ConfusionMatrix& matrix, Index row) {
          matrix.add(row % kClasses, row % 7 == 0 ? row % kClasses : (row + 1) % kClasses);
        },
        [](ConfusionMatrix a, const ConfusionMatrix& b) { return merge(std::move(a), b); },
        [](const ConfusionMatrix& matrix) {
          return matrix.accuracy() * static_cast<double>(matrix.rows());
        });
    EXPECT_EQ(of_matrices.gathers(), 2 * 5);
    for (std::size_t i = 0; i < sums.size(); ++i) EXPECT_NEAR(hits[i], sums[i], 1e-12) << i;
  });
}

TEST(MetricsOverRanks, NameTheGlobalRowThatIsWrong) {
  test::for_each_team({1, 2, 3}, [](Team& team) {
    Rows rows = random_rows(1003);
    rows.probabilities[900] = 2;
    rows.predicted[901] = 4;
    rows.scores(902, 3) = std::numeric_limits<double>::quiet_NaN();
    rows.distributions(903, 0) += 0.5;
    const RowShare share = test::share_of_rank(team, 1003);
    const auto mine = [&](const auto& values) { return test::part_of_rank(values, share); };
    const auto expect_error = [&](const std::string& message, const std::function<void()>& work) {
      EXPECT_EQ(test::error_of(work).substr(0, message.size()), message);
    };
    expect_error("row 900: probability 2 is not in [0, 1]",
                 [&] { brier_score(team, share, mine(rows.probabilities), mine(rows.labels)); });
    expect_error("row 901: predicted class 4; expected a class from 0 to 3",
                 [&] { confusion_matrix(team, 4, mine(rows.predicted), mine(rows.classes)); });
    expect_error("row 902: the score is NaN, which has no place in an order",
                 [&] { top_k_accuracy(team, mine(rows.scores), mine(rows.classes), 1); });
    expect_error("row 903: the probabilities sum to 1.5", [&] {
      mean_categorical_cross_entropy(team, mine(rows.distributions), mine(rows.classes));
    });
    expect_error("top 5 of 4 classes; expected 1 to 4",
                 [&] { top_k_accuracy(team, mine(rows.scores), mine(rows.classes), 5); });
    expect_error("0 targets for ", [&] { regression_sums(team, share, mine(rows.numbers), {}); });
    expect_error("0 actual classes for ",
                 [&] { confusion_matrix(team, 4, mine(rows.predicted), {}); });
  });
}

}  // namespace
}  // namespace lockstep
