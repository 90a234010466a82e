#include "core/linalg/svd.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/linalg/norms.hpp"
#include "core/linalg/qr.hpp"
#include "core/linalg/signs.hpp"
#include "tests/core/linalg/data_error.hpp"
#include "tests/core/linalg/matrices.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;
using test::data_error;

Matrix product(const Svd& factors) {
  return factors.U * factors.singular_values.asDiagonal() * factors.V.transpose();
}

/// All that makes a thin singular value decomposition, but for uniqueness.
void expect_svd(const Matrix& A, const Svd& factors, const std::string& of) {
  const Index k = std::min(A.rows(), A.cols());
  ASSERT_EQ(factors.U.cols(), k) << of;
  ASSERT_EQ(factors.V.cols(), k) << of;
  const Vector& sigma = factors.singular_values;
  EXPECT_TRUE(close(product(factors), A, 1e-13, sigma[0])) << of;
  EXPECT_TRUE(close(factors.U.transpose() * factors.U, Matrix::Identity(k, k), 1e-13, 1)) << of;
  EXPECT_TRUE(close(factors.V.transpose() * factors.V, Matrix::Identity(k, k), 1e-13, 1)) << of;
  for (Index j = 0; j < k; ++j) {
    EXPECT_GE(sigma[j], 0) << of;
    EXPECT_GE(j == 0 ? sigma[0] : sigma[j - 1], sigma[j]) << of;
    EXPECT_EQ(sign_of(factors.V.col(j)), 1) << of;
  }
}

/// Q₁·diag(σ)·Q₂ᵀ, m×n.
Matrix with_singular_values(Index m, Index n, const Vector& sigma) {
  const Matrix Q1 = qr(test::random_matrix(m, sigma.size(), 2)).Q;
  const Matrix Q2 = qr(test::random_matrix(n, sigma.size(), 3)).Q;
  return Q1 * sigma.asDiagonal() * Q2.transpose();
}

TEST(Svd, ByHand) {
  // AᵀA = [[25, 20], [20, 25]]
  const Svd factors = svd(Matrix{{3, 0}, {4, 5}});
  EXPECT_TRUE(close(factors.singular_values, Vector{{std::sqrt(45), std::sqrt(5)}}, 1e-15));
  const double r = std::sqrt(0.5);
  EXPECT_TRUE(close(factors.V, Matrix{{r, r}, {r, -r}}, 1e-15));
  const double s = std::sqrt(0.1);
  EXPECT_TRUE(close(factors.U, Matrix{{s, 3 * s}, {3 * s, -s}}, 1e-15));
  const Svd one = svd(Matrix{{-3}});
  EXPECT_EQ(one.singular_values[0], 3);
  EXPECT_EQ(one.V(0, 0), 1);
  EXPECT_EQ(one.U(0, 0), -1);
}

TEST(Svd, IsNumpys) {
  const auto reference = test::reference("linalg");
  for (const auto& [name, of] : reference["matrices"].items()) {
    const Matrix A = test::matrix_of(of["matrix"]);
    const Svd factors = svd(A);
    expect_svd(A, factors, name);
    const Vector expected = test::vector_of(of["singular_values"]);
    EXPECT_TRUE(close(factors.singular_values, expected, 1e-14)) << name;
    EXPECT_TRUE(close(singular_values(A), expected, 1e-14)) << name;
    EXPECT_EQ(matrix_rank(A), of["rank"].get<Index>()) << name;
    if (!of.contains("condition")) continue;
    // A vector turns by rounding over the gap to its neighbours.
    const double condition = test::number_of(of["condition"]);
    const double tolerance = std::fmax(1e-14, 1e-16 * condition);
    EXPECT_TRUE(close(factors.U, test::matrix_of(of["U"]), tolerance, 1)) << name;
    EXPECT_TRUE(close(factors.V, test::matrix_of(of["V"]), tolerance, 1)) << name;
    EXPECT_TRUE(close(condition_number(A), condition, tolerance)) << name;
    EXPECT_TRUE(close(pseudo_inverse(A), test::matrix_of(of["pseudo_inverse"]), tolerance)) << name;
  }
}

TEST(Svd, OfAllShapes) {
  for (const auto& [m, n] : {std::pair<Index, Index>{1, 1},
                             {1, 7},
                             {7, 1},
                             {16, 16},
                             {40, 17},
                             {17, 40},
                             {300, 60},
                             {130, 130}}) {
    const Matrix A = test::random_matrix(m, n);
    const std::string shape = std::to_string(m) + "×" + std::to_string(n);
    expect_svd(A, svd(A), shape);
    EXPECT_TRUE(close(singular_values(A), singular_values(A.transpose()), 1e-14)) << shape;
  }
}

TEST(Svd, OfZeroAndOfDeficientRank) {
  const Svd zero = svd(Matrix::Zero(4, 3));
  expect_svd(Matrix::Zero(4, 3), zero, "zero");
  EXPECT_EQ(zero.singular_values, Vector::Zero(3));
  const Matrix ones = Matrix::Ones(50, 40);
  expect_svd(ones, svd(ones), "ones");
  EXPECT_NEAR(singular_values(ones)[0], std::sqrt(2000), 1e-12);
  EXPECT_EQ(matrix_rank(ones), 1);
  // Blocks of equal numbers far apart in size lead Eigen's BDCSVD to read out of bounds.
  Matrix blocks = Matrix::Ones(131, 131);
  blocks.topLeftCorner(65, 65) *= 1e-10;
  expect_svd(blocks, svd(blocks), "blocks");
  EXPECT_EQ(matrix_rank(blocks), 2);
}

TEST(Svd, OfEqualSingularValues) {
  const Matrix Q = qr(test::random_matrix(50, 50)).Q;
  expect_svd(Q, svd(Q), "orthogonal");
  EXPECT_TRUE(close(singular_values(Q), Vector::Ones(50), 1e-14));
  Vector pairs(40);
  for (Index i = 0; i < 40; ++i) pairs[i] = 20 - static_cast<double>(i / 2);
  const Matrix A = with_singular_values(60, 40, pairs);
  expect_svd(A, svd(A), "pairs");
  EXPECT_TRUE(close(singular_values(A), pairs, 1e-14));
}

TEST(Svd, KeepsSmallSingularValuesThatSquaresLose) {
  Vector sigma(64);
  for (Index i = 0; i < 64; ++i) sigma[i] = std::pow(10.0, -12.0 * static_cast<double>(i) / 63);
  const Matrix A = with_singular_values(200, 64, sigma);
  expect_svd(A, svd(A), "graded");
  EXPECT_TRUE(close(svd(A).singular_values, sigma, 1e-14));
  // An error of rounding, 1e-16 of the largest, is 1e-4 of the smallest.
  EXPECT_TRUE(close(condition_number(A), 1e12, 1e-3));
  // √(10⁻¹⁶) is all that the squares leave of what is below 10⁻⁸.
  const Vector squares = singular_values(A.transpose() * A);
  EXPECT_GT(std::fabs(std::sqrt(squares[63]) / sigma[63] - 1), 10);
}

TEST(Svd, TakesAnySize) {
  for (const double size : {1e-300, 1e-200, 1e200, 1e300}) {
    const Svd factors = svd(size * Matrix{{3, 0}, {4, 5}, {0, 0}});
    EXPECT_TRUE(close(factors.singular_values, size * Vector{{std::sqrt(45), std::sqrt(5)}}, 1e-15))
        << size;
    EXPECT_TRUE(close(factors.U.transpose() * factors.U, Matrix::Identity(2, 2), 1e-15)) << size;
    const Matrix A{{3, 0, 3}, {4, 5, 9}, {0, 0, 0}};
    EXPECT_EQ(matrix_rank(size * A), 2) << size;
    EXPECT_TRUE(close(condition_number(size * A.leftCols(2)), 3, 1e-14)) << size;
    EXPECT_TRUE(close(pseudo_inverse(size * A), pseudo_inverse(A) / size, 1e-14)) << size;
    EXPECT_TRUE(close(low_rank_approximation(size * A, 2), size * A, 1e-14)) << size;
  }
}

TEST(TruncatedSvd, IsTheBestApproximationOfItsRank) {
  const Matrix A = test::random_matrix(20, 12);
  const Svd whole = svd(A);
  const Vector& sigma = whole.singular_values;
  for (Index k = 1; k <= 12; ++k) {
    const Svd factors = truncated_svd(A, k);
    EXPECT_EQ(factors.U, whole.U.leftCols(k));
    EXPECT_EQ(factors.V, whole.V.leftCols(k));
    EXPECT_EQ(factors.singular_values, sigma.head(k));
    const Matrix nearest = low_rank_approximation(A, k);
    EXPECT_TRUE(close(nearest, product(factors), 1e-15));
    EXPECT_NEAR(frobenius_norm(A - nearest), sigma.tail(12 - k).norm(), 1e-13);
    EXPECT_NEAR(matrix_norm_2(A - nearest), k < 12 ? sigma[k] : 0, 1e-13);
    EXPECT_EQ(matrix_rank(nearest), k);
    // No other of rank k that is tried comes nearer.
    const Matrix other = nearest + 1e-3 * nearest * test::random_matrix(12, 12, 5);
    EXPECT_GE(frobenius_norm(A - other), frobenius_norm(A - nearest));
  }
}

TEST(TruncatedSvd, RejectsRanksThatTheMatrixCannotHave) {
  const Matrix A = Matrix::Ones(3, 2);
  EXPECT_EQ(data_error([&] { truncated_svd(A, 0); }),
            "truncated_svd: k must be from 1 to 2 for a matrix of 3×2, but is 0");
  EXPECT_EQ(data_error([&] { low_rank_approximation(A, 3); }),
            "low_rank_approximation: k must be from 1 to 2 for a matrix of 3×2, but is 3");
}

TEST(PseudoInverse, SatisfiesPenrosesEquations) {
  for (const Matrix& A : {test::random_matrix(7, 4), test::random_matrix(4, 7),
                          Matrix(test::random_matrix(8, 3) * test::random_matrix(3, 6)),
                          Matrix(Matrix::Zero(2, 3))}) {
    const Matrix P = pseudo_inverse(A);
    EXPECT_TRUE(close(A * P * A, A, 1e-13));
    EXPECT_TRUE(close(P * A * P, P, 1e-13));
    EXPECT_TRUE(close((A * P).transpose(), A * P, 1e-13, 1));
    EXPECT_TRUE(close((P * A).transpose(), P * A, 1e-13, 1));
  }
}

TEST(MatrixRank, CountsSingularValuesAboveTheTolerance) {
  Matrix A = Matrix::Zero(4, 3);
  A.diagonal() << 1, 1e-3, 1e-15;
  EXPECT_EQ(matrix_rank(A), 3) << "4ε = 9e-16";
  EXPECT_EQ(matrix_rank(A, 1e-14), 2);
  EXPECT_EQ(matrix_rank(A, 1e-3), 1) << "not above";
  EXPECT_EQ(matrix_rank(A, 0), 3);
  A(2, 2) = 5e-16;
  EXPECT_EQ(matrix_rank(A), 2);
  EXPECT_EQ(data_error([&] { matrix_rank(A, -1); }),
            "matrix_rank: the tolerance must be at least 0, but is -1");
}

TEST(ConditionNumber, ByHand) {
  EXPECT_DOUBLE_EQ(condition_number(Matrix{{3, 0}, {4, 5}}), 3);
  EXPECT_EQ(condition_number(Matrix::Identity(4, 3)), 1);
  EXPECT_EQ(condition_number(Matrix::Zero(2, 2)), std::numeric_limits<double>::infinity());
  EXPECT_GT(condition_number(Matrix{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}), 1e15);
}

TEST(Svd, RejectsWhatHasNone) {
  EXPECT_EQ(data_error([] { svd(Matrix(3, 0)); }), "svd: A is empty (3×0)");
  const Matrix nan{{1, 2}, {3, std::nan("")}};
  EXPECT_EQ(data_error([&] { svd(nan); }), "svd: A must be finite, but A(1, 1) is nan");
  EXPECT_EQ(data_error([&] { singular_values(nan); }),
            "singular_values: A must be finite, but A(1, 1) is nan");
  EXPECT_EQ(data_error([&] { pseudo_inverse(nan); }),
            "pseudo_inverse: A must be finite, but A(1, 1) is nan");
  EXPECT_EQ(data_error([&] { matrix_rank(nan); }),
            "matrix_rank: A must be finite, but A(1, 1) is nan");
  EXPECT_EQ(data_error([&] { condition_number(Matrix(0, 0)); }),
            "condition_number: A is empty (0×0)");
}

}  // namespace
}  // namespace lockstep
