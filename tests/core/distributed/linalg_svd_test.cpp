#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "core/base/error.hpp"
#include "core/linalg/distributed_svd.hpp"
#include "core/linalg/signs.hpp"
#include "core/linalg/svd.hpp"
#include "core/linalg/tsqr.hpp"
#include "tests/core/distributed/matrices.hpp"
#include "tests/support/ranks.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;
using test::gathered;
using test::normal_matrix;
using test::Share;
using test::share_of;

RowBlocks blocks_of(const Matrix& X) { return tsqr_blocks(X.rows(), X.cols()); }

TEST(DistributedSvd, IsTheSvdOfTheWhole) {
  test::for_each_team({1, 3}, [](Team& team) {
    for (const Index columns : {1, 6, 20}) {
      for (const Index rows : {1, 6, 1025, 3000}) {
        const Matrix X = normal_matrix(rows, columns);
        const Svd expected = svd(X);
        const DistributedMatrix mine = share_of(team, X, blocks_of(X));
        EXPECT_TRUE(close(singular_values(team, mine), expected.singular_values, 1e-13));
        const Index k = std::min(rows, columns);
        const DistributedSvd factors = svd(team, mine, k);
        const Matrix U = gathered(team, factors.U);
        SCOPED_TRACE(std::to_string(rows) + "×" + std::to_string(columns));
        EXPECT_TRUE(close(factors.singular_values, expected.singular_values, 1e-13));
        EXPECT_TRUE(close(factors.V, expected.V, 1e-10));
        EXPECT_TRUE(close(U, expected.U, 1e-10));
        EXPECT_TRUE(close(U.transpose() * U, Matrix::Identity(k, k), 1e-14));
        EXPECT_TRUE(close(factors.V.transpose() * factors.V, Matrix::Identity(k, k), 1e-14));
        EXPECT_TRUE(
            close(U * factors.singular_values.asDiagonal() * factors.V.transpose(), X, 1e-13));
      }
    }
  });
}

TEST(DistributedSvd, IsThatOfScipy) {
  const nlohmann::json expected = test::reference("decomposition");
  const nlohmann::json& well = expected.at("qr");
  const Matrix X = test::matrix_of(well.at("a"));
  const nlohmann::json& ill = expected.at("ill_conditioned");
  const Matrix Y = test::matrix_of(ill.at("a"));
  test::for_each_team({1, 2}, [&](Team& team) {
    const DistributedSvd factors = svd(team, share_of(team, X, blocks_of(X)), 5);
    EXPECT_TRUE(close(factors.singular_values, test::vector_of(well.at("singular_values"))));
    EXPECT_TRUE(close(factors.V, test::matrix_of(well.at("v"))));
    const Vector sigma = test::vector_of(ill.at("singular_values"));
    EXPECT_TRUE(
        close(singular_values(team, share_of(team, Y, blocks_of(Y))), sigma, 1e-14, sigma[0]));
  });
}

// The left vectors of tiny singular values are X·v/σ, but for rounding as large as 10⁻¹⁶·σ₁/σ.
TEST(DistributedSvd, IsOrthonormalHoweverIllConditioned) {
  Vector sigma(9);
  for (Index j = 0; j < 9; ++j) sigma[j] = std::pow(10.0, -1.5 * static_cast<double>(j));
  const Matrix X = test::matrix_with(2500, sigma);
  test::for_each_team({1, 2}, [&](Team& team) {
    const DistributedSvd factors = svd(team, share_of(team, X, blocks_of(X)), 9);
    const Matrix U = gathered(team, factors.U);
    EXPECT_TRUE(close(factors.singular_values, sigma, 1e-15, 1));
    EXPECT_TRUE(close(U.transpose() * U, Matrix::Identity(9, 9), 1e-14));
    EXPECT_TRUE(close(U * factors.singular_values.asDiagonal() * factors.V.transpose(), X, 1e-14));
  });
}

TEST(DistributedSvd, OfDeficientRankIsOrthonormalAsWell) {
  test::for_each_team({1, 2}, [](Team& team) {
    Matrix X = normal_matrix(2000, 5);
    X.col(4) = X.col(0) - X.col(2);
    X.col(1).setConstant(2);
    X.col(3).setZero();
    const DistributedSvd factors = svd(team, share_of(team, X, blocks_of(X)), 5);
    const Matrix U = gathered(team, factors.U);
    EXPECT_LT(factors.singular_values[3], 1e-13);
    EXPECT_TRUE(close(U.transpose() * U, Matrix::Identity(5, 5), 1e-14));
    EXPECT_TRUE(close(U * factors.singular_values.asDiagonal() * factors.V.transpose(), X, 1e-13));
  });
}

TEST(DistributedSvd, HasTheSameBitsOnAnyRanksAndThreads) {
  for (const Index rows : {5, 5003}) {
    const Matrix X = normal_matrix(rows, 8);
    Matrix U;
    DistributedSvd one;
    test::for_each_thread_team({1}, [&](Team& team) {
      one = svd(team, share_of(team, X, blocks_of(X)), 4);
      U = gathered(team, one.U);
    });
    test::for_each_team({2, 3, 4, 7}, [&](Team& team) {
      for (const int threads : {1, 2}) {
        const DistributedMatrix mine = share_of(team, X, blocks_of(X), Share::last);
        const DistributedSvd factors = svd(team, mine, 4, threads);
        EXPECT_EQ(gathered(team, factors.U), U);
        EXPECT_EQ(factors.singular_values, one.singular_values);
        EXPECT_EQ(factors.V, one.V);
      }
    });
  }
}

TEST(DistributedSvd, RefusesMoreVectorsThanThereAre) {
  test::for_each_team({1, 2}, [](Team& team) {
    const Matrix X = normal_matrix(5, 3);
    const DistributedMatrix mine = share_of(team, X, blocks_of(X));
    for (const Index k : {0, 4}) {
      try {
        svd(team, mine, k);
        ADD_FAILURE() << "no error";
      } catch (const DataError& error) {
        EXPECT_EQ(std::string(error.what()),
                  "svd: k must be from 1 to 3 for a matrix of 5×3, but is " + std::to_string(k));
      }
    }
  });
}

TEST(DistributedSvd, RefusesColumnsWhoseNormOverflows) {
  const auto error_of = [](const auto& call) -> std::string {
    try {
      call();
    } catch (const DataError& error) {
      return error.what();
    }
    return "no error";
  };
  const std::string too_large = "its values are too large: the norm of the matrix is not finite";
  // The first is one column too much by itself, the last is by both its columns.
  const Matrix tall{{1, 1.7e308}, {2, 1.7e308}, {3, 1}};
  const Matrix wide{{1.7e308, 1, 2}, {1.7e308, 1, 3}};
  const Matrix together{{1.7e308, 0}, {0, 1.7e308}, {0, 0}};
  test::for_each_team({1, 2}, [&](Team& team) {
    const auto expect_column = [&](const Matrix& X, const std::string& column) {
      const DistributedMatrix mine = share_of(team, X, blocks_of(X));
      const std::string expected = "column " + column + ", counted from 0: " + too_large;
      EXPECT_EQ(error_of([&] { tsqr(team, mine); }), expected);
      EXPECT_EQ(error_of([&] { thin_qr(team, mine); }), expected);
      EXPECT_EQ(error_of([&] { singular_values(team, mine); }), expected);
      EXPECT_EQ(error_of([&] { svd(team, mine, 1); }), expected);
    };
    expect_column(tall, "1");
    expect_column(wide, "0");
    expect_column(together, "1");
  });
}

TEST(DistributedSvd, OfValuesNearTheLargestDouble) {
  const Matrix X = normal_matrix(6, 3);
  test::for_each_team({1, 2}, [&](Team& team) {
    const Vector expected = singular_values(team, share_of(team, X, blocks_of(X)));
    for (const double scale : {0x1p1018, 0x1p-1000}) {
      const Matrix scaled = X * scale;
      const DistributedSvd factors = svd(team, share_of(team, scaled, blocks_of(X)), 3);
      EXPECT_TRUE(close(factors.singular_values / scale, expected));
    }
  });
}

}  // namespace
}  // namespace lockstep
