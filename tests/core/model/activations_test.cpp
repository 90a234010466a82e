#include "core/model/activations.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/base/memory.hpp"
#include "core/calculus/derivatives.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;

constexpr double kSlope = 0.1;
const std::vector<double> kPoints{-20, -3, -1, -0.1, 0, 0.1, 1, 3, 20};

/// y = g(x) and g′(x), by a layer of width 1.
struct Activated {
  double value;
  double derivative;
};

Activated activated(const std::string& name, double x) {
  const auto layer = make_activation<double>(name, 1, kSlope);
  AlignedVector<double> y(kPanel);
  AlignedVector<double> dy(kPanel, 1.0);
  y[0] = x;
  AlignedVector<double> before = y;
  const Rows<double> value{y.data(), kPanel};
  const Rows<double> input = layer->in_place() ? value : Rows<double>{before.data(), kPanel};
  const Rows<double> derivative{dy.data(), kPanel};
  layer->forward(1, input, nullptr, value, {}, nullptr);
  layer->backward(1, {input, value, {}}, derivative, nullptr, derivative);
  return {y[0], dy[0]};
}

TEST(Sigmoid, IsItsDefinition) {
  for (const double x : kPoints) {
    EXPECT_TRUE(close(activated("sigmoid", x).value, 1 / (1 + std::exp(-x)), 1e-15)) << x;
  }
}

TEST(Sigmoid, HasTheDerivativeOfTheQuotientRule) {
  // From [0·v − 1·v′]/v² with v = 1 + e⁻ˣ, and from the definition itself.
  const auto definition = [](auto t) { return 1 / (1 + exp(-t)); };
  for (const double x : kPoints) {
    const Activated at = activated("sigmoid", x);
    const double sigma = 1 / (1 + std::exp(-x));
    const double v = 1 + std::exp(-x);
    // At 20, 1 − σ(x) is 2·10⁻⁹ and has 7 digits.
    EXPECT_TRUE(close(at.derivative, sigma * (1 - sigma), 1e-15, 1)) << x;
    EXPECT_TRUE(close(at.derivative, std::exp(-x) / (v * v), 1e-15, 1)) << x;
    EXPECT_TRUE(close(at.derivative, derivative(definition, x), 1e-15, 1)) << x;
  }
  EXPECT_EQ(activated("sigmoid", 0).derivative, 0.25);
}

TEST(Tanh, IsItsDefinition) {
  for (const double x : kPoints) {
    const double up = std::exp(x);
    const double down = std::exp(-x);
    EXPECT_TRUE(close(activated("tanh", x).value, (up - down) / (up + down), 1e-15, 1)) << x;
  }
}

TEST(Tanh, HasTheDerivativeOneLessItsSquare) {
  const auto definition = [](auto t) { return (exp(t) - exp(-t)) / (exp(t) + exp(-t)); };
  for (const double x : kPoints) {
    const double tanh = std::tanh(x);
    EXPECT_TRUE(close(activated("tanh", x).derivative, 1 - tanh * tanh, 1e-15, 1)) << x;
    EXPECT_TRUE(close(activated("tanh", x).derivative, derivative(definition, x), 1e-15, 1)) << x;
  }
  EXPECT_EQ(activated("tanh", 0).derivative, 1);
}

TEST(Relu, IsTheLargerOfZeroAndX) {
  for (const double x : kPoints) EXPECT_EQ(activated("relu", x).value, std::max(0.0, x));
}

TEST(Relu, HasTheDerivativeOneAboveZeroAlone) {
  for (const double x : kPoints) EXPECT_EQ(activated("relu", x).derivative, x > 0 ? 1 : 0) << x;
}

TEST(LeakyRelu, IsTheLargerOfXAndItsPart) {
  for (const double x : kPoints) {
    EXPECT_EQ(activated("leaky_relu", x).value, std::max(kSlope * x, x)) << x;
    EXPECT_EQ(activated("leaky_relu", x).derivative, x > 0 ? 1 : kSlope) << x;
  }
}

TEST(Elu, IsXAboveZeroAndAnExponentialBelow) {
  for (const double x : kPoints) {
    EXPECT_TRUE(close(activated("elu", x).value, x > 0 ? x : std::expm1(x), 1e-15)) << x;
    EXPECT_TRUE(close(activated("elu", x).derivative, x > 0 ? 1 : std::exp(x), 1e-15, 1)) << x;
  }
}

TEST(Softplus, IsItsDefinitionWithTheSigmoidAsItsDerivative) {
  for (const double x : kPoints) {
    EXPECT_TRUE(close(activated("softplus", x).value, std::log1p(std::exp(x)), 1e-15)) << x;
    EXPECT_TRUE(close(activated("softplus", x).derivative, 1 / (1 + std::exp(-x)), 1e-14)) << x;
  }
  EXPECT_EQ(activated("softplus", 800).value, 800) << "without overflow";
}

TEST(Silu, IsXTimesItsSigmoid) {
  const auto definition = [](auto t) { return t / (1 + exp(-t)); };
  for (const double x : kPoints) {
    EXPECT_TRUE(close(activated("silu", x).value, definition(x), 1e-15)) << x;
    EXPECT_TRUE(close(activated("silu", x).derivative, derivative(definition, x), 1e-14, 1)) << x;
  }
  EXPECT_EQ(activated("silu", -800).value, 0);
}

TEST(Gelu, IsXTimesTheNormalDistribution) {
  for (const double x : kPoints) {
    const double cumulative = std::erfc(-x / std::sqrt(2)) / 2;
    const double density = std::exp(-x * x / 2) / std::sqrt(2 * std::acos(-1.0));
    // At −20 the argument that erfc gets here, rounded, has an error of 400 in its exponential.
    EXPECT_TRUE(close(activated("gelu", x).value, x * cumulative, 1e-13)) << x;
    EXPECT_TRUE(close(activated("gelu", x).derivative, cumulative + x * density, 1e-14, 1)) << x;
  }
}

TEST(Activations, KeepNaN) {
  for (const std::string& name : activation_names()) {
    EXPECT_TRUE(std::isnan(activated(name, std::numeric_limits<double>::quiet_NaN()).value));
  }
}

}  // namespace
}  // namespace lockstep
