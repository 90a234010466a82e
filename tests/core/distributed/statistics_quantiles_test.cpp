#include <gtest/gtest.h>

#include <vector>

#include "core/statistics/histogram.hpp"
#include "core/statistics/quantiles.hpp"
#include "tests/core/statistics/statistics_data.hpp"
#include "tests/support/ranks.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::Held;
using Values = std::vector<double>;

TEST(QuantilesOverRanks, AreThoseOfEachColumnAlone) {
  const Values probabilities{0, 0.1, 0.25, 0.5, 0.75, 0.999, 1};
  for (const auto formula : {test::formula, test::formula_with_holes}) {
    for (const Index rows : {1, 2, 1003, 3000}) {
      Matrix X = test::matrix_by(formula, rows, 5);
      X.col(3) = (X.col(3) * 4).array().floor();
      Matrix expected(X.cols(), static_cast<Index>(probabilities.size()));
      for (Index j = 0; j < X.cols(); ++j) {
        const Values q = quantiles(test::column_of(X, j), probabilities);
        expected.row(j) = Eigen::Map<const Vector>(q.data(), expected.cols()).transpose();
      }
      test::for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
        for (const Held held : {Held::evenly, Held::all_on_last}) {
          for (const int threads : {1, 2, 3}) {
            const auto mine = test::distributed(team, X, RowBlocks(rows), held);
            EXPECT_EQ(quantiles(team, mine, probabilities, threads), expected) << rows << " rows";
          }
        }
      });
    }
  }
}

// So many order statistics that the columns take turns.
TEST(QuantilesOverRanks, OfManyProbabilitiesAreThoseOfNumpy) {
  const auto reference = test::reference("statistics");
  const Matrix expected = test::matrix_of(reference["quantiles_many"]);
  Values probabilities;
  for (const auto& p : reference["probabilities"]) probabilities.push_back(test::number_of(p));
  const auto wanted = static_cast<Index>(probabilities.size());
  while (probabilities.size() < 400) probabilities.push_back(double(probabilities.size()) / 400);
  const Matrix X = test::matrix_by(test::formula, 3000, 3);
  test::for_each_team({1, 2, 3}, [&](Team& team) {
    const auto mine = test::distributed(team, X, RowBlocks(X.rows()), Held::evenly);
    EXPECT_EQ(quantiles(team, mine, probabilities).leftCols(wanted), expected);
  });
}

TEST(QuantilesOverRanks, QuartilesAreThreeOfThem) {
  const Matrix X = test::matrix_by(test::formula_with_holes, 1300, 2);
  test::for_each_team({1, 2, 3, 7}, [&](Team& team) {
    const auto mine = test::distributed(team, X, RowBlocks(X.rows()), Held::evenly);
    const std::vector<Quartiles> found = quartiles(team, mine);
    EXPECT_EQ(found, (std::vector<Quartiles>{quartiles(test::column_of(X, 0)),
                                             quartiles(test::column_of(X, 1))}));
  });
}

TEST(QuantilesOverRanks, OfNothingAreNaN) {
  test::for_each_team({1, 3}, [](Team& team) {
    const auto no_rows = test::distributed(team, Matrix(0, 2), RowBlocks(0), Held::evenly);
    const Matrix Q = quantiles(team, no_rows, Values{0.5});
    EXPECT_EQ(Q.rows(), 2);
    EXPECT_TRUE(Q.array().isNaN().all());
    EXPECT_EQ(test::message_of([&] { quantiles(team, no_rows, Values{2}); }),
              "quantiles: expected probabilities from 0 to 1, found 2");
  });
}

TEST(HistogramsOverRanks, AreThoseOfEachColumnAlone) {
  const std::vector<Values> edges{{0, 0.25, 0.5, 1}, {0.3, 0.9}, {0, 0.1, 0.2, 0.3, 2}};
  for (const Index rows : {0, 1, 1003, 3000}) {
    const Matrix X = test::matrix_by(test::formula_with_holes, rows, 3);
    std::vector<Histogram> expected;
    for (std::size_t j = 0; j < 3; ++j) {
      expected.push_back(histogram(test::column_of(X, static_cast<Index>(j)), edges[j]));
    }
    test::for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
      for (const Held held : {Held::evenly, Held::all_on_last}) {
        for (const int threads : {1, 2, 3}) {
          const auto mine = test::distributed(team, X, RowBlocks(rows), held);
          EXPECT_EQ(histograms(team, mine, edges, threads), expected) << rows << " rows";
        }
      }
    });
  }
}

TEST(HistogramsOverRanks, WantEdgesForEachColumn) {
  test::for_each_team({1, 2}, [](Team& team) {
    const auto mine = test::distributed(team, Matrix::Zero(3, 2), RowBlocks(3), Held::evenly);
    EXPECT_EQ(test::message_of([&] {
                histograms(team, mine, {{0, 1}});
              }),
              "histograms: expected edges for 2 columns, found them for 1");
    EXPECT_EQ(test::message_of([&] {
                histograms(team, mine, {{0, 1}, {1, 0}});
              }),
              "histogram: expected ascending edges, found 0 as edge 1 behind 1");
  });
}

}  // namespace
}  // namespace lockstep
