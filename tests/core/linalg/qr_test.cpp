#include "core/linalg/qr.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "tests/core/linalg/data_error.hpp"
#include "tests/core/linalg/matrices.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;
using test::data_error;

void expect_qr(const Matrix& A, const std::string& of) {
  const Qr factors = qr(A);
  const Index k = std::min(A.rows(), A.cols());
  ASSERT_EQ(factors.Q.cols(), k) << of;
  ASSERT_EQ(factors.R.rows(), k) << of;
  EXPECT_TRUE(close(factors.Q * factors.R, A, 1e-14)) << of;
  EXPECT_TRUE(close(factors.Q.transpose() * factors.Q, Matrix::Identity(k, k), 1e-14, 1)) << of;
  for (Index i = 0; i < k; ++i) {
    EXPECT_GE(factors.R(i, i), 0) << of;
    for (Index j = 0; j < i; ++j) EXPECT_EQ(factors.R(i, j), 0) << of;
  }
}

TEST(Qr, ByHand) {
  const Qr factors = qr(Matrix{{3, 1}, {4, 3}});
  EXPECT_TRUE(close(factors.Q, Matrix{{0.6, -0.8}, {0.8, 0.6}}, 1e-15));
  EXPECT_TRUE(close(factors.R, Matrix{{5, 3}, {0, 1}}, 1e-15, 1));
  const Qr one = qr(Matrix{{-3}});
  EXPECT_EQ(one.Q(0, 0), -1);
  EXPECT_EQ(one.R(0, 0), 3);
}

TEST(Qr, IsNumpys) {
  const auto reference = test::reference("linalg");
  for (const auto& [name, of] : reference["matrices"].items()) {
    const Matrix A = test::matrix_of(of["matrix"]);
    expect_qr(A, name);
    if (!of.contains("Q")) continue;
    const Qr factors = qr(A);
    const double tolerance = std::fmax(1e-14, 1e-16 * test::number_of(of["condition"]));
    EXPECT_TRUE(close(factors.Q, test::matrix_of(of["Q"]), tolerance, 1)) << name;
    EXPECT_TRUE(close(factors.R, test::matrix_of(of["R"]), 1e-14)) << name;
  }
}

TEST(Qr, OfAllShapesAndSizes) {
  for (const auto& [m, n] :
       {std::pair<Index, Index>{1, 1}, {1, 6}, {6, 1}, {60, 60}, {300, 70}, {70, 300}}) {
    for (const double size : {1e-300, 1.0, 1e300}) {
      expect_qr(size * test::random_matrix(m, n),
                std::to_string(m) + "×" + std::to_string(n) + " of " + std::to_string(size));
    }
  }
}

TEST(Qr, IsOrthogonalForDependentColumns) {
  expect_qr(Matrix::Zero(4, 2), "zero");
  expect_qr(Matrix::Ones(5, 3), "ones");
  expect_qr(test::hilbert(20), "hilbert");
}

TEST(Qr, IsGramAndSchmidtsInExactArithmetic) {
  const Matrix A = test::random_matrix(9, 4);
  Matrix Q = A;
  for (Index j = 0; j < 4; ++j) {
    for (Index i = 0; i < j; ++i) Q.col(j) -= Q.col(i).dot(A.col(j)) * Q.col(i);
    Q.col(j) /= Q.col(j).norm();
  }
  EXPECT_TRUE(close(qr(A).Q, Q, 1e-14, 1));
}

TEST(Qr, RejectsWhatHasNone) {
  EXPECT_EQ(data_error([] { qr(Matrix(0, 3)); }), "qr: A is empty (0×3)");
  EXPECT_EQ(data_error([] {
              qr(Matrix{{1, std::nan("")}});
            }),
            "qr: A must be finite, but A(0, 1) is nan");
}

}  // namespace
}  // namespace lockstep
