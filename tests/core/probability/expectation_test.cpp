#include "core/probability/expectation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/base/random.hpp"
#include "core/probability/joint_table.hpp"
#include "tests/core/probability/error_message.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;
using test::error_message;

/// A random pair (X, Y): values in [−10, 10) and a joint table.
struct Pair {
  Vector x;
  Vector y;
  Matrix joint;

  Vector x_law() const { return row_marginal(joint); }
  Vector y_law() const { return column_marginal(joint); }

  /// E[g(X, Y)] by the distribution of its values.
  template <class Function>
  double expectation_of(const Function& g) const {
    return expectation(values_of(g), Vector(joint.reshaped()));
  }
  /// g(xᵢ, yⱼ), in the order of the table.
  template <class Function>
  Vector values_of(const Function& g) const {
    Matrix values(x.size(), y.size());
    for (Index i = 0; i < x.size(); ++i) {
      for (Index j = 0; j < y.size(); ++j) values(i, j) = g(x[i], y[j]);
    }
    return values.reshaped();
  }
};

Pair random_pair(std::uint64_t seed) {
  RandomSequence draws(RandomStream(seed, Purpose::synthetic), 0);
  const auto rows = static_cast<Index>(draws.below(5)) + 1;
  const auto columns = static_cast<Index>(draws.below(5)) + 1;
  Pair pair{Vector(rows), Vector(columns), Matrix(rows, columns)};
  for (double& x : pair.x) x = draws.uniform(-10, 10);
  for (double& y : pair.y) y = draws.uniform(-10, 10);
  for (double& p : pair.joint.reshaped()) p = draws.uniform() < 0.2 ? 0 : draws.uniform();
  pair.joint(0, 0) += 0.1;
  pair.joint /= pair.joint.sum();
  return pair;
}

constexpr double kUnit = 100;  // squares of values are up to that

TEST(Expectation, OfADie) {
  const Vector faces{{1, 2, 3, 4, 5, 6}};
  const Vector fair = Vector::Constant(6, 1.0 / 6);
  EXPECT_TRUE(close(expectation(faces, fair), 3.5));
  EXPECT_TRUE(close(variance(faces, fair), 35.0 / 12));
  EXPECT_TRUE(close(standard_deviation(faces, fair), std::sqrt(35.0 / 12)));
}

TEST(Expectation, AgreesWithNumpy) {
  const auto numbers = test::reference("probability")["discrete"];
  const Vector values = test::vector_of(numbers["values"]);
  const Vector p = test::vector_of(numbers["probabilities"]);
  EXPECT_TRUE(close(expectation(values, p), test::number_of(numbers["expectation"])));
  EXPECT_TRUE(close(variance(values, p), test::number_of(numbers["variance"])));
  const Vector indices = Vector::LinSpaced(9, 0, 8);
  EXPECT_TRUE(close(expectation(indices, p), test::number_of(numbers["index_expectation"])));
  EXPECT_TRUE(close(variance(indices, p), test::number_of(numbers["index_variance"])));
  const Vector x = test::vector_of(numbers["x"]);
  const Vector y = test::vector_of(numbers["y"]);
  const Matrix joint = test::matrix_of(numbers["joint"]);
  EXPECT_TRUE(close(covariance(x, y, joint), test::number_of(numbers["covariance"])));
  EXPECT_TRUE(close(correlation(x, y, joint), test::number_of(numbers["correlation"])));
  const Vector samples = test::vector_of(numbers["samples"]);
  EXPECT_TRUE(close(sample_expectation(samples), test::number_of(numbers["sample_mean"])));
  EXPECT_TRUE(close(sample_variance(samples), test::number_of(numbers["sample_variance"])));
}

TEST(Expectation, IsLinear) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Pair pair = random_pair(seed);
    const double a = -2.5;
    const double b = 7;
    const double mean = expectation(pair.x, pair.x_law());
    EXPECT_TRUE(
        close(expectation((a * pair.x).array() + b, pair.x_law()), a * mean + b, 1e-13, kUnit));
    EXPECT_TRUE(close(pair.expectation_of([](double x, double y) { return x + y; }),
                      mean + expectation(pair.y, pair.y_law()), 1e-13, kUnit));
  }
}

TEST(Expectation, IdentitiesOfTheVariance) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Pair pair = random_pair(seed);
    const Vector law = pair.x_law();
    const double var = variance(pair.x, law);
    const double mean = expectation(pair.x, law);
    EXPECT_GE(var, 0);
    EXPECT_TRUE(close(var, expectation(pair.x.cwiseAbs2(), law) - mean * mean, 1e-13, kUnit));
    EXPECT_TRUE(close(variance((-2.5 * pair.x).array() + 7, law), 2.5 * 2.5 * var, 1e-13, kUnit));
    const Vector sums = pair.values_of([](double x, double y) { return x + y; });
    EXPECT_TRUE(
        close(variance(sums, Vector(pair.joint.reshaped())),
              var + variance(pair.y, pair.y_law()) + 2 * covariance(pair.x, pair.y, pair.joint),
              1e-13, kUnit));
  }
}

TEST(Expectation, IdentitiesOfTheCovariance) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Pair pair = random_pair(seed);
    const double cov = covariance(pair.x, pair.y, pair.joint);
    EXPECT_TRUE(close(cov, pair.expectation_of([](double x, double y) {
      return x * y;
    }) - expectation(pair.x, pair.x_law()) * expectation(pair.y, pair.y_law()),
                      1e-13, kUnit));
    EXPECT_TRUE(close(covariance(pair.y, pair.x, pair.joint.transpose()), cov, 1e-13, kUnit));
    const double rho = correlation(pair.x, pair.y, pair.joint);
    if (!std::isnan(rho)) {
      EXPECT_LE(std::fabs(rho), 1 + 1e-12);
    }
    // X with itself: all mass on the diagonal.
    const Matrix itself = pair.x_law().asDiagonal();
    EXPECT_TRUE(close(covariance(pair.x, pair.x, itself), variance(pair.x, pair.x_law()), 1e-13));
    // Independent variables.
    const Matrix product = pair.x_law() * pair.y_law().transpose();
    EXPECT_NEAR(covariance(pair.x, pair.y, product), 0, 1e-12);
  }
}

// E[X²] − E[X]² would have no digit of it right.
TEST(Expectation, VarianceKeepsItsDigitsFarFromZero) {
  EXPECT_EQ(variance(Vector{{1e9, 1e9 + 2}}, Vector{{0.5, 0.5}}), 1);
}

TEST(Expectation, WhatIsImpossibleDoesNotCount) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(expectation(Vector{{1, infinity, 3}}, Vector{{0.5, 0, 0.5}}), 2);
  EXPECT_EQ(variance(Vector{{1, std::nan(""), 3}}, Vector{{0.5, 0, 0.5}}), 1);
  EXPECT_EQ(expectation(Vector{{1, infinity}}, Vector{{0.5, 0.5}}), infinity);
  EXPECT_TRUE(std::isnan(expectation(Vector{{1, std::nan("")}}, Vector{{0.5, 0.5}})));
}

TEST(Expectation, CorrelationWithAConstantIsNan) {
  EXPECT_TRUE(std::isnan(correlation(Vector{{3}}, Vector{{1, 2}}, Matrix{{0.5, 0.5}})));
  EXPECT_TRUE(close(correlation(Vector{{3, 5}}, Vector{{1, 0}}, Matrix{{0.5, 0}, {0, 0.5}}), -1.0));
}

TEST(Expectation, InputIsChecked) {
  const Vector half{{0.5, 0.5}};
  EXPECT_EQ(error_message([&] {
              expectation(Vector{{1, 2, 3}}, half);
            }),
            "DataError: 3 values for 2 probabilities; expected equally many");
  EXPECT_EQ(error_message([&] {
              variance(half, Vector{{0.5, 0.25}});
            }),
            "DataError: P(X) sums to 0.75; expected 1 within 1e-09");
  EXPECT_EQ(error_message([] { expectation(Vector(), Vector()); }),
            "DataError: P(X) has no entries; expected at least one");
  EXPECT_EQ(error_message([&] {
              covariance(half, half, Matrix{{0.5}, {0.5}});
            }),
            "DataError: 2 values of Y for 1 columns of the joint table; expected equally many");
  EXPECT_EQ(error_message([&] {
              correlation(half, half, Matrix{{0.5, 0.5}});
            }),
            "DataError: 2 values of X for 1 rows of the joint table; expected equally many");
  EXPECT_EQ(error_message([] { sample_expectation(Vector()); }),
            "DataError: 0 samples; expected at least 1");
  EXPECT_EQ(error_message([] { sample_variance(Vector{{1}}); }),
            "DataError: 1 samples; expected at least 2");
}

}  // namespace
}  // namespace lockstep
