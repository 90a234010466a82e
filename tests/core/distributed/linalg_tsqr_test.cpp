#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/base/error.hpp"
#include "core/linalg/qr.hpp"
#include "core/linalg/r_factor.hpp"
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

/// The definition, without ranks: leaves of whole blocks, stacked along the tree. Columns whose
/// largest magnitude is in [1, 2) are not scaled.
RFactor definition(const RowMajorMatrix& X, Index first_block, Index span) {
  const RowBlocks blocks = blocks_of(X);
  if (first_block >= blocks.count()) return {};
  if (span > 1) {
    return RFactor::stacked(definition(X, first_block, span / 2),
                            definition(X, first_block + span / 2, span / 2));
  }
  RFactor factor(X.cols());
  const Range rows = blocks.rows(first_block);
  factor.absorb(X.row(rows.begin).data(), rows.size(), {}, Vector::Ones(X.cols()));
  return factor;
}

Matrix with_magnitude_one(Matrix X) {
  for (Index j = 0; j < X.cols(); ++j) X.col(j) *= 1.5 / X.col(j).cwiseAbs().maxCoeff();
  return X;
}

void expect_thin_qr(const Matrix& X, const Matrix& Q, const Matrix& R, double tolerance = 1e-14) {
  const Index k = std::min(X.rows(), X.cols());
  EXPECT_EQ(R.rows(), k);
  EXPECT_EQ(R.cols(), X.cols());
  EXPECT_TRUE(close(Q.transpose() * Q, Matrix::Identity(k, k), tolerance));
  for (Index j = 0; j < X.cols(); ++j) {
    EXPECT_TRUE(close(Q * R.col(j), X.col(j), tolerance)) << "column " << j;
  }
  EXPECT_EQ(R, Matrix(R.triangularView<Eigen::Upper>()));
  EXPECT_GE(R.diagonal().minCoeff(), 0);
}

TEST(TsqrBlocks, AreAtLeastEightTimesAsTallAsWide) {
  EXPECT_EQ(tsqr_blocks(1000000, 1).size(), 1024);
  EXPECT_EQ(tsqr_blocks(1000000, 128).size(), 1024);
  EXPECT_EQ(tsqr_blocks(1000000, 129).size(), 2048);
  EXPECT_EQ(tsqr_blocks(1000000, 784).size(), 8192);
}

TEST(TsqrOverRanks, HasTheBitsOfTheDefinition) {
  test::for_each_team({1, 2, 3, 4, 7}, [](Team& team) {
    for (const Index rows : {17, 1003, 1024, 5000, 9000}) {
      const Matrix X = with_magnitude_one(normal_matrix(rows, 17));
      Matrix expected = definition(X, 0, 16).matrix();
      fix_signs_of_r(expected);
      for (const Share share : {Share::even, Share::last}) {
        for (const int threads : {1, 2}) {
          EXPECT_EQ(tsqr(team, share_of(team, X, blocks_of(X), share), threads), expected)
              << rows << " rows, " << team.size() << " ranks, " << threads << " threads";
        }
      }
    }
  });
}

TEST(TsqrOverRanks, IsTheROfTheWhole) {
  test::for_each_team({1, 3}, [](Team& team) {
    for (const Index columns : {1, 5, 16, 40}) {
      for (const Index rows : {1, 3, 40, 1025, 4100}) {
        const Matrix X = normal_matrix(rows, columns);
        const Matrix R = tsqr(team, share_of(team, X, blocks_of(X)));
        EXPECT_TRUE(close(R, qr(X).R, 1e-12)) << rows << "×" << columns;
        EXPECT_TRUE(close(R.transpose() * R, X.transpose() * X, 1e-13));
      }
    }
  });
}

TEST(TsqrOverRanks, IsThatOfNumpy) {
  const nlohmann::json expected = test::reference("decomposition").at("qr");
  const Matrix X = test::matrix_of(expected.at("a"));
  test::for_each_team({1, 2}, [&](Team& team) {
    EXPECT_TRUE(
        close(tsqr(team, share_of(team, X, blocks_of(X))), test::matrix_of(expected.at("r"))));
  });
}

TEST(TsqrOverRanks, CentresTheColumns) {
  test::for_each_team({1, 2}, [](Team& team) {
    for (const Index rows : {3, 2500}) {
      const Matrix X = normal_matrix(rows, 4);
      const Vector center{{1, -2, 0.5, 7}};
      const Matrix centered = X.rowwise() - center.transpose();
      EXPECT_TRUE(
          close(tsqr(team, share_of(team, X, blocks_of(X)), 1, center), qr(centered).R, 1e-13));
    }
  });
}

TEST(TsqrOverRanks, HugeAndTinyNumbersKeepTheirDigits) {
  test::for_each_team({1, 2}, [](Team& team) {
    const Matrix X = normal_matrix(2000, 3);
    const Matrix R = tsqr(team, share_of(team, X, blocks_of(X)));
    const Vector powers{{0x1p1000, 0x1p-1000, 0x1p600}};
    const Matrix scaled = X * powers.asDiagonal();
    EXPECT_EQ(tsqr(team, share_of(team, scaled, blocks_of(X))), Matrix(R * powers.asDiagonal()));
  });
}

TEST(TsqrOverRanks, ZerosHaveTheRZero) {
  test::for_each_team({1, 3}, [](Team& team) {
    const Matrix zeros = Matrix::Zero(2050, 3);
    EXPECT_EQ(tsqr(team, share_of(team, zeros, blocks_of(zeros))), Matrix::Zero(3, 3));
  });
}

// σ from 1 to 10⁻¹²: R has all of them, the Gram matrix none below 10⁻⁸.
TEST(TsqrOverRanks, KeepsSingularValuesThatTheGramMatrixLoses) {
  Vector sigma(25);
  for (Index j = 0; j < 25; ++j) sigma[j] = std::pow(10.0, -0.5 * static_cast<double>(j));
  const Matrix X = test::matrix_with(5000, sigma);
  test::for_each_team({1, 3}, [&](Team& team) {
    const Matrix R = tsqr(team, share_of(team, X, blocks_of(X)));
    EXPECT_TRUE(close(singular_values(R), sigma, 1e-15, 1));
    const Vector squares = singular_values(X.transpose() * X);
    EXPECT_FALSE(close(std::sqrt(squares[24]), sigma[24], 1e-10, 1));
    EXPECT_GT(std::sqrt(squares[24]), 1e-10);
  });
}

TEST(ThinQrOverRanks, DecomposesAnyShape) {
  test::for_each_team({1, 2, 3}, [](Team& team) {
    for (const Index columns : {1, 5, 17}) {
      for (const Index rows : {1, 3, 17, 1025, 4100}) {
        const Matrix X = normal_matrix(rows, columns);
        const ThinQr factors = thin_qr(team, share_of(team, X, blocks_of(X)));
        EXPECT_EQ(factors.rank, std::min(rows, columns));
        expect_thin_qr(X, gathered(team, factors.Q), factors.R);
        EXPECT_TRUE(close(factors.R, qr(X).R, 1e-12)) << rows << "×" << columns;
      }
    }
  });
}

TEST(ThinQrOverRanks, IsOrthonormalHoweverIllConditioned) {
  test::for_each_team({1, 3}, [](Team& team) {
    for (const double condition : {1e4, 1e8, 1e12, 1e14}) {
      Vector sigma(12);
      for (Index j = 0; j < 12; ++j) {
        sigma[j] = std::pow(condition, -static_cast<double>(j) / 11);
      }
      const Matrix X = test::matrix_with(3000, sigma);
      const ThinQr factors = thin_qr(team, share_of(team, X, blocks_of(X)));
      SCOPED_TRACE(condition);
      expect_thin_qr(X, gathered(team, factors.Q), factors.R);
    }
  });
}

TEST(ThinQrOverRanks, HasTheSameBitsOnAnyRanksAndThreads) {
  Matrix Q;
  Matrix R;
  for (const bool deficient : {false, true}) {
    Matrix X = normal_matrix(5003, 6);
    if (deficient) X.col(2) = X.col(0) + X.col(1);
    test::for_each_thread_team({1}, [&](Team& team) {
      const ThinQr factors = thin_qr(team, share_of(team, X, blocks_of(X)));
      Q = gathered(team, factors.Q);
      R = factors.R;
    });
    test::for_each_team({2, 3, 4, 7}, [&](Team& team) {
      for (const int threads : {1, 2}) {
        for (const Share share : {Share::even, Share::last}) {
          const ThinQr factors = thin_qr(team, share_of(team, X, blocks_of(X), share), threads);
          EXPECT_EQ(gathered(team, factors.Q), Q);
          EXPECT_EQ(factors.R, R);
        }
      }
    });
  }
}

TEST(ThinQrOverRanks, CompletesTheBasisOfDependentColumns) {
  test::for_each_team({1, 2}, [](Team& team) {
    Matrix X = normal_matrix(3000, 7);
    X.col(1) = 3 * X.col(0);
    X.col(3).setZero();
    X.col(6) = X.col(2) - X.col(5);
    const ThinQr factors = thin_qr(team, share_of(team, X, blocks_of(X)));
    EXPECT_EQ(factors.rank, 4);
    expect_thin_qr(X, gathered(team, factors.Q), factors.R);
    for (const Index dependent : {1, 3, 6}) EXPECT_TRUE(factors.R.row(dependent).isZero(0));
  });
}

TEST(ThinQrOverRanks, OfZerosAndOfASquareOfRankOne) {
  test::for_each_team({1, 2}, [](Team& team) {
    const Matrix zeros = Matrix::Zero(1500, 3);
    const ThinQr of_zeros = thin_qr(team, share_of(team, zeros, blocks_of(zeros)));
    EXPECT_EQ(of_zeros.rank, 0);
    expect_thin_qr(zeros, gathered(team, of_zeros.Q), of_zeros.R);
    const Matrix ones = Matrix::Ones(4, 4);
    const ThinQr of_ones = thin_qr(team, share_of(team, ones, blocks_of(ones)));
    EXPECT_EQ(of_ones.rank, 1);
    expect_thin_qr(ones, gathered(team, of_ones.Q), of_ones.R);
  });
}

/// What all ranks throw, without the rank and the host that it happened on.
std::string error_of(Team& team, const Matrix& X) {
  try {
    tsqr(team, share_of(team, X, blocks_of(X)));
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::bad_data);
    const std::string message = error.what();
    return message.substr(0, message.find(" (rank"));
  }
  return "no error";
}

TEST(TsqrOverRanks, RefusesWhatIsNotAMatrixOfFiniteNumbers) {
  test::for_each_team({1, 3}, [](Team& team) {
    EXPECT_EQ(error_of(team, Matrix(0, 3)), "expected a matrix with rows and columns, found 0×3");
    EXPECT_EQ(error_of(team, Matrix(3, 0)), "expected a matrix with rows and columns, found 3×0");
    Matrix X = normal_matrix(3000, 4);
    X(2999, 0) = -std::numeric_limits<double>::infinity();
    EXPECT_EQ(error_of(team, X),
              "row 2999, column 0 of the matrix, counted from 0: expected a finite number, "
              "found -inf");
    X(1700, 3) = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(error_of(team, X),
              "row 1700, column 3 of the matrix, counted from 0: expected a finite number, "
              "found nan");
  });
}

}  // namespace
}  // namespace lockstep
