#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "core/base/error.hpp"
#include "core/linalg/randomized_svd.hpp"
#include "core/linalg/svd.hpp"
#include "tests/core/distributed/matrices.hpp"
#include "tests/support/ranks.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;
using test::gathered;
using test::matrix_of;
using test::normal_matrix;
using test::Share;
using test::share_of;
using test::vector_of;

DistributedMatrix mine_of(const Team& team, const Matrix& X, Index k,
                          const RandomizedSvdOptions& options, Share share = Share::even) {
  return share_of(team, X, sketch_blocks(X.rows(), X.cols(), k, options), share);
}

DistributedSvd decompose(Team& team, const Matrix& X, Index k,
                         const RandomizedSvdOptions& options = {}) {
  return randomized_svd(team, mine_of(team, X, k, options), k, options);
}

TEST(RandomizedSvd, IsExactWhenTheSketchHoldsTheRank) {
  const nlohmann::json expected = test::reference("decomposition").at("randomized");
  const Matrix X = matrix_of(expected.at("a"));
  test::for_each_team({1, 2, 3}, [&](Team& team) {
    const DistributedSvd factors = decompose(team, X, 4);
    EXPECT_TRUE(close(factors.singular_values, vector_of(expected.at("singular_values")), 1e-13));
    EXPECT_TRUE(close(factors.V, matrix_of(expected.at("v"))));
    const Matrix U = gathered(team, factors.U);
    EXPECT_TRUE(close(U * factors.singular_values.asDiagonal() * factors.V.transpose(), X, 1e-13));
    EXPECT_TRUE(close(U.transpose() * U, Matrix::Identity(4, 4), 1e-14));
  });
}

TEST(RandomizedSvd, OfAllSingularValuesIsTheSvd) {
  test::for_each_team({1, 2}, [](Team& team) {
    for (const auto& [rows, columns] :
         {std::pair<Index, Index>{2100, 8}, {8, 30}, {1, 5}, {5, 1}}) {
      const Matrix X = normal_matrix(rows, columns);
      const Svd expected = svd(X);
      const DistributedSvd factors = decompose(team, X, std::min(rows, columns));
      EXPECT_TRUE(close(factors.singular_values, expected.singular_values));
      EXPECT_TRUE(close(factors.V, expected.V, 1e-11));
      EXPECT_TRUE(close(gathered(team, factors.U), expected.U, 1e-11));
    }
  });
}

TEST(RandomizedSvd, GetsBetterWithEachPowerIteration) {
  Vector sigma(60);
  for (Index j = 0; j < 60; ++j) sigma[j] = std::pow(0.9, static_cast<double>(j));
  const Matrix X = test::matrix_with(1500, sigma);
  test::for_each_team({1}, [&](Team& team) {
    double previous = 1;
    for (const int iterations : {0, 1, 2, 4}) {
      const RandomizedSvdOptions options{5, iterations, 7};
      const double error =
          (decompose(team, X, 8, options).singular_values - sigma.head(8)).cwiseAbs().maxCoeff();
      EXPECT_LT(error, 0.5 * previous) << iterations << " iterations";
      previous = error;
    }
    EXPECT_LT(previous, 1e-4);
  });
}

// σ₁ to σ₅ fall by 10⁻³ each: (X·Xᵀ)⁴·X without orthonormal bases in between has only σ₁ left.
TEST(RandomizedSvd, KeepsSmallSingularValues) {
  Vector sigma(5);
  for (Index j = 0; j < 5; ++j) sigma[j] = std::pow(10.0, -3.0 * static_cast<double>(j));
  const Matrix X = test::matrix_with(1500, sigma);
  test::for_each_team({1, 2}, [&](Team& team) {
    EXPECT_TRUE(close(decompose(team, X, 5).singular_values, sigma, 1e-14, 1));
  });
}

TEST(RandomizedSvd, CentresTheColumns) {
  const Matrix X = normal_matrix(1200, 7);
  const Vector center = normal_matrix(7, 1, 5).col(0);
  test::for_each_team({1, 2}, [&](Team& team) {
    const RandomizedSvdOptions options;
    const DistributedSvd factors =
        randomized_svd(team, mine_of(team, X, 7, options), 7, options, 1, center);
    EXPECT_TRUE(
        close(factors.singular_values, singular_values(X.rowwise() - center.transpose()), 1e-13));
  });
}

TEST(RandomizedSvd, HasTheSameBitsOnAnyRanksAndThreads) {
  const Matrix X = normal_matrix(5003, 30);
  const RandomizedSvdOptions options{4, 2, 3};
  DistributedSvd one;
  Matrix U;
  test::for_each_thread_team({1}, [&](Team& team) {
    one = decompose(team, X, 3, options);
    U = gathered(team, one.U);
  });
  test::for_each_team({2, 3, 4, 7}, [&](Team& team) {
    for (const int threads : {1, 2}) {
      for (const Share share : {Share::even, Share::last}) {
        const DistributedSvd factors =
            randomized_svd(team, mine_of(team, X, 3, options, share), 3, options, threads);
        EXPECT_EQ(gathered(team, factors.U), U);
        EXPECT_EQ(factors.singular_values, one.singular_values);
        EXPECT_EQ(factors.V, one.V);
      }
    }
  });
}

TEST(RandomizedSvd, TheSeedDecides) {
  const Matrix X = normal_matrix(300, 40);
  test::for_each_team({1}, [&](Team& team) {
    const auto with_seed = [&](std::uint64_t seed) {
      return decompose(team, X, 3, {2, 0, seed}).singular_values;
    };
    EXPECT_EQ(with_seed(1), with_seed(1));
    EXPECT_NE(with_seed(1), with_seed(2));
  });
}

TEST(RandomizedSvd, OfZeros) {
  test::for_each_team({1, 2}, [](Team& team) {
    const DistributedSvd factors = decompose(team, Matrix::Zero(1100, 9), 2);
    EXPECT_EQ(factors.singular_values, Vector::Zero(2));
    const Matrix U = gathered(team, factors.U);
    EXPECT_TRUE(close(U.transpose() * U, Matrix::Identity(2, 2), 1e-14));
    EXPECT_TRUE(close(factors.V.transpose() * factors.V, Matrix::Identity(2, 2), 1e-14));
  });
}

TEST(RandomizedSvd, RefusesBadInput) {
  test::for_each_team({1, 2}, [](Team& team) {
    const auto error_of = [&](Index k, const RandomizedSvdOptions& options) -> std::string {
      try {
        decompose(team, normal_matrix(6, 4), k, options);
      } catch (const DataError& error) {
        return error.what();
      }
      return "no error";
    };
    EXPECT_EQ(error_of(0, {}),
              "randomized_svd: k must be from 1 to 4 for a matrix of 6×4, but is 0");
    EXPECT_EQ(error_of(5, {}),
              "randomized_svd: k must be from 1 to 4 for a matrix of 6×4, but is 5");
    EXPECT_EQ(error_of(1, {-1, 2, 0}),
              "randomized_svd: oversampling and power iterations must be at least 0, but are -1 "
              "and 2");
    EXPECT_EQ(error_of(1, {1, -2, 0}),
              "randomized_svd: oversampling and power iterations must be at least 0, but are 1 "
              "and -2");
  });
}

TEST(RandomizedSvd, RefusesColumnsWhoseProductsMayOverflow) {
  test::for_each_team({1, 2}, [](Team& team) {
    Matrix X = normal_matrix(6, 4);
    X(5, 2) = -0x1p960;
    try {
      decompose(team, X, 1, {});
      ADD_FAILURE() << "no error";
    } catch (const ColumnError& error) {
      EXPECT_EQ(error.column(), 2);
      EXPECT_EQ(std::string(error.what()),
                "column 2, counted from 0: its values are too large for the randomized SVD: "
                "magnitudes must be below 2^960");
    }
    X(5, 2) = 0x1.8p959;
    EXPECT_TRUE(close(decompose(team, X, 1, {}).singular_values[0], 0x1.8p959));
  });
}

}  // namespace
}  // namespace lockstep
