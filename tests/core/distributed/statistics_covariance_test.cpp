#include <gtest/gtest.h>

#include "core/statistics/covariance.hpp"
#include "core/statistics/pairwise_covariance.hpp"
#include "tests/core/statistics/statistics_data.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep {
namespace {

using test::Held;

// 5000 rows are 5 blocks; 150 columns make blocks of 2048 rows.
TEST(CovarianceOverRanks, HasTheBitsOfOneRank) {
  for (const Index columns : {1, 5, 150}) {
    for (const Index rows : {1, 1003, 5000}) {
      const Matrix X = test::matrix_by(test::formula, rows, columns);
      const CoMoments expected = co_moments(X);
      const RowBlocks blocks = co_moment_blocks(rows, columns);
      test::for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
        for (const Held held : {Held::evenly, Held::all_on_last}) {
          for (const int threads : {1, 2, 3}) {
            const auto mine = test::distributed(team, X, blocks, held);
            EXPECT_EQ(co_moments(team, mine, threads), expected) << rows << "×" << columns;
          }
        }
      });
    }
  }
}

TEST(CovarianceOverRanks, WithMissingCellsHasTheBitsOfOneRank) {
  for (const Index columns : {1, 5, 18}) {
    for (const Index rows : {1003, 1025, 5000}) {
      const Matrix X = test::matrix_by(test::formula_with_holes, rows, columns);
      const PairwiseCoMoments expected = pairwise_co_moments(X);
      EXPECT_EQ(expected.is_complete(), rows == 1003);
      const RowBlocks blocks = co_moment_blocks(rows, columns);
      test::for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
        for (const Held held : {Held::evenly, Held::all_on_last}) {
          for (const int threads : {1, 2, 3}) {
            const auto mine = test::distributed(team, X, blocks, held);
            EXPECT_EQ(pairwise_co_moments(team, mine, threads), expected) << rows << "×" << columns;
          }
        }
      });
    }
  }
}

TEST(CovarianceOverRanks, OfNoRows) {
  test::for_each_team({1, 3}, [](Team& team) {
    const auto mine = test::distributed(team, Matrix(0, 2), co_moment_blocks(0, 2), Held::evenly);
    EXPECT_EQ(co_moments(team, mine), co_moments(Matrix(0, 2)));
    EXPECT_EQ(pairwise_co_moments(team, mine), pairwise_co_moments(Matrix(0, 2)));
  });
}

}  // namespace
}  // namespace lockstep
