#include "core/linalg/least_squares.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/linalg/norms.hpp"
#include "core/linalg/svd.hpp"
#include "tests/core/linalg/data_error.hpp"
#include "tests/core/linalg/matrices.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;
using test::data_error;

TEST(LeastSquares, FitsALineByHand) {
  // Through (0, 1), (1, 3), (2, 5), (3, 8): slope 2.3, intercept 0.8, residuals 0.2 −0.1 −0.4 0.3
  const Matrix A{{1, 0}, {1, 1}, {1, 2}, {1, 3}};
  const LeastSquares fit = least_squares(A, Vector{{1, 3, 5, 8}});
  EXPECT_TRUE(close(fit.X, Vector{{0.8, 2.3}}, 1e-14));
  EXPECT_EQ(fit.rank, 2);
  EXPECT_NEAR(fit.residual_norms[0], std::sqrt(0.3), 1e-14);
  EXPECT_EQ(fit.warning, std::nullopt);
}

TEST(LeastSquares, IsNumpys) {
  const auto reference = test::reference("linalg");
  for (const auto& [name, of] : reference["matrices"].items()) {
    const Matrix A = test::matrix_of(of["matrix"]);
    const LeastSquares fit = least_squares(A, test::matrix_of(of["right"]));
    EXPECT_EQ(fit.rank, of["rank"].get<Index>()) << name;
    const double condition = of.contains("condition") ? test::number_of(of["condition"]) : 10;
    const double tolerance = std::fmax(1e-13, 1e-15 * condition);
    EXPECT_TRUE(close(fit.X, test::matrix_of(of["least_squares"]), tolerance)) << name;
    EXPECT_TRUE(close(fit.residual_norms, test::vector_of(of["residual_norms"]), tolerance, 10))
        << name;
  }
}

TEST(LeastSquares, HasAResidualOrthogonalToTheColumns) {
  const Matrix A = test::random_matrix(200, 30);
  const Matrix B = test::random_matrix(200, 4, 5);
  const LeastSquares fit = least_squares(A, B);
  const Matrix residual = A * fit.X - B;
  EXPECT_TRUE(close(A.transpose() * residual, Matrix::Zero(30, 4), 1e-13, 10));
  for (Index j = 0; j < 4; ++j) EXPECT_EQ(fit.residual_norms[j], norm(residual.col(j)));
  EXPECT_TRUE(close(fit.X, pseudo_inverse(A) * B, 1e-13));
}

TEST(LeastSquares, OfDeficientRankTakesTheSmallestSolutionAndSaysSo) {
  // x + y = 2, twice: all (x, 2 − x) fit.
  const LeastSquares fit = least_squares(Matrix::Ones(3, 2), Vector{{2, 2, 2}});
  EXPECT_TRUE(close(fit.X, Vector{{1, 1}}, 1e-15));
  EXPECT_EQ(fit.rank, 1);
  EXPECT_NEAR(fit.residual_norms[0], 0, 1e-15);
  EXPECT_EQ(*fit.warning,
            "least_squares: A (3×2) has rank 1, so many solutions fit equally well; this is the "
            "one of least norm");
  const Matrix A = test::random_matrix(30, 4) * test::random_matrix(4, 9);
  const Matrix B = test::random_matrix(30, 2, 7);
  const LeastSquares deficient = least_squares(A, B);
  EXPECT_EQ(deficient.rank, 4);
  EXPECT_TRUE(close(deficient.X, pseudo_inverse(A) * B, 1e-12));
}

TEST(LeastSquares, OfWideMatricesTakesTheSmallestSolution) {
  const Matrix A = test::random_matrix(5, 20);
  const Vector b = test::random_matrix(5, 1, 3);
  const LeastSquares fit = least_squares(A, b);
  EXPECT_EQ(fit.rank, 5);
  EXPECT_TRUE(fit.warning);
  EXPECT_TRUE(close(A * fit.X, b, 1e-14));
  EXPECT_TRUE(close(fit.X, pseudo_inverse(A) * b, 1e-13));
}

TEST(LeastSquares, OfZeroIsZero) {
  const LeastSquares fit = least_squares(Matrix::Zero(3, 2), Vector{{1, 2, 2}});
  EXPECT_EQ(fit.X, Vector::Zero(2));
  EXPECT_EQ(fit.rank, 0);
  EXPECT_EQ(fit.residual_norms[0], 3);
}

TEST(LeastSquares, TakesAnySize) {
  for (const double size : {1e-300, 1e-200, 1e200, 1e300}) {
    const Matrix A = size * Matrix{{1, 0}, {1, 1}, {1, 2}, {1, 3}};
    const LeastSquares fit = least_squares(A, size * Vector{{1, 3, 5, 8}});
    EXPECT_TRUE(close(fit.X, Vector{{0.8, 2.3}}, 1e-14)) << size;
    EXPECT_EQ(fit.rank, 2) << size;
  }
}

TEST(LeastSquares, KeepsDigitsThatTheNormalEquationsLose) {
  // κ(A) = 10⁷, so κ(AᵀA) = 10¹⁴.
  const double e = 1e-7;
  const Matrix A{{1, 1}, {e, 0}, {0, e}};
  const LeastSquares fit = least_squares(A, Vector{{2, e, e}});
  EXPECT_TRUE(close(fit.X, Vector{{1, 1}}, 1e-9));
  EXPECT_EQ(fit.rank, 2);
}

TEST(LeastSquares, RejectsWhatDoesNotFit) {
  EXPECT_EQ(data_error([] {
              least_squares(Matrix::Ones(3, 2), Vector{{1, 2}});
            }),
            "least_squares: B must have as many rows as A, but they are 2×1 and 3×2");
  EXPECT_EQ(data_error([] { least_squares(Matrix(0, 2), Vector()); }),
            "least_squares: A is empty (0×2)");
  EXPECT_EQ(data_error([] { least_squares(Matrix::Ones(1, 1), Matrix(1, 0)); }),
            "least_squares: B is empty (1×0)");
  EXPECT_EQ(data_error([] { least_squares(Matrix::Ones(1, 1), Matrix{{std::nan("")}}); }),
            "least_squares: B must be finite, but B(0, 0) is nan");
}

}  // namespace
}  // namespace lockstep
