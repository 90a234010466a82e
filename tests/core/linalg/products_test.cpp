#include "core/linalg/products.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "tests/core/linalg/data_error.hpp"
#include "tests/core/linalg/matrices.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::data_error;

TEST(Products, OfVectorsByHand) {
  const Vector u{{1, 2, 3}};
  const Vector v{{4, -5, 6}};
  const Vector sum = add(u, v);
  EXPECT_EQ(sum, (Vector{{5, -3, 9}}));
  EXPECT_EQ(scale(-2, u), (Vector{{-2, -4, -6}}));
  EXPECT_EQ(dot(u, v), 12);
}

TEST(Products, OfMatricesByHand) {
  const Matrix A{{1, 2}, {3, 4}, {5, 6}};
  const Matrix B{{1, 0, -1}, {2, 1, 0}};
  EXPECT_EQ(add(A, transpose(B)), (Matrix{{2, 4}, {3, 5}, {4, 6}}));
  EXPECT_EQ(scale(3, B), (Matrix{{3, 0, -3}, {6, 3, 0}}));
  EXPECT_EQ(multiply(A, B), (Matrix{{5, 2, -1}, {11, 4, -3}, {17, 6, -5}}));
  EXPECT_EQ(transpose(B), (Matrix{{1, 2}, {0, 1}, {-1, 0}}));
  EXPECT_EQ(multiply(A, Vector{{1, -1}}), (Vector{{-1, -1, -1}}));
}

TEST(Products, TakeBlocksAndRows) {
  const Matrix A{{1, 2, 3}, {4, 5, 6}};
  EXPECT_EQ(multiply(A.rightCols(2), A.leftCols(2)), (Matrix{{14, 19}, {29, 40}}));
  EXPECT_EQ(dot(A.col(0), A.col(2)), 27);
  EXPECT_EQ(dot(A.row(0).transpose(), A.row(1).transpose()), 32);
}

TEST(Products, AreTheirDefinition) {
  const Matrix A = test::random_matrix(37, 53);
  const Matrix B = test::random_matrix(53, 19);
  Matrix naive = Matrix::Zero(37, 19);
  for (Index i = 0; i < 37; ++i) {
    for (Index j = 0; j < 19; ++j) {
      for (Index k = 0; k < 53; ++k) naive(i, j) += A(i, k) * B(k, j);
    }
  }
  EXPECT_TRUE(test::close(multiply(A, B), naive, 1e-14));
  EXPECT_TRUE(test::close(multiply(transpose(B), transpose(A)), transpose(naive), 1e-14));
  double sum = 0;
  for (Index i = 0; i < 37; ++i) sum += A(i, 0) * A(i, 1);
  EXPECT_TRUE(test::close(dot(A.col(0), A.col(1)), sum, 1e-14, 1));
}

TEST(Products, OfNothingAreZeros) {
  EXPECT_EQ(dot(Vector(), Vector()), 0);
  EXPECT_EQ(multiply(Matrix(2, 0), Matrix(0, 3)), Matrix::Zero(2, 3));
  EXPECT_EQ(add(Matrix(0, 4), Matrix(0, 4)).cols(), 4);
}

TEST(Products, KeepNaNAndInfinity) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(dot(Vector{{1, kInfinity}}, Vector{{1, 1}}), kInfinity);
  const Matrix product = multiply(Matrix{{std::nan(""), 1}, {1, 1}}, Matrix{{1}, {0}});
  EXPECT_TRUE(std::isnan(product(0, 0)));
  EXPECT_EQ(product(1, 0), 1);
}

TEST(Products, RejectShapesThatDoNotFit) {
  const Matrix A(2, 3);
  EXPECT_EQ(data_error([&] { add(A, Matrix(3, 2)); }),
            "add: both operands must have one shape, but they are 2×3 and 3×2");
  EXPECT_EQ(data_error([&] { dot(Vector(4), Vector(5)); }),
            "dot: both operands must have one shape, but they are 4×1 and 5×1");
  EXPECT_EQ(data_error([&] { multiply(A, A); }),
            "multiply: A must have as many columns as B has rows, but they are 2×3 and 2×3");
}

}  // namespace
}  // namespace lockstep
