#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "core/metrics/bootstrap.hpp"
#include "core/metrics/intervals.hpp"
#include "core/metrics/ranking.hpp"
#include "tests/core/metrics/metric_rows.hpp"
#include "tests/core/metrics/naive_ranking.hpp"
#include "tests/support/counting_team.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep {
namespace {

/// Everything that follows from a ranking.
struct Everything {
  double auc = 0;
  double average_precision = 0;
  double variance = 0;
  Interval interval;
  std::vector<ThresholdCounts> counts;
  std::vector<double> replicates;

  friend bool operator==(const Everything&, const Everything&) = default;
};

Everything rank_all(Team& team, const test::LabelledScores& data, const RowShare& share,
                    int threads) {
  const RankedScores ranked = rank_scores(team, test::part_of_rank(data.scores, share),
                                          test::part_of_rank(data.labels, share), threads);
  Everything found;
  found.auc = auc(team, ranked);
  found.average_precision = average_precision(team, ranked);
  found.variance = auc_variance(team, ranked);
  found.interval = auc_interval(team, ranked);
  found.counts = gather_threshold_counts(team, ranked);
  BootstrapOptions options;
  options.replicates = 3;
  options.threads = threads;
  if (data.scores.size() > 100) {
    found.replicates = bootstrap_replicates(team, ranked, options, AveragePrecision());
    for (const double x : bootstrap_replicates(team, ranked, options, Auc())) {
      found.replicates.push_back(x);
    }
  }

  // The slices hold every row once, and each point is on one rank.
  EXPECT_EQ(ranked.total.rows(), static_cast<std::int64_t>(data.scores.size()));
  EXPECT_EQ(ranked.before.rows(), ranked.order.positions.begin);
  const auto points = static_cast<std::int64_t>(threshold_counts(ranked).size());
  EXPECT_EQ(sum_over(team, points), static_cast<std::int64_t>(found.counts.size()));
  const int root = team.size() - 1;
  const std::vector<ThresholdCounts> at_root = gather_threshold_counts(team, ranked, root);
  EXPECT_EQ(at_root, team.rank() == root ? found.counts : std::vector<ThresholdCounts>());
  return found;
}

TEST(RankingOverRanks, MeetsSeldomForABootstrap) {
  test::for_each_thread_team({1, 3}, [](Team& team) {
    const test::LabelledScores data = test::random_scores(500, 50, 21);
    const RowShare share = test::share_of_rank(team, 500);
    const RankedScores ranked = rank_scores(team, test::part_of_rank(data.scores, share),
                                            test::part_of_rank(data.labels, share));
    BootstrapOptions options;
    options.replicates = 4097;  // 4096 sums of 16 bytes travel together
    test::CountingTeam counting(team);
    const std::vector<double> many = bootstrap_replicates(counting, ranked, options, Auc());
    EXPECT_EQ(counting.gathers(), 2 * 3) << "counts, who has which blocks, and the fold";
    options.replicates = 2;
    const std::vector<double> two = bootstrap_replicates(team, ranked, options, Auc());
    EXPECT_TRUE(std::equal(two.begin(), two.end(), many.begin()));
  });
}

TEST(RankingOverRanks, HasTheBitsOfOneRank) {
  for (const std::size_t rows : {5U, 257U, 1003U, 5000U}) {
    // From two groups, each over many slices, to almost none.
    for (const std::uint64_t distinct : {1U, 2U, 10U, 1000000U}) {
      const test::LabelledScores data = test::random_scores(rows, distinct, 21);
      const auto total = static_cast<Index>(rows);
      Everything one;
      test::for_each_thread_team({1}, [&](Team& team) {
        one = rank_all(team, data, {{0, total}, total}, 1);
      });
      EXPECT_EQ(one.auc, test::naive_auc(data));
      EXPECT_EQ(one.counts.empty(), false);
      test::for_each_team({2, 3, 4, 7, 16}, [&](Team& team) {
        for (const int threads : {1, 2}) {
          for (const bool all_on_last : {false, true}) {
            const RowShare share = test::share_of_rank(team, total, all_on_last);
            EXPECT_TRUE(rank_all(team, data, share, threads) == one)
                << rows << " rows, " << distinct << " scores, " << team.size() << " ranks";
          }
        }
      });
    }
  }
}

// Unlike folds over rows, ranking takes rows that do not end at blocks.
TEST(RankingOverRanks, TakesAnyShareOfTheRows) {
  const test::LabelledScores data = test::random_scores(1003, 50, 22);
  Everything one;
  test::for_each_thread_team({1}, [&](Team& team) {
    one = rank_all(team, data, {{0, 1003}, 1003}, 1);
  });
  test::for_each_team({2, 5}, [&](Team& team) {
    const RowShare share{even_part(1003, team.size(), team.rank()), 1003};
    EXPECT_TRUE(rank_all(team, data, share, 1) == one);
  });
}

TEST(RankingOverRanks, ErrorsAreThoseOfAllRanks) {
  test::for_each_team({1, 2, 4}, [](Team& team) {
    const RowShare share = test::share_of_rank(team, 1003);
    test::LabelledScores data = test::random_scores(1003, 50, 23);
    data.scores[1002] = std::numeric_limits<double>::quiet_NaN();
    const auto error = [&] {
      return test::error_of([&] {
        rank_scores(team, test::part_of_rank(data.scores, share),
                    test::part_of_rank(data.labels, share));
      });
    };
    const std::string message = "row 1002: the score is NaN, which has no place in an order";
    EXPECT_EQ(error().substr(0, message.size()), message);
    data.scores[1002] = 0;
    data.labels[0] = -1;
    const std::string label = "row 0: label -1; expected 0 or 1";
    EXPECT_EQ(error().substr(0, label.size()), label);

    // The class that is missing is missing on all ranks, whatever one of them holds.
    const std::vector<double> zeros(static_cast<std::size_t>(share.rows.size()));
    EXPECT_EQ(test::error_of([&] { auc(team, rank_scores(team, zeros, zeros)); }),
              "AUC: class 1 (positive) has 0 of 1003 rows; expected at least 1");
    EXPECT_EQ(test::error_of([&] { rank_scores(team, {}, {}); }),
              "no scores to rank: there are no rows");
  });
}

}  // namespace
}  // namespace lockstep
