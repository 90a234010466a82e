#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "core/linalg/matrix.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/statistics/most_frequent.hpp"
#include "tests/core/distributed/matrices.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// Few values with gaps, all different ones, ties, nothing, and zeros of both signs.
Matrix columns(Index rows) {
  Matrix X(rows, 5);
  for (Index i = 0; i < rows; ++i) {
    X(i, 0) = i % 7 == 0 ? kMissing : static_cast<double>(i * i % 11) - 3;
    X(i, 1) = 1.0 / static_cast<double>(rows - i);
    X(i, 2) = i % 2 == 0 ? 5 : -0.1;
    X(i, 3) = kMissing;
    X(i, 4) = i % 3 == 0 ? 1 : i % 3 == 1 ? 0.0 : -0.0;
  }
  return X;
}

double by_definition(const Matrix& X, Index j) {
  std::map<double, int> counts;
  for (const double x : X.col(j)) {
    if (!std::isnan(x)) ++counts[x + 0.0];
  }
  double best = kMissing;
  for (const auto& [value, count] : counts) {
    if (std::isnan(best) || count > counts[best]) best = value;
  }
  return best;
}

TEST(MostFrequentOverRanks, IsTheDefinition) {
  for (const Index rows : {1, 2, 10, 1003}) {
    const Matrix X = columns(rows);
    test::for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
      for (const test::Share share : {test::Share::even, test::Share::last}) {
        const auto found = most_frequent(team, test::share_of(team, X, RowBlocks(rows), share));
        EXPECT_EQ(found.size(), 5U);
        for (Index j = 0; j < X.cols(); ++j) {
          const double expected = by_definition(X, j);
          const double value = found[static_cast<std::size_t>(j)];
          EXPECT_TRUE(value == expected || (std::isnan(value) && std::isnan(expected)))
              << value << " in column " << j << " of " << rows << " rows, not " << expected;
          EXPECT_FALSE(value == 0 && std::signbit(value));
        }
      }
    });
  }
}

}  // namespace
}  // namespace lockstep
