#include "core/linalg/solve.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/linalg/norms.hpp"
#include "core/linalg/svd.hpp"
#include "tests/core/linalg/data_error.hpp"
#include "tests/core/linalg/matrices.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;
using test::data_error;

TEST(Inverse, ByHand) {
  const Inverse result = inverse(Matrix{{4, 7}, {2, 6}});
  EXPECT_TRUE(close(result.matrix, Matrix{{0.6, -0.7}, {-0.2, 0.4}}, 1e-15));
  EXPECT_NEAR(result.condition, 13 * 1.1, 1e-13);
  EXPECT_EQ(result.warning, std::nullopt);
  EXPECT_EQ(inverse(Matrix{{-4}}).matrix, (Matrix{{-0.25}}));
}

TEST(Inverse, AndDeterminantAreNumpys) {
  const auto reference = test::reference("linalg");
  for (const auto& [name, of] : reference["matrices"].items()) {
    if (!of.contains("inverse")) continue;
    const Matrix A = test::matrix_of(of["matrix"]);
    // Two right programs differ by rounding times the condition number.
    const double tolerance = std::fmax(1e-14, 1e-16 * test::number_of(of["condition"]));
    EXPECT_TRUE(close(inverse(A).matrix, test::matrix_of(of["inverse"]), tolerance)) << name;
    EXPECT_TRUE(close(determinant(A), test::number_of(of["determinant"]), tolerance)) << name;
  }
}

TEST(Inverse, TimesTheMatrixIsTheIdentity) {
  for (const Index n : {1, 2, 3, 17, 100}) {
    const Matrix A = test::random_matrix(n, n);
    const Matrix product = A * inverse(A).matrix;
    EXPECT_TRUE(close(product, Matrix::Identity(n, n), 1e-16 * condition_number(A) + 1e-14, 1));
  }
}

TEST(Inverse, OfHilbertsMatrixHasTheClosedForm) {
  // Integers; the top left one is n².
  const Inverse result = inverse(test::hilbert(5));
  EXPECT_NEAR(result.matrix(0, 0), 25, 1e-8);
  EXPECT_NEAR(result.matrix(4, 4), 44100, 1e-5);
  // ‖H‖₁·‖H⁻¹‖₁ = 137/60 · 413280
  EXPECT_NEAR(result.condition, 943656, 1e-3);
}

TEST(Inverse, WarnsFromAConditionNumberOf1e12) {
  EXPECT_EQ(inverse(test::hilbert(8)).warning, std::nullopt) << "3e10";
  const Inverse result = inverse(test::hilbert(10));
  EXPECT_GT(result.condition, 3.5e13);
  EXPECT_EQ(*result.warning,
            "inverse: A is ill-conditioned: its condition number is 3.5e+13, so errors of rounding "
            "may grow by that factor");
  EXPECT_EQ(inverse(Matrix{{1, 0}, {0, 1e-12}}).warning, std::nullopt);
  EXPECT_TRUE(inverse(Matrix{{1, 0}, {0, 1e-13}}).warning);
  // A column of another unit does not make it singular.
  const Inverse units = inverse(Matrix{{1, 0}, {0, 1e-200}});
  EXPECT_EQ(units.matrix(1, 1), 1e200);
  EXPECT_TRUE(units.warning);
}

TEST(Inverse, RejectsSingularMatrices) {
  const Matrix dependent{{1, 2}, {2, 4}};
  EXPECT_EQ(data_error([&] { inverse(dependent); }),
            "inverse: A (2×2) is singular: its column 1 depends on the columns before it");
  EXPECT_EQ(data_error([&] {
              solve(dependent, Vector{{1, 1}});
            }),
            "solve: A (2×2) is singular: its column 1 depends on the columns before it");
  EXPECT_EQ(data_error([&] { inverse(Matrix{{0}}); }),
            "inverse: A (1×1) is singular: its column 0 depends on the columns before it");
  // Its last pivot is not 0 but rounding.
  EXPECT_EQ(data_error([&] {
              inverse(Matrix{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}});
            }),
            "inverse: A (3×3) is singular: its column 2 depends on the columns before it");
  for (const Index n : {4, 30, 100}) {
    const Matrix deficient = test::random_matrix(n, n - 1) * test::random_matrix(n - 1, n);
    EXPECT_THROW(inverse(deficient), DataError) << n;
  }
}

TEST(Inverse, RejectsWhatHasNone) {
  EXPECT_EQ(data_error([] { inverse(Matrix(0, 0)); }), "inverse: A is empty (0×0)");
  EXPECT_EQ(data_error([] { inverse(Matrix::Ones(2, 3)); }),
            "inverse: A must be square, but is 2×3");
  EXPECT_EQ(data_error([] {
              inverse(Matrix{{1, 2}, {std::nan(""), 3}});
            }),
            "inverse: A must be finite, but A(1, 0) is nan");
  EXPECT_EQ(data_error([] { inverse(Matrix{{1e-310}}); }),
            "inverse: the result is beyond the range of double");
}

TEST(Solve, ByHand) {
  // x + 2y = 5, 3x − y = 1
  const Solution result = solve(Matrix{{1, 2}, {3, -1}}, Vector{{5, 1}});
  EXPECT_TRUE(close(result.X, Vector{{1, 2}}, 1e-15));
  EXPECT_EQ(result.warning, std::nullopt);
}

TEST(Solve, TakesManyRightHandSides) {
  for (const Index n : {1, 2, 20, 100}) {
    const Matrix A = test::random_matrix(n, n);
    const Matrix B = test::random_matrix(n, 3, 5);
    const Solution result = solve(A, B);
    const double size = frobenius_norm(A) * frobenius_norm(result.X);
    EXPECT_LE(frobenius_norm(A * result.X - B), 1e-15 * size) << n;
  }
}

TEST(Solve, EstimatesTheConditionNumberOfTheInverse) {
  for (const Matrix& A : {test::random_matrix(30, 30), test::hilbert(6), Matrix{{2.0}}}) {
    const double exact = inverse(A).condition;
    const double estimate = solve(A, Vector::Ones(A.rows())).condition;
    EXPECT_LE(estimate, exact * (1 + 1e-6));
    EXPECT_GE(estimate, exact / 3);
  }
  EXPECT_EQ(*solve(test::hilbert(10), Vector::Ones(10)).warning,
            "solve: A is ill-conditioned: its condition number is 3.5e+13, so errors of rounding "
            "may grow by that factor");
}

TEST(Solve, HasASmallResidualWhateverTheCondition) {
  const Matrix A = test::hilbert(10);
  const Vector b = Vector::Ones(10);
  const Matrix X = solve(A, b).X;
  EXPECT_LE(frobenius_norm(A * X - b), 1e-15 * frobenius_norm(A) * frobenius_norm(X));
}

TEST(Solve, AndInverseTakeAnySize) {
  const Matrix A{{4, 7, 1}, {2, 6, -3}, {1, 1, 5}};
  const Matrix B{{1, 2}, {3, 4}, {5, 6}};
  const Inverse of_A = inverse(A);
  for (const double size : {1e-300, 1e-200, 1e200, 1e300}) {
    const Inverse result = inverse(size * A);
    EXPECT_TRUE(close(result.matrix, of_A.matrix / size, 1e-15)) << size;
    EXPECT_TRUE(close(result.condition, of_A.condition, 1e-14)) << size;
    const Solution solution = solve(size * A, size * B);
    EXPECT_TRUE(close(solution.X, solve(A, B).X, 1e-15)) << size;
    EXPECT_TRUE(close(solution.condition, solve(A, B).condition, 1e-14)) << size;
  }
}

TEST(Solve, RejectsWhatDoesNotFit) {
  const Matrix A{{1, 2}, {3, 4}};
  EXPECT_EQ(data_error([&] {
              solve(A, Vector{{1, 2, 3}});
            }),
            "solve: B must have as many rows as A, but they are 3×1 and 2×2");
  EXPECT_EQ(data_error([&] {
              solve(Matrix::Ones(3, 2), Vector{{1, 2, 3}});
            }),
            "solve: A must be square, but is 3×2");
  EXPECT_EQ(data_error([&] {
              solve(A, Vector{{1, std::numeric_limits<double>::infinity()}});
            }),
            "solve: B must be finite, but B(1, 0) is inf");
  EXPECT_EQ(data_error([&] { solve(A, Matrix(2, 0)); }), "solve: B is empty (2×0)");
}

TEST(Determinant, ByHandAndByItsRules) {
  EXPECT_EQ(determinant(Matrix{{-3}}), -3);
  EXPECT_DOUBLE_EQ(determinant(Matrix{{1, 2}, {3, 4}}), -2);
  EXPECT_EQ(determinant(Matrix{{1, 2}, {2, 4}}), 0);
  EXPECT_EQ(determinant(Matrix{{0, 1}, {1, 0}}), -1) << "one exchange of rows";
  EXPECT_EQ(determinant(Matrix::Zero(4, 4)), 0);
  const Matrix A = test::random_matrix(12, 12, 1);
  const Matrix B = test::random_matrix(12, 12, 2);
  EXPECT_TRUE(close(determinant(A * B), determinant(A) * determinant(B), 1e-12));
  EXPECT_TRUE(close(determinant(A.transpose()), determinant(A), 1e-13));
}

TEST(Determinant, DoesNotOverflowInBetween) {
  Matrix A = Matrix::Identity(4, 4);
  A.diagonal() << 1e200, 1e200, 1e-200, 1e-200;
  EXPECT_TRUE(close(determinant(A), 1, 1e-14));
  EXPECT_EQ(determinant(1e200 * Matrix::Identity(2, 2)), std::numeric_limits<double>::infinity());
  EXPECT_EQ(determinant(1e-200 * Matrix::Identity(2, 2)), 0);
}

TEST(Determinant, RejectsWhatHasNone) {
  EXPECT_EQ(data_error([] { determinant(Matrix::Ones(2, 3)); }),
            "determinant: A must be square, but is 2×3");
  EXPECT_EQ(data_error([] { determinant(Matrix(0, 0)); }), "determinant: A is empty (0×0)");
}

}  // namespace
}  // namespace lockstep
