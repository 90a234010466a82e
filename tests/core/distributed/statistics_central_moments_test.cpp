#include <gtest/gtest.h>

#include <vector>

#include "core/statistics/central_moments.hpp"
#include "tests/core/statistics/statistics_data.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep {
namespace {

using test::Held;

TEST(CentralMomentsOverRanks, HaveTheBitsOfEachColumnAlone) {
  for (const auto formula : {test::formula, test::formula_with_holes}) {
    for (const Index rows : {1, 256, 257, 1003, 5000}) {
      const Matrix X = test::matrix_by(formula, rows, 11);
      std::vector<CentralMoments> expected;
      for (Index j = 0; j < X.cols(); ++j) {
        expected.push_back(central_moments(test::column_of(X, j)));
      }
      test::for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
        for (const Held held : {Held::evenly, Held::all_on_last}) {
          for (const int threads : {1, 2, 3}) {
            const auto mine = test::distributed(team, X, RowBlocks(rows), held);
            EXPECT_EQ(central_moments(team, mine, threads), expected) << rows << " rows";
          }
        }
      });
    }
  }
}

TEST(CentralMomentsOverRanks, OfNoRowsAndOfNoColumns) {
  test::for_each_team({1, 3}, [](Team& team) {
    const auto no_rows = test::distributed(team, Matrix(0, 2), RowBlocks(0), Held::evenly);
    EXPECT_EQ(central_moments(team, no_rows), std::vector<CentralMoments>(2));
    const auto no_columns = test::distributed(team, Matrix(700, 0), RowBlocks(700), Held::evenly);
    EXPECT_EQ(central_moments(team, no_columns), std::vector<CentralMoments>());
  });
}

}  // namespace
}  // namespace lockstep
