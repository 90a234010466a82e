#include "core/calculus/differences.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/core/linalg/data_error.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;
using test::data_error;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double cubic(double x) { return x * x * x; }

/// x² + 10y, with gradient (2x, 10).
double slope(const Vector& v) { return v[0] * v[0] + 10 * v[1]; }

TEST(CentralDifferences, AreWithinTheirErrorOfTheDerivative) {
  // The formula is wrong by h²·f‴/6 = h².
  EXPECT_NEAR(central_derivative(cubic, 2, 1e-2), 12 + 4e-4, 1e-10);
  for (const double x : {-100.0, -1.0, 0.0, 0.3, 2.0, 1e6}) {
    EXPECT_TRUE(close(central_derivative(cubic, x), 3 * x * x, 1e-9, 1)) << x;
  }
  for (const double x : {-2.0, 0.0, 0.3, 2.0}) {
    EXPECT_NEAR(central_derivative([](double t) { return std::sin(t); }, x), std::cos(x), 1e-10);
  }
}

TEST(CentralDifferences, BeatTheOneSidedLimitOfTheDefinition) {
  for (const double h : {1e-2, 1e-4}) {
    const double limit = (cubic(2 + h) - cubic(2)) / h;
    EXPECT_NEAR(limit - 12, 6 * h, 2 * h * h);
    EXPECT_LT(std::fabs(central_derivative(cubic, 2, h / 2) - 12), std::fabs(limit - 12) * h);
  }
}

TEST(CentralDifferences, OfLinearFunctionsAreNearlyExact) {
  EXPECT_TRUE(close(central_derivative([](double x) { return 3 * x; }, 0.1), 3, 1e-10));
  const VectorFunction turn = [](const Vector& v) { return Vector{{-v[1], v[0], 7}}; };
  EXPECT_TRUE(
      close(central_jacobian(turn, Vector{{0.5, 2}}), Matrix{{0, -1}, {1, 0}, {0, 0}}, 1e-10));
  EXPECT_TRUE(close(central_gradient(slope, Vector{{3, 1}}), Vector{{6, 10}}, 1e-10));
}

TEST(CentralDifferences, MoveOneEntryAtATime) {
  const ScalarFunction product = [](const Vector& v) { return v[0] * v[1] * v[2]; };
  const Vector x{{1e3, 2, 3}};
  EXPECT_TRUE(close(central_gradient(product, x), Vector{{6, 3e3, 2e3}}, 1e-9));
  const VectorFunction products = [](const Vector& v) { return Vector{{v[0] * v[1] * v[2]}}; };
  EXPECT_TRUE(close(central_jacobian(products, x), Matrix{{6, 3e3, 2e3}}, 1e-9));
}

TEST(CheckGradient, PassesARightGradient) {
  const Vector x{{3, 1}};
  const GradientCheck check = check_gradient(slope, Vector{{6, 10}}, x);
  EXPECT_LT(check.relative_error, 1e-10);
}

TEST(CheckGradient, NamesTheWorstEntry) {
  const Vector x{{3, 1}};
  const GradientCheck second = check_gradient(slope, Vector{{6 + 1e-4, 11}}, x);
  EXPECT_EQ(second.entry, 1);
  EXPECT_EQ(second.analytic, 11);
  EXPECT_NEAR(second.numeric, 10, 1e-9);
  EXPECT_NEAR(second.relative_error, 1.0 / 11, 1e-9);
  const GradientCheck first = check_gradient(slope, Vector{{-6, 10}}, x);
  EXPECT_EQ(first.entry, 0);
  EXPECT_EQ(first.analytic, -6);
  EXPECT_NEAR(first.relative_error, 2, 1e-9);
}

TEST(CheckGradient, MeasuresSmallEntriesAbsolutely) {
  const ScalarFunction flat = [](const Vector& v) { return 1e-12 * v[0]; };
  EXPECT_NEAR(check_gradient(flat, Vector{{0.25}}, Vector{{1}}).relative_error, 0.25, 1e-9);
}

TEST(CheckGradient, TakesNaNForTheWorst) {
  const Vector x{{3, 1}};
  const GradientCheck nan = check_gradient(slope, Vector{{-6, std::nan("")}}, x);
  EXPECT_EQ(nan.entry, 1);
  EXPECT_EQ(nan.relative_error, kInfinity);
  const ScalarFunction broken = [](const Vector& v) { return std::sqrt(v[0]); };
  EXPECT_EQ(check_gradient(broken, Vector{{0.5}}, Vector{{-1}}).relative_error, kInfinity);
}

TEST(CheckGradient, RejectsWhatCannotBeCompared) {
  const Vector x{{3, 1}};
  EXPECT_EQ(data_error([&] {
              check_gradient(slope, Vector{{1, 2, 3}}, x);
            }),
            "check_gradient: the gradient has 3 entries, but x has 2");
  EXPECT_EQ(data_error([&] { check_gradient(slope, x, x, 0); }),
            "check_gradient: the step must be positive and finite, but is 0");
  EXPECT_EQ(data_error([&] { check_gradient(slope, Vector(), Vector()); }),
            "check_gradient: x is empty");
  EXPECT_EQ(data_error([&] { central_gradient(slope, Vector()); }), "central_gradient: x is empty");
  EXPECT_EQ(data_error([&] { central_gradient(slope, x, kInfinity); }),
            "central_gradient: the step must be positive and finite, but is inf");
  EXPECT_EQ(data_error([] { central_derivative(cubic, 1, -1); }),
            "central_derivative: the step must be positive and finite, but is -1");
  const VectorFunction growing = [](const Vector& v) { return Vector(v[0] > 3 ? 2 : 1); };
  EXPECT_EQ(data_error([&] { central_jacobian(growing, x); }),
            "central_jacobian: f returned 2 values, then 2 and 1");
  EXPECT_EQ(data_error([&] { central_jacobian(growing, Vector()); }),
            "central_jacobian: x is empty");
}

}  // namespace
}  // namespace lockstep
