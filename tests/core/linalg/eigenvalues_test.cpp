#include "core/linalg/eigenvalues.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/linalg/norms.hpp"
#include "core/linalg/signs.hpp"
#include "tests/core/linalg/data_error.hpp"
#include "tests/core/linalg/matrices.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;
using test::data_error;

Matrix symmetric(Index n) {
  const Matrix A = test::random_matrix(n, n);
  return A + A.transpose();
}

::testing::AssertionResult close_parts(const ComplexMatrix& actual, const nlohmann::json& expected,
                                       double tolerance) {
  const auto part = [&](const char* name) -> Matrix {
    const auto& json = expected[name];
    return json[0].is_array() ? test::matrix_of(json) : Matrix(test::vector_of(json));
  };
  const auto real = close(actual.real(), part("real"), tolerance, 1);
  return real ? close(actual.imag(), part("imag"), tolerance, 1) : real;
}

TEST(SymmetricEigen, ByHand) {
  const SymmetricEigen result = symmetric_eigen(Matrix{{2, 1}, {1, 2}});
  EXPECT_TRUE(close(result.values, Vector{{3, 1}}, 1e-15));
  const double r = std::sqrt(0.5);
  EXPECT_TRUE(close(result.vectors, Matrix{{r, r}, {r, -r}}, 1e-15));
  const SymmetricEigen one = symmetric_eigen(Matrix{{-3}});
  EXPECT_EQ(one.values[0], -3);
  EXPECT_EQ(one.vectors(0, 0), 1);
}

TEST(SymmetricEigen, IsNumpys) {
  const auto reference = test::reference("linalg");
  for (const auto& [name, of] : reference["matrices"].items()) {
    if (!of.contains("symmetric_values")) continue;
    const SymmetricEigen result = symmetric_eigen(test::matrix_of(of["matrix"]));
    const Vector values = test::vector_of(of["symmetric_values"]);
    EXPECT_TRUE(close(result.values, values, 1e-14, values[0])) << name;
    // A vector turns by rounding over the gap to its neighbours: 1e-8 here for the smallest.
    EXPECT_TRUE(close(result.vectors, test::matrix_of(of["symmetric_vectors"]), 1e-7, 1)) << name;
    EXPECT_TRUE(close(result.vectors.leftCols(1),
                      test::matrix_of(of["symmetric_vectors"]).leftCols(1), 1e-14, 1))
        << name;
  }
}

TEST(SymmetricEigen, DiagonalizesByAnOrthogonalMatrix) {
  for (const Index n : {1, 2, 3, 16, 100}) {
    const Matrix A = symmetric(n);
    const SymmetricEigen result = symmetric_eigen(A);
    const Matrix& V = result.vectors;
    EXPECT_TRUE(close(V * result.values.asDiagonal() * V.transpose(), A, 1e-14, matrix_norm_2(A)));
    EXPECT_TRUE(close(V.transpose() * V, Matrix::Identity(n, n), 1e-14, 1));
    for (Index j = 0; j < n; ++j) EXPECT_EQ(sign_of(V.col(j)), 1);
    for (Index j = 1; j < n; ++j) EXPECT_GE(result.values[j - 1], result.values[j]);
    EXPECT_NEAR(result.values.sum(), A.trace(), 1e-14 * static_cast<double>(n) * 10);
  }
}

TEST(SymmetricEigen, OfEqualEigenvaluesAndOfZero) {
  EXPECT_EQ(symmetric_eigen(Matrix::Identity(5, 5)).values, Vector::Ones(5));
  const SymmetricEigen zero = symmetric_eigen(Matrix::Zero(3, 3));
  EXPECT_EQ(zero.values, Vector::Zero(3));
  EXPECT_TRUE(close(zero.vectors.transpose() * zero.vectors, Matrix::Identity(3, 3), 1e-15));
}

TEST(SymmetricEigen, TakesAnySize) {
  for (const double size : {1e-300, 1e-100, 1e100, 1e300}) {
    const SymmetricEigen result = symmetric_eigen(size * Matrix{{2, 1}, {1, 2}});
    EXPECT_TRUE(close(result.values, size * Vector{{3, 1}}, 1e-15)) << size;
  }
}

TEST(GeneralEigen, TakesAnySize) {
  const Matrix A{{1, 2, 0}, {-2, 1, 1}, {0.5, 0, 3}};
  const GeneralEigen expected = general_eigen(A);
  for (const double size : {1e-300, 1e-200, 1e200, 1e300}) {
    const GeneralEigen result = general_eigen(size * A);
    for (Index j = 0; j < 3; ++j) {
      EXPECT_LT(std::abs(result.values[j] / size - expected.values[j]), 1e-14) << size;
      EXPECT_LT((result.vectors.col(j) - expected.vectors.col(j)).norm(), 1e-14) << size;
    }
  }
}

TEST(SymmetricEigen, RejectsWhatIsNotSymmetric) {
  EXPECT_EQ(data_error([] {
              symmetric_eigen(Matrix{{1, 2}, {3, 4}});
            }),
            "symmetric_eigen: A must be symmetric, but A(1, 0) is 3 and A(0, 1) is 2");
  EXPECT_EQ(data_error([] { symmetric_eigen(Matrix::Ones(2, 3)); }),
            "symmetric_eigen: A must be square, but is 2×3");
  EXPECT_EQ(data_error([] { symmetric_eigen(Matrix(0, 0)); }), "symmetric_eigen: A is empty (0×0)");
  EXPECT_EQ(data_error([] { symmetric_eigen(Matrix{{std::nan("")}}); }),
            "symmetric_eigen: A must be finite, but A(0, 0) is nan");
  // Rounding is no asymmetry, and both halves count alike.
  const SymmetricEigen nearly = symmetric_eigen(Matrix{{2, 1 + 1e-13}, {1 - 1e-13, 2}});
  EXPECT_TRUE(close(nearly.values, Vector{{3, 1}}, 1e-15));
  EXPECT_THROW(symmetric_eigen(Matrix{{2, 1 + 1e-11}, {1, 2}}), DataError);
}

TEST(GeneralEigen, ByHand) {
  // A rotation by 90°: ±i with vectors (1, ∓i)/√2.
  const GeneralEigen turn = general_eigen(Matrix{{0, -1}, {1, 0}});
  EXPECT_LT(std::abs(turn.values[0] - std::complex<double>(0, 1)), 1e-15);
  EXPECT_LT(std::abs(turn.values[1] - std::complex<double>(0, -1)), 1e-15);
  const double r = std::sqrt(0.5);
  EXPECT_LT(std::abs(turn.vectors(0, 0) - r), 1e-15);
  EXPECT_LT(std::abs(turn.vectors(1, 0) - std::complex<double>(0, -r)), 1e-15);
  // Triangular: the diagonal.
  const GeneralEigen triangular = general_eigen(Matrix{{1, 5, 2}, {0, 4, 3}, {0, 0, -2}});
  EXPECT_TRUE(close(triangular.values.real(), Vector{{4, 1, -2}}, 1e-15));
  EXPECT_EQ(triangular.values.imag(), Vector::Zero(3));
}

TEST(GeneralEigen, IsNumpys) {
  const auto reference = test::reference("linalg");
  for (const auto& [name, of] : reference["matrices"].items()) {
    if (!of.contains("eigenvalues")) continue;
    const GeneralEigen result = general_eigen(test::matrix_of(of["matrix"]));
    EXPECT_TRUE(close_parts(result.values, of["eigenvalues"], 1e-14)) << name;
    EXPECT_TRUE(close_parts(result.vectors, of["eigenvectors"], 1e-6)) << name;
  }
}

TEST(GeneralEigen, SatisfiesTheDefinition) {
  for (const Index n : {1, 2, 3, 16, 60}) {
    const Matrix A = test::random_matrix(n, n);
    const auto [values, V] = general_eigen(A);
    const ComplexMatrix residual = A * V - V * values.asDiagonal();
    EXPECT_LE(residual.cwiseAbs().maxCoeff(), 1e-14 * matrix_norm_2(A)) << n;
    EXPECT_NEAR(values.sum().real(), A.trace(), 1e-13) << n;
    for (Index j = 0; j < n; ++j) {
      EXPECT_NEAR(V.col(j).norm(), 1, 1e-14);
      Index largest = 0;
      V.col(j).cwiseAbs().maxCoeff(&largest);
      EXPECT_EQ(V(largest, j).imag(), 0);
      EXPECT_GT(V(largest, j).real(), 0);
      if (j == 0) continue;
      EXPECT_GE(values[j - 1].real(), values[j].real());
      if (values[j - 1].real() == values[j].real()) {
        EXPECT_EQ(values[j], std::conj(values[j - 1]));
        EXPECT_GT(values[j - 1].imag(), 0);
      }
    }
  }
}

TEST(GeneralEigen, OfADefectiveMatrixHasParallelVectors) {
  const GeneralEigen result = general_eigen(Matrix{{3, 1}, {0, 3}});
  EXPECT_LT(std::abs(result.values[0] - 3.0), 1e-7);
  EXPECT_LT(std::abs(result.values[1] - 3.0), 1e-7);
  EXPECT_NEAR(std::abs(result.vectors(0, 0)), 1, 1e-7);
  EXPECT_NEAR(std::abs(result.vectors(0, 1)), 1, 1e-7);
}

TEST(GeneralEigen, OfZeroAndOfOneNumber) {
  const GeneralEigen zero = general_eigen(Matrix::Zero(3, 3));
  EXPECT_EQ(zero.values, ComplexVector::Zero(3));
  EXPECT_EQ(zero.vectors, ComplexMatrix::Identity(3, 3));
  EXPECT_EQ(general_eigen(Matrix{{-2}}).values[0], -2.0);
}

TEST(GeneralEigen, RejectsWhatHasNoEigenvalues) {
  EXPECT_EQ(data_error([] { general_eigen(Matrix::Ones(2, 3)); }),
            "general_eigen: A must be square, but is 2×3");
  EXPECT_EQ(data_error([] { general_eigen(Matrix(0, 0)); }), "general_eigen: A is empty (0×0)");
  EXPECT_EQ(data_error([] {
              general_eigen(Matrix{{1, std::nan("")}, {1, 1}});
            }),
            "general_eigen: A must be finite, but A(0, 1) is nan");
}

}  // namespace
}  // namespace lockstep
