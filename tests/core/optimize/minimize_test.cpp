#include "core/optimize/minimize.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/base/error.hpp"
#include "core/calculus/derivatives.hpp"
#include "core/calculus/differences.hpp"
#include "core/linalg/least_squares.hpp"
#include "core/linalg/products.hpp"
#include "tests/core/linalg/data_error.hpp"
#include "tests/core/linalg/matrices.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;

/// ½ Σ λᵢ xᵢ² with λ = 1, 4.
double bowl(const Vector& x, Vector& gradient) {
  gradient = Vector{{x[0], 4 * x[1]}};
  return 0.5 * (x[0] * x[0] + 4 * x[1] * x[1]);
}

/// (1 − x)² + 100(y − x²)², whose minimum (1, 1) lies in a curved valley.
double rosenbrock(const Vector& x, Vector& gradient) {
  const auto f = [](const auto& v) {
    const auto a = 1 - v[0];
    const auto b = v[1] - v[0] * v[0];
    return a * a + 100 * b * b;
  };
  gradient = lockstep::gradient(f, x);
  return f(x);
}

std::string message_of(const ValueAndGradient& f, const Vector& start,
                       const MinimizeOptions& options) {
  try {
    minimize(f, start, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "(no error)";
}

TEST(Minimize, DescendsAQuadraticAlongItsClosedForm) {
  // Each step multiplies xᵢ by 1 − α·λᵢ.
  MinimizeOptions options;
  options.rate = 0.2;
  for (const Index steps : {0, 1, 2, 7, 30}) {
    options.max_iterations = steps;
    const Minimum minimum = minimize(bowl, Vector{{3, -2}}, options);
    EXPECT_EQ(minimum.iterations, steps);
    EXPECT_FALSE(minimum.converged);
    const auto n = static_cast<double>(steps);
    const Vector expected{{3 * std::pow(0.8, n), -2 * std::pow(0.2, n)}};
    EXPECT_TRUE(close(minimum.point, expected, 1e-14)) << steps;
    Vector gradient(2);
    EXPECT_EQ(minimum.value, bowl(minimum.point, gradient));
    EXPECT_TRUE(close(minimum.gradient_norm, gradient.norm(), 1e-15));
  }
}

TEST(Minimize, StopsWhereTheGradientVanishes) {
  MinimizeOptions options;
  options.rate = 0.2;
  options.gradient_tolerance = 1e-6;
  const Minimum minimum = minimize(bowl, Vector{{3, -2}}, options);
  EXPECT_TRUE(minimum.converged);
  EXPECT_LE(minimum.gradient_norm, 1e-6);
  // The first n with 3·0.8ⁿ ≤ 10⁻⁶; 0.2ⁿ is long gone.
  EXPECT_EQ(minimum.iterations, std::ceil(std::log(1e-6 / 3) / std::log(0.8)));
  const Minimum already = minimize(bowl, Vector::Zero(2), options);
  EXPECT_TRUE(already.converged);
  EXPECT_EQ(already.iterations, 0);
}

TEST(Minimize, FollowsRosenbrocksValleyByDescentAndByAdam) {
  MinimizeOptions descent;
  descent.rate = 1e-3;
  descent.max_iterations = 100000;
  const Minimum slow = minimize(rosenbrock, Vector{{-1.2, 1}}, descent);
  EXPECT_TRUE(slow.converged);
  EXPECT_TRUE(close(slow.point, Vector{{1, 1}}, 1e-7));
  MinimizeOptions momentum = descent;
  momentum.optimizer_options.momentum = 0.9;
  const Minimum faster = minimize(rosenbrock, Vector{{-1.2, 1}}, momentum);
  EXPECT_TRUE(faster.converged);
  EXPECT_LT(faster.iterations, slow.iterations / 5);
  MinimizeOptions adam = descent;
  adam.optimizer = "adam";
  adam.rate = 0.01;
  const Minimum adaptive = minimize(rosenbrock, Vector{{-1.2, 1}}, adam);
  EXPECT_TRUE(adaptive.converged);
  EXPECT_TRUE(close(adaptive.point, Vector{{1, 1}}, 1e-7));
}

TEST(Minimize, TakesAdamsStepsOfTheGuide) {
  // Without bias correction: m = (1 − β₁)g, v = (1 − β₂)g², θ ← θ − α·m/(√v + ε).
  MinimizeOptions options;
  options.optimizer = "adam";
  options.optimizer_options.bias_correction = false;
  options.rate = 0.1;
  options.max_iterations = 1;
  const Minimum minimum = minimize(bowl, Vector{{3, -2}}, options);
  const double x = 3 - 0.1 * 0.1 * 3 / (std::sqrt(0.001 * 9) + 1e-8);
  const double y = -2 + 0.1 * 0.1 * 8 / (std::sqrt(0.001 * 64) + 1e-8);
  EXPECT_TRUE(close(minimum.point, Vector{{x, y}}, 1e-14));
}

TEST(Minimize, LearnsALinearRegression) {
  // J(w) = (1/2m) Σ (h(xᵢ) − yᵢ)² with ∂J/∂wⱼ = (1/m) Σ (h(xᵢ) − yᵢ)·xᵢⱼ, and b as the weight of 1.
  Matrix X = test::random_matrix(50, 4);
  X.col(3).setOnes();
  const Vector y = test::random_matrix(50, 1, 9);
  const ValueAndGradient cost = [&](const Vector& w, Vector& gradient) {
    const Vector residual = multiply(X, w) - y;
    gradient = multiply(transpose(X), residual) / 50;
    return dot(residual, residual) / 100;
  };
  const Vector somewhere{{0.3, -1, 2, 0.1}};
  Vector gradient(4);
  cost(somewhere, gradient);
  Vector unused(4);
  const auto value = [&](const Vector& w) { return cost(w, unused); };
  EXPECT_LT(check_gradient(value, gradient, somewhere).relative_error, 1e-9);
  MinimizeOptions options;
  options.rate = 0.5;
  options.gradient_tolerance = 1e-12;
  const Minimum minimum = minimize(cost, Vector::Zero(4), options);
  EXPECT_TRUE(minimum.converged);
  EXPECT_TRUE(close(minimum.point, least_squares(X, y).X, 1e-10));
}

TEST(Minimize, LearnsALogisticRegression) {
  // Σ over the rows of ln(1 + eᶻ) − y·z; (1/m) Σ (σ(z) − y)·x vanishes at the minimum.
  const Matrix X = test::random_matrix(60, 3);
  const ValueAndGradient cost = [&](const Vector& w, Vector& gradient) {
    const auto f = [&](const auto& v) {
      using std::exp;
      using std::log;
      auto sum = v[0] * 0.0;
      for (Index i = 0; i < X.rows(); ++i) {
        auto z = v[0] * 0.0;
        for (Index j = 0; j < X.cols(); ++j) z += X(i, j) * v[j];
        sum += log(1 + exp(z)) - (i % 3 == 0 ? 1.0 : 0.0) * z;
      }
      return sum / 60.0;
    };
    gradient = lockstep::gradient(f, w);
    return f(w);
  };
  for (const char* optimizer : {"sgd", "adam"}) {
    MinimizeOptions options;
    options.optimizer = optimizer;
    options.rate = options.optimizer == "sgd" ? 2 : 0.02;
    const Minimum minimum = minimize(cost, Vector::Zero(3), options);
    EXPECT_TRUE(minimum.converged) << optimizer;
    for (Index j = 0; j < 3; ++j) {
      double sum = 0;
      for (Index i = 0; i < X.rows(); ++i) {
        const double z = X.row(i).dot(minimum.point);
        sum += (1 / (1 + std::exp(-z)) - (i % 3 == 0 ? 1.0 : 0.0)) * X(i, j);
      }
      EXPECT_NEAR(sum / 60, 0, 1e-8) << optimizer;
    }
  }
}

TEST(Minimize, TakesEveryOptimizerOfTheRegistry) {
  for (const OptimizerEntry& entry : optimizer_entries()) {
    MinimizeOptions options;
    options.optimizer = entry.name;
    options.rate = entry.default_rate;
    const Minimum minimum = minimize(bowl, Vector{{0.3, -0.2}}, options);
    EXPECT_TRUE(minimum.converged) << entry.name;
  }
}

TEST(Minimize, SaysWhenItDiverges) {
  // |1 − 0.6·4| = 1.4: the values grow until they overflow.
  MinimizeOptions options;
  options.rate = 0.6;
  EXPECT_THROW(minimize(bowl, Vector{{3, -2}}, options), NumericalError);
  const ValueAndGradient broken = [](const Vector& x, Vector& gradient) {
    gradient = -Vector::Ones(1);
    return x[0] > 1.05 ? std::nan("") : -x[0];
  };
  options.rate = 0.5;
  EXPECT_EQ(message_of(broken, Vector{{0}}, options),
            "minimize: diverged at iteration 3 with sgd at rate 0.5: the value is nan, the norm of "
            "the gradient 1; a smaller rate may help");
  const ValueAndGradient steep = [](const Vector&, Vector& gradient) {
    gradient[0] = std::numeric_limits<double>::infinity();
    return 1.0;
  };
  EXPECT_EQ(message_of(steep, Vector{{0}}, options),
            "minimize: diverged at iteration 0 with sgd at rate 0.5: the value is 1, the norm of "
            "the gradient inf; a smaller rate may help");
}

TEST(Minimize, RejectsWrongOptionsAndFunctions) {
  MinimizeOptions options;
  options.optimizer = "adm";
  EXPECT_THROW(minimize(bowl, Vector{{1, 1}}, options), ConfigError);
  options = {};
  options.rate = 0;
  EXPECT_EQ(message_of(bowl, Vector{{1, 1}}, options),
            "minimize: the rate must be positive and finite, but is 0");
  options = {};
  options.gradient_tolerance = -1;
  EXPECT_EQ(message_of(bowl, Vector{{1, 1}}, options),
            "minimize: the gradient's tolerance must be at least 0, but is -1");
  options = {};
  options.max_iterations = -1;
  EXPECT_EQ(message_of(bowl, Vector{{1, 1}}, options),
            "minimize: the iterations must be at least 0, but are -1");
  EXPECT_EQ(message_of(bowl, Vector(), {}), "minimize: the start is empty");
  EXPECT_EQ(test::data_error([] { minimize(bowl, Vector::Ones(3)); }),
            "minimize: f made a gradient of 2 entries for a point of 3");
}

}  // namespace
}  // namespace lockstep
