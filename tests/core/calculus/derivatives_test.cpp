#include "core/calculus/derivatives.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/calculus/differences.hpp"
#include "tests/core/linalg/data_error.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using std::abs;
using std::acos;
using std::asin;
using std::cos;
using std::cosh;
using std::exp;
using std::log;
using std::pow;
using std::sin;
using std::sinh;
using std::sqrt;
using std::tan;
using std::tanh;
using test::close;

const std::vector<double> kPoints{0.1, 0.5, 0.9, 1.5, 3.0};

TEST(Derivatives, PowerRule) {
  for (const double n : {-3.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 7.0}) {
    for (const double x : kPoints) {
      const auto power = [n](auto t) { return pow(t, n); };
      EXPECT_TRUE(close(derivative(power, x), n * std::pow(x, n - 1), 1e-15)) << n << ' ' << x;
    }
  }
  // Also of negative numbers and of 0, where n is an integer.
  EXPECT_EQ(derivative([](auto t) { return pow(t, 3); }, -2), 12);
  EXPECT_EQ(derivative([](auto t) { return pow(t, 2); }, 0), 0);
  EXPECT_EQ(derivative([](auto t) { return pow(t, 1); }, 0), 1);
  EXPECT_EQ(derivative([](auto t) { return pow(t, 0); }, 0), 0);
  EXPECT_EQ(derivative([](auto t) { return t * t * t; }, -2), 12);
}

TEST(Derivatives, ExponentialRules) {
  for (const double x : {-2.0, 0.0, 0.7, 3.0}) {
    EXPECT_TRUE(close(derivative([](auto t) { return exp(t); }, x), std::exp(x), 1e-15));
    for (const double a : {0.3, 1.0, 2.0, 10.0}) {
      const auto exponential = [a](auto t) { return pow(a, t); };
      const double expected = std::pow(a, x) * std::log(a);
      EXPECT_TRUE(close(derivative(exponential, x), expected, 1e-14)) << a << ' ' << x;
    }
  }
}

TEST(Derivatives, LogarithmRules) {
  for (const double x : kPoints) {
    EXPECT_TRUE(close(derivative([](auto t) { return log(t); }, x), 1 / x, 1e-15));
    for (const double a : {0.5, 2.0, 10.0}) {
      const auto logarithm = [a](auto t) { return log(t) / std::log(a); };
      EXPECT_TRUE(close(derivative(logarithm, x), 1 / (x * std::log(a)), 1e-15)) << a << ' ' << x;
    }
  }
}

TEST(Derivatives, TrigonometricRules) {
  for (const double x : {-1.0, 0.0, 0.7, 3.0}) {
    EXPECT_EQ(derivative([](auto t) { return sin(t); }, x), std::cos(x));
    EXPECT_EQ(derivative([](auto t) { return cos(t); }, x), -std::sin(x));
  }
}

TEST(Derivatives, ChainRule) {
  // f(g(x)) with f = sin, g = x²; and three deep.
  for (const double x : kPoints) {
    EXPECT_TRUE(
        close(derivative([](auto t) { return sin(t * t); }, x), std::cos(x * x) * 2 * x, 1e-15));
    const double inner = std::exp(-x * x);
    EXPECT_TRUE(close(derivative([](auto t) { return sqrt(1 + exp(-t * t)); }, x),
                      -x * inner / std::sqrt(1 + inner), 1e-15));
  }
}

TEST(Derivatives, ProductAndQuotientRules) {
  for (const double x : kPoints) {
    const double f = std::sin(x);
    const double df = std::cos(x);
    const double g = std::exp(x) + x;
    const double dg = std::exp(x) + 1;
    EXPECT_TRUE(
        close(derivative([](auto t) { return sin(t) * (exp(t) + t); }, x), df * g + f * dg, 1e-15));
    EXPECT_TRUE(close(derivative([](auto t) { return sin(t) / (exp(t) + t); }, x),
                      (df * g - f * dg) / (g * g), 1e-14));
  }
}

TEST(Derivatives, OfEveryFunctionAreCentralDifferences) {
  const auto check = [](const auto& f, double x) {
    const double exact = derivative(f, x);
    EXPECT_TRUE(close(exact, central_derivative([&](double t) { return f(t); }, x), 1e-8, 1)) << x;
    // The second derivative, through Duals of Duals.
    const auto slope = [&](double t) { return derivative(f, t); };
    const auto of_vector = [&](const auto& t) { return f(t[0]); };
    EXPECT_TRUE(close(hessian(of_vector, Vector{{x}})(0, 0), central_derivative(slope, x), 1e-8, 1))
        << x;
  };
  for (const double x : {0.1, 0.4, 0.8}) {
    check([](auto t) { return sqrt(t); }, x);
    check([](auto t) { return exp(t); }, x);
    check([](auto t) { return log(t); }, x);
    check([](auto t) { return sin(t); }, x);
    check([](auto t) { return cos(t); }, x);
    check([](auto t) { return tan(t); }, x);
    check([](auto t) { return asin(t); }, x);
    check([](auto t) { return acos(t); }, x);
    check([](auto t) { return sinh(t); }, x);
    check([](auto t) { return cosh(t); }, x);
    check([](auto t) { return tanh(t); }, x);
    check([](auto t) { return abs(t - 0.5) * t; }, x);
    check([](auto t) { return pow(t, 2.5); }, x);
    check([](auto t) { return pow(t, 3); }, x);
    check([](auto t) { return pow(1.7, t); }, x);
    check([](auto t) { return pow(t, t); }, x);
    check([](auto t) { return -t / (2 - t) + 3 * t - t * 0.5; }, x);
    check([](auto t) { return t > 0.5 ? t * t : 1 / t; }, x);
  }
}

TEST(Derivatives, TheLimitOfTheDefinitionApproachesThem) {
  // [f(x + h) − f(x)]/h is off by h·f″/2.
  const auto f = [](auto t) { return t * sin(t); };
  const double exact = derivative(f, 1.3);
  const double second = 2 * std::cos(1.3) - 1.3 * std::sin(1.3);
  for (const double h : {1e-2, 1e-3, 1e-4}) {
    EXPECT_NEAR((f(1.3 + h) - f(1.3)) / h - exact, h * second / 2, h * h) << h;
  }
}

TEST(Derivatives, SurviveIntermediateResultsOfAnyKind) {
  const auto f = [](auto x) {
    auto square = x * x;
    auto shifted = square + 1;
    const auto root = sqrt(shifted);
    auto sum = root;
    sum += x;
    sum *= 2;
    sum -= 0.5 * x;
    sum /= shifted;
    return sum;
  };
  EXPECT_TRUE(close(derivative(f, 0.8), central_derivative(f, 0.8), 1e-9));
  EXPECT_EQ(derivative([](auto) { return 4.0; }, 0.8), 0) << "a constant";
}

TEST(Derivatives, AtKinksAndPolesAreThoseOfTheFormulas) {
  EXPECT_EQ(derivative([](auto x) { return abs(x); }, 0), 1);
  EXPECT_TRUE(std::isinf(derivative([](auto x) { return sqrt(x); }, 0)));
  EXPECT_TRUE(std::isnan(derivative([](auto x) { return x * x; }, std::nan(""))));
}

/// f(x, y) = x²y + 3xy².
const auto kGuide = [](const auto& v) { return v[0] * v[0] * v[1] + 3 * v[0] * v[1] * v[1]; };

TEST(PartialDerivative, IsTheGuidesExample) {
  const Vector point{{2, -5}};
  EXPECT_EQ(partial_derivative(kGuide, point, 0), 2 * 2 * -5 + 3 * 25);  // 2xy + 3y²
  EXPECT_EQ(partial_derivative(kGuide, point, 1), 4 + 6 * 2 * -5);       // x² + 6xy
  EXPECT_EQ(gradient(kGuide, point), (Vector{{55, -56}}));
  // 2y, 2x + 6y, 6x
  EXPECT_EQ(hessian(kGuide, point), (Matrix{{-10, -26}, {-26, 12}}));
}

/// Couples every entry with the next, so that each of the n derivatives is another.
const auto kChain = [](const auto& x) {
  auto sum = x[0] * 0.0;
  for (Index i = 0; i < x.size(); ++i) sum += exp(-x[i]) * x[(i + 1) % x.size()] + x[i] * x[i];
  return sum;
};

Vector wave(Index n) {
  return Vector::NullaryExpr(n, [](Index i) { return std::sin(static_cast<double>(3 * i + 1)); });
}

TEST(Gradient, OfAnyLengthIsThePartialDerivatives) {
  for (const Index n : {1, 2, 7, 8, 9, 16, 21}) {
    const Vector x = wave(n);
    const Vector exact = gradient(kChain, x);
    ASSERT_EQ(exact.size(), n);
    for (Index i = 0; i < n; ++i) EXPECT_EQ(exact[i], partial_derivative(kChain, x, i)) << n;
    EXPECT_TRUE(close(exact, central_gradient(kChain, x), 1e-9, 1)) << n;
  }
}

TEST(Gradient, PointsUphillAndVanishesAtAMinimum) {
  const auto bowl = [](const auto& x) {
    return (x[0] - 1) * (x[0] - 1) + 4 * (x[1] + 2) * (x[1] + 2);
  };
  EXPECT_EQ(gradient(bowl, Vector{{1, -2}}), Vector::Zero(2));
  const Vector at{{3, 3}};
  const Vector up = gradient(bowl, at);
  EXPECT_GT(bowl(Vector(at + 1e-3 * up)), bowl(at));
  EXPECT_LT(bowl(Vector(at - 1e-3 * up)), bowl(at));
}

TEST(Jacobian, ByHandAndOfAnyShape) {
  // (r cos φ, r sin φ, r)
  const auto polar = [](const auto& v) {
    using Number = typename std::decay_t<decltype(v)>::Scalar;
    return ColumnOf<Number>{{v[0] * cos(v[1]), v[0] * sin(v[1]), v[0]}};
  };
  const double c = std::cos(0.4);
  const double s = std::sin(0.4);
  EXPECT_TRUE(
      close(jacobian(polar, Vector{{2, 0.4}}), Matrix{{c, -2 * s}, {s, 2 * c}, {1, 0}}, 1e-15));
  // Of a linear function it is its matrix.
  const Matrix A = Matrix::NullaryExpr(
      5, 19, [](Index i, Index j) { return static_cast<double>(i * 7 - j * j); });
  const auto linear = [&](const auto& x) {
    using Number = typename std::decay_t<decltype(x)>::Scalar;
    return ColumnOf<Number>(A.cast<Number>() * x);
  };
  EXPECT_EQ(jacobian(linear, wave(19)), A);
  EXPECT_TRUE(close(central_jacobian(linear, wave(19)), A, 1e-9));
}

TEST(Hessian, OfAnyLengthIsTheJacobianOfTheGradient) {
  for (const Index n : {1, 2, 8, 9, 17}) {
    const Vector x = wave(n);
    const Matrix H = hessian(kChain, x);
    EXPECT_EQ(H, H.transpose());
    const auto slope = [](const Vector& at) { return gradient(kChain, at); };
    EXPECT_TRUE(close(H, central_jacobian(slope, x), 1e-9, 1)) << n;
  }
  // Of a quadratic form ½xᵀAx it is A.
  const Matrix A{{2, 1, 0}, {1, 3, -1}, {0, -1, 4}};
  const auto form = [&](const auto& v) {
    using Number = typename std::decay_t<decltype(v)>::Scalar;
    return 0.5 * v.dot(A.cast<Number>() * v);
  };
  EXPECT_EQ(hessian(form, Vector{{1, 2, 3}}), A);
}

TEST(Gradient, RejectsWhatHasNone) {
  using test::data_error;
  EXPECT_EQ(data_error([] { gradient(kChain, Vector()); }), "gradient: x is empty");
  EXPECT_EQ(data_error([] { hessian(kChain, Vector()); }), "hessian: x is empty");
  const auto identity = [](const auto& v) { return v; };
  EXPECT_EQ(data_error([&] { jacobian(identity, Vector()); }), "jacobian: x is empty");
  EXPECT_EQ(data_error([] {
              partial_derivative(kGuide, Vector{{1, 2}}, 2);
            }),
            "partial_derivative: x has 2 entries, but number 2 is asked for");
}

}  // namespace
}  // namespace lockstep
