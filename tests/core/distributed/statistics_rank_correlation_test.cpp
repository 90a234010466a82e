#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/statistics/covariance.hpp"
#include "core/statistics/rank_correlation.hpp"
#include "tests/core/statistics/statistics_data.hpp"
#include "tests/support/ranks.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::Held;

/// Distinct values, few values, one value, and a run that goes over all ranks but the ends.
Matrix columns_with_ties(Index rows) {
  Matrix X = test::matrix_by(test::formula, rows, 4);
  for (Index i = 0; i < rows; ++i) {
    X(i, 1) = std::floor(X(i, 1) * 5);
    X(i, 2) = -0.0;
    X(i, 3) = i % 100 == 0 ? X(i, 3) - 2 : i % 99 == 0 ? X(i, 3) + 2 : 1;
  }
  return X;
}

TEST(AverageRanksOverRanks, AreThoseOfEachColumnAlone) {
  for (const Index rows : {0, 1, 2, 255, 1003, 5000}) {
    const Matrix X = columns_with_ties(rows);
    Matrix expected(rows, X.cols());
    for (Index j = 0; j < X.cols(); ++j) {
      const std::vector<double> ranks = average_ranks(test::column_of(X, j));
      expected.col(j) = Eigen::Map<const Vector>(ranks.data(), rows);
    }
    test::for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
      for (const Held held : {Held::evenly, Held::all_on_last}) {
        for (const int threads : {1, 2, 3}) {
          const auto mine = test::distributed(team, X, RowBlocks(rows), held);
          const auto ranks = average_ranks(team, mine, threads);
          EXPECT_EQ(ranks.rows, mine.rows);
          EXPECT_EQ(ranks.total_rows, rows);
          EXPECT_EQ(ranks.block(ranks.rows),
                    expected.middleRows(ranks.rows.begin, ranks.rows.size()));
        }
      }
    });
  }
}

TEST(SpearmanCorrelationOverRanks, IsThatOfScipyWithTheBitsOfOneRank) {
  const Matrix X = test::matrix_by(test::formula, 3000, 3);
  const Matrix expected = test::matrix_of(test::reference("statistics")["spearman_many"]);
  Matrix ranks(X.rows(), X.cols());
  for (Index j = 0; j < X.cols(); ++j) {
    const std::vector<double> of_column = average_ranks(test::column_of(X, j));
    ranks.col(j) = Eigen::Map<const Vector>(of_column.data(), X.rows());
  }
  const Matrix alone = correlation(co_moments(ranks));
  EXPECT_TRUE(test::close(alone, expected));
  test::for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
    for (const int threads : {1, 2}) {
      const auto mine = test::distributed(team, X, co_moment_blocks(X.rows(), 3), Held::evenly);
      EXPECT_EQ(spearman_correlation(team, mine, threads), alone);
    }
  });
}

TEST(SpearmanCorrelationOverRanks, NamesTheFirstNaN) {
  Matrix X = test::matrix_by(test::formula, 1003, 3);
  X(800, 0) = test::kMissing;
  X(300, 2) = test::kMissing;
  test::for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
    const auto mine = test::distributed(team, X, RowBlocks(X.rows()), Held::evenly);
    EXPECT_EQ(test::message_of([&] { average_ranks(team, mine); }),
              "average_ranks: expected numbers, found NaN in row 300, column 2");
  });
}

}  // namespace
}  // namespace lockstep
