#include "core/probability/continuous.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/probability/distributions.hpp"
#include "tests/core/probability/error_message.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;
using test::error_message;

constexpr double kInfinity = ContinuousVariable::kInfinity;
constexpr double kPi = std::numbers::pi;

ContinuousVariable::Function gaussian(double mean, double deviation) {
  return [law = Gaussian(mean, deviation)](double x) { return law.density(x); };
}

TEST(ContinuousVariable, OnAFiniteRange) {
  const ContinuousVariable uniform([](double) { return 0.25; }, {-1, 3});
  EXPECT_TRUE(close(uniform.expectation(), 1));
  EXPECT_TRUE(close(uniform.variance(), 16.0 / 12));
  const ContinuousVariable triangle([](double x) { return 2 * x; }, {0, 1});
  EXPECT_TRUE(close(triangle.expectation(), 2.0 / 3));
  EXPECT_TRUE(close(triangle.variance(), 1.0 / 18));
}

TEST(ContinuousVariable, OnInfiniteRanges) {
  const ContinuousVariable exponential([](double x) { return 0.5 * std::exp(-x / 2); },
                                       {0, kInfinity});
  EXPECT_TRUE(close(exponential.expectation(), 2));
  EXPECT_TRUE(close(exponential.variance(), 4));
  const ContinuousVariable mirrored([](double x) { return 0.5 * std::exp(x / 2); },
                                    {-kInfinity, 0});
  EXPECT_TRUE(close(mirrored.expectation(), -2));
  for (const double mean : {0.0, 2.5, -30.0}) {
    const ContinuousVariable normal(gaussian(mean, 5));
    EXPECT_TRUE(close(normal.expectation(), mean, 1e-12, 5)) << mean;
    EXPECT_TRUE(close(normal.variance(), 25, 1e-12)) << mean;
  }
}

TEST(ContinuousVariable, ExpectationOfAFunction) {
  const ContinuousVariable normal(gaussian(0, 1));
  EXPECT_TRUE(close(normal.expectation([](double x) { return x * x * x * x; }), 3));
  EXPECT_TRUE(close(normal.expectation([](double x) { return std::exp(x); }), std::exp(0.5)));
  EXPECT_TRUE(close(normal.expectation([](double) { return 1.0; }), 1));
}

TEST(ContinuousVariable, ExpectationIsLinear) {
  const ContinuousVariable X(gaussian(1.5, 2));
  const double a = -3;
  const double b = 0.75;
  EXPECT_TRUE(close(X.expectation([&](double x) { return a * x + b; }), a * X.expectation() + b));
  EXPECT_TRUE(close(X.variance(), X.expectation([](double x) { return x * x; }) -
                                      X.expectation() * X.expectation()));
}

// 1/√x at the ends of the range.
TEST(ContinuousVariable, WithInfiniteDensity) {
  const ContinuousVariable chi_squared(
      [](double x) { return std::exp(-x / 2) / std::sqrt(2 * kPi * x); }, {0, kInfinity});
  EXPECT_TRUE(close(chi_squared.expectation(), 1));
  EXPECT_TRUE(close(chi_squared.variance(), 2));
  // Near 1, the density is evaluated at x, which knows 1 − x to 16 digits of 1 alone.
  const ContinuousVariable arcsine([](double x) { return 1 / (kPi * std::sqrt(x * (1 - x))); },
                                   {0, 1});
  EXPECT_TRUE(close(arcsine.expectation(), 0.5, 1e-7));
}

TEST(ContinuousVariable, PointsOfTheRangeShowKinksAndPeaks) {
  const ContinuousVariable laplace([](double x) { return 0.5 * std::exp(-std::fabs(x - 3)); },
                                   {-kInfinity, 3, kInfinity});
  EXPECT_TRUE(close(laplace.expectation(), 3));
  EXPECT_TRUE(close(laplace.variance(), 2));
  const ContinuousVariable peak(gaussian(1000, 0.01), {-kInfinity, 1000, kInfinity});
  EXPECT_TRUE(close(peak.expectation(), 1000));
  EXPECT_TRUE(close(peak.variance(), 1e-4, 1e-8));  // of (x − 1000)², to 1e−12 of 1000² · x's ulp
  const std::string missed = error_message([] { ContinuousVariable(gaussian(1000, 0.01)); });
  EXPECT_EQ(missed,
            "DataError: the density integrates to 0 over [-inf, 0, inf]; expected 1 within 1e-06 "
            "(a narrow peak is found when the range has a point there)");
}

TEST(ContinuousVariable, CauchysExpectationDoesNotExist) {
  const ContinuousVariable cauchy([](double x) { return 1 / (kPi * (1 + x * x)); });
  const std::string message = error_message([&] { cauchy.expectation(); });
  EXPECT_TRUE(message.starts_with("NumericalError: E[X] has not converged: ")) << message;
  EXPECT_TRUE(message.ends_with(
      "; it may not exist, or the range lacks the points where the density is not smooth"))
      << message;
  EXPECT_TRUE(error_message([&] { cauchy.variance(); }).starts_with("NumericalError: E[X]"));
  // An expectation, but no variance.
  const ContinuousVariable pareto([](double x) { return 1.5 / (x * x * std::sqrt(x)); },
                                  {1, kInfinity});
  EXPECT_TRUE(close(pareto.expectation(), 3));
  EXPECT_TRUE(error_message([&] { pareto.variance(); }).starts_with("NumericalError: Var(X)"));
}

TEST(ContinuousVariable, InputIsChecked) {
  EXPECT_EQ(error_message([] {
              ContinuousVariable([](double) { return 0.5; }, {0, 1});
            }),
            "DataError: the density integrates to 0.5 over [0, 1]; expected 1 within 1e-06 (a "
            "narrow peak is found when the range has a point there)");
  EXPECT_EQ(error_message([] {
              ContinuousVariable([](double) { return 1.0; }, {1, 0});
            }),
            "DataError: the range of a density is [1, 0]; expected at least two ascending numbers");
  EXPECT_NE(error_message([] { ContinuousVariable([](double) { return 1.0; }, {1}); }), "no error");
  EXPECT_NE(error_message([] {
              ContinuousVariable([](double) { return 1.0; }, {0, std::nan("")});
            }),
            "no error");
  EXPECT_EQ(error_message([] {
              ContinuousVariable([](double) { return -1.0; }, {0, 1});
            }),
            "DataError: the density is -1 at 0.5; expected a number >= 0");
  EXPECT_EQ(error_message([] {
              ContinuousVariable([](double) { return std::nan(""); }, {0, 1});
            }),
            "DataError: the density is nan at 0.5; expected a number >= 0");
}

}  // namespace
}  // namespace lockstep
