#include "core/linalg/norms.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/core/linalg/data_error.hpp"
#include "tests/core/linalg/matrices.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;
using test::data_error;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Norms, OfAVectorByHand) {
  const Vector v{{3, -4, 0}};
  EXPECT_EQ(norm(v, 1), 7);
  EXPECT_EQ(norm(v), 5);
  EXPECT_EQ(norm(v, kInfinity), 4);
  EXPECT_DOUBLE_EQ(norm(v, 3), std::cbrt(91.0));
}

TEST(Norms, OfVectorsAreNumpys) {
  const auto reference = test::reference("linalg")["vector_norms"];
  const Vector v = test::vector_of(reference["vector"]);
  const Vector orders = test::vector_of(reference["orders"]);
  const Vector norms = test::vector_of(reference["norms"]);
  for (Index i = 0; i < orders.size(); ++i) {
    EXPECT_TRUE(close(norm(v, orders[i]), norms[i], 1e-15)) << "p = " << orders[i];
  }
}

TEST(Norms, OfOrderPAreTheirDefinition) {
  const Vector v = test::random_matrix(100, 1);
  for (const double p : {1.0, 1.5, 2.0, 2.5, 3.0, 10.0, 60.0}) {
    double terms = 0;
    for (const double x : v) terms += std::pow(std::fabs(x), p);
    EXPECT_TRUE(close(norm(v, p), std::pow(terms, 1 / p), 1e-14)) << "p = " << p;
  }
}

TEST(Norms, FallFromTheSumToTheLargestAsPGrows) {
  const Vector v = test::random_matrix(20, 1);
  double before = norm(v, 1);
  for (const double p : {1.1, 2.0, 4.0, 1e3, 1e300, kInfinity}) {
    EXPECT_LE(norm(v, p), before * (1 + 1e-15)) << "p = " << p;
    before = norm(v, p);
  }
  EXPECT_EQ(norm(v, 1e300), norm(v, kInfinity));
}

TEST(Norms, AreHomogeneousAndObeyTheTriangleInequality) {
  const Vector u = test::random_matrix(17, 1, 2);
  const Vector v = test::random_matrix(17, 1, 3);
  for (const double p : {1.0, 1.5, 2.0, 3.0, kInfinity}) {
    EXPECT_TRUE(close(norm(-3 * u, p), 3 * norm(u, p), 1e-15));
    EXPECT_LE(norm(u + v, p), norm(u, p) + norm(v, p));
  }
}

TEST(Norms, NeitherOverflowNorVanishInBetween) {
  for (const double size : {1e-320, 1e-200, 1e200, 1e307}) {
    const Vector v{{3 * size, 4 * size}};
    EXPECT_TRUE(close(norm(v), std::hypot(v[0], v[1]), 1e-15)) << size;
    EXPECT_TRUE(close(norm(v, 3), v[1] * std::cbrt(91.0 / 64), size < 1e-300 ? 1e-3 : 1e-15))
        << size;
    EXPECT_TRUE(close(frobenius_norm(v.transpose()), norm(v), 1e-15)) << size;
  }
  EXPECT_EQ(norm(Vector{{0, 0}}, 3), 0);
  EXPECT_EQ(norm(Vector{{0, 0}}), 0);
}

TEST(Norms, OfMatricesAreNumpys) {
  const auto reference = test::reference("linalg");
  for (const auto& [name, of] : reference["matrices"].items()) {
    const Matrix A = test::matrix_of(of["matrix"]);
    EXPECT_TRUE(close(frobenius_norm(A), test::number_of(of["frobenius"]), 1e-15)) << name;
    EXPECT_TRUE(close(matrix_norm_1(A), test::number_of(of["norm_1"]), 1e-15)) << name;
    EXPECT_TRUE(close(matrix_norm_2(A), test::number_of(of["norm_2"]), 1e-14)) << name;
    EXPECT_TRUE(close(matrix_norm_infinity(A), test::number_of(of["norm_infinity"]), 1e-15))
        << name;
  }
}

TEST(Norms, OfNothingAreZero) {
  for (const double p : {1.0, 2.0, 3.0, kInfinity}) EXPECT_EQ(norm(Vector(), p), 0);
  EXPECT_EQ(frobenius_norm(Matrix(0, 3)), 0);
  EXPECT_EQ(matrix_norm_1(Matrix(0, 3)), 0);
  EXPECT_EQ(matrix_norm_infinity(Matrix(3, 0)), 0);
}

TEST(Norms, KeepNaNAndInfinity) {
  const double nan = std::nan("");
  for (const Vector& v :
       {Vector{{nan, 1}}, Vector{{1, nan}}, Vector{{kInfinity, nan}}, Vector{{nan, kInfinity}}}) {
    for (const double p : {1.0, 2.0, 3.0, kInfinity}) EXPECT_TRUE(std::isnan(norm(v, p))) << p;
    EXPECT_TRUE(std::isnan(frobenius_norm(v)));
    EXPECT_TRUE(std::isnan(matrix_norm_1(v.transpose())));
    EXPECT_TRUE(std::isnan(matrix_norm_infinity(v)));
  }
  for (const double p : {1.0, 2.0, 3.0, kInfinity}) {
    EXPECT_EQ(norm(Vector{{1, -kInfinity}}, p), kInfinity) << p;
  }
  EXPECT_EQ(frobenius_norm(Matrix{{1, kInfinity}, {2, 3}}), kInfinity);
  EXPECT_EQ(matrix_norm_1(Matrix{{1, kInfinity}, {2, 3}}), kInfinity);
}

TEST(Norms, RejectOrdersBelowOne) {
  EXPECT_EQ(data_error([] {
              norm(Vector{{1, 2}}, 0.5);
            }),
            "norm: the order must be at least 1, but is 0.5");
  EXPECT_EQ(data_error([] { norm(Vector(), std::nan("")); }),
            "norm: the order must be at least 1, but is nan");
  EXPECT_EQ(data_error([] { matrix_norm_2(Matrix(0, 2)); }), "matrix_norm_2: A is empty (0×2)");
}

}  // namespace
}  // namespace lockstep
