#include "core/optimize/optimizer.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/error.hpp"
#include "core/calculus/differences.hpp"
#include "core/linalg/matrix.hpp"
#include "core/model/penalty.hpp"

namespace lockstep {
namespace {

/// Steps of one element under a constant gradient.
struct OneElement {
  OneElement(const std::string& name, const OptimizerOptions& options)
      : optimizer(make_optimizer<double>(name, options)),
        memory(static_cast<std::size_t>(optimizer->states())) {}

  double step(double gradient, double rate = 0.1, bool decayed = true) {
    std::vector<double*> state;
    for (double& s : memory) state.push_back(&s);
    optimizer->update(rate, ++steps, decayed, 1, &gradient, &theta, state.data());
    return theta;
  }

  std::unique_ptr<Optimizer<double>> optimizer;
  std::vector<double> memory;
  double theta = 1;
  Index steps = 0;
};

TEST(Sgd, TakesThePlainStep) {
  OneElement plain("sgd", {});
  EXPECT_DOUBLE_EQ(plain.step(2), 0.8);
  EXPECT_EQ(plain.optimizer->states(), 0);
}

TEST(Sgd, MomentumAccumulatesAndNesterovLooksAhead) {
  OptimizerOptions options;
  options.momentum = 0.5;
  OneElement momentum("sgd", options);
  EXPECT_DOUBLE_EQ(momentum.step(2), 1 - 0.1 * 2);
  EXPECT_DOUBLE_EQ(momentum.step(2), 0.8 - 0.1 * (0.5 * 2 + 2));
  options.nesterov = true;
  OneElement nesterov("sgd", options);
  EXPECT_DOUBLE_EQ(nesterov.step(2), 1 - 0.1 * (2 + 0.5 * 2));
  EXPECT_DOUBLE_EQ(nesterov.step(2), 0.7 - 0.1 * (2 + 0.5 * 3));
}

TEST(Adam, FirstCorrectedStepIsTheRateTimesTheSign) {
  OneElement adam("adam", {});
  EXPECT_NEAR(adam.step(123), 0.9, 1e-9);
  OneElement negative("adam", {});
  EXPECT_NEAR(negative.step(-0.001), 1.1, 1e-5);
}

TEST(Adam, WithoutCorrectionIsTheGuidesFormula) {
  OptimizerOptions options;
  options.bias_correction = false;
  OneElement adam("adam", options);
  double m = 0;
  double v = 0;
  double theta = 1;
  for (const double g : {2.0, -1.0, 0.5}) {
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    theta -= 0.1 * m / (std::sqrt(v) + 1e-8);
    EXPECT_NEAR(adam.step(g), theta, 1e-12);
  }
}

TEST(Adam, CorrectedStepsAreKingmaAndBas) {
  OneElement adam("adam", {});
  double m = 0;
  double v = 0;
  double theta = 1;
  for (int t = 1; t <= 5; ++t) {
    const double g = std::sin(t);
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    theta -= 0.1 * (m / (1 - std::pow(0.9, t))) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
    EXPECT_NEAR(adam.step(g), theta, 1e-12);
  }
}

TEST(AdamW, DecaysWeightsButNotBiases) {
  OptimizerOptions options;
  options.weight_decay = 0.5;
  OneElement weight("adamw", options);
  EXPECT_NEAR(weight.step(1), 1 - 0.1 * 0.5 - 0.1, 1e-9);
  OneElement bias("adamw", options);
  EXPECT_NEAR(bias.step(1, 0.1, false), 0.9, 1e-9);
}

TEST(Optimizers, MinimiseAQuadraticWithTheirDefaultRate) {
  for (const OptimizerEntry& entry : optimizer_entries()) {
    OneElement x(entry.name, {});
    for (int i = 0; i < 5000; ++i) x.step(x.theta - 0.25, entry.default_rate);
    EXPECT_NEAR(x.theta, 0.25, 1e-3) << entry.name;
  }
}

TEST(Optimizers, TreatElementsAlikeWhereverTheyStand) {
  for (const OptimizerEntry& entry : optimizer_entries()) {
    OptimizerOptions options;
    options.momentum = entry.takes_momentum ? 0.9 : 0;
    const auto optimizer = make_optimizer<float>(entry.name, options);
    for (Index n = 1; n <= 40; ++n) {
      const auto size = static_cast<std::size_t>(n);
      std::vector<float> theta(size, 0.3F);
      const std::vector<float> gradient(size, 0.7F);
      std::vector<std::vector<float>> memory(static_cast<std::size_t>(optimizer->states()),
                                             std::vector<float>(size));
      std::vector<float*> state;
      for (auto& s : memory) state.push_back(s.data());
      for (Index step = 1; step <= 3; ++step) {
        optimizer->update(0.01, step, true, n, gradient.data(), theta.data(), state.data());
      }
      for (const float t : theta) EXPECT_EQ(t, theta[0]) << entry.name << " of " << n;
    }
  }
}

TEST(Optimizers, AutomaticRateKeepsTheEffectiveRateUnderMomentum) {
  OptimizerOptions options;
  options.momentum = 0.9;
  EXPECT_NEAR(automatic_rate("sgd", options, true, 100), 0.01, 1e-15);
  EXPECT_NEAR(automatic_rate("sgd", options, false, 1), 0.01, 1e-15);
  EXPECT_THROW(make_optimizer<float>("adm", {}), ConfigError);
}

TEST(Optimizers, AutomaticRateOfAdamReachesFarInFewSteps) {
  EXPECT_EQ(automatic_rate("adam", {}, true, 1), 1e-3) << "hidden layers";
  EXPECT_EQ(automatic_rate("adam", {}, false, 1), 0.05);
  EXPECT_EQ(automatic_rate("adamw", {}, false, 100), 0.005);
  EXPECT_EQ(automatic_rate("adam", {}, false, 1000000), 1e-3);
}

TEST(Penalty, HasTheGuidesMeaningAndDerivative) {
  const Penalty penalty{0.1, 0.01};
  const std::vector<double> w{2, -3, 0};
  EXPECT_DOUBLE_EQ(penalty.value(3, w.data()), 0.1 * 5 + 0.01 * 13);
  std::vector<double> gradient(3);
  penalty.add_gradient(3, w.data(), gradient.data());
  EXPECT_DOUBLE_EQ(gradient[0], 0.1 + 2 * 0.01 * 2);
  EXPECT_DOUBLE_EQ(gradient[1], -0.1 - 2 * 0.01 * 3);
  EXPECT_EQ(gradient[2], 0);
}

TEST(Penalty, OfOneKindIsLassoOrRidgeAndOfBothTheElasticNet) {
  const Vector w{{0.7, -2, 3.5, -0.1}};
  for (const Penalty& penalty : {Penalty{0.3, 0}, Penalty{0, 0.2}, Penalty{0.3, 0.2}}) {
    const auto value = [&](const Vector& at) {
      double magnitudes = 0;
      double squares = 0;
      for (const double x : at) magnitudes += std::fabs(x);
      for (const double x : at) squares += x * x;
      return penalty.l1 * magnitudes + penalty.l2 * squares;
    };
    EXPECT_DOUBLE_EQ(penalty.value(w.size(), w.data()), value(w));
    Vector gradient = Vector::Zero(w.size());
    penalty.add_gradient(w.size(), w.data(), gradient.data());
    for (Index i = 0; i < w.size(); ++i) {
      const double sign = w[i] > 0 ? 1 : -1;
      EXPECT_DOUBLE_EQ(gradient[i], penalty.l1 * sign + 2 * penalty.l2 * w[i]);
    }
    EXPECT_LT(check_gradient(value, gradient, w).relative_error, 1e-9);
  }
}

TEST(Penalty, OfAnSvmIsItsObjectiveOverCTimesN) {
  // (½‖w‖² + CΣξ)/(CN) = ‖w‖²/(2CN) + mean ξ
  const Penalty penalty = Penalty::of_svm(4, 50);
  const double w = 3;
  EXPECT_DOUBLE_EQ(penalty.value(1, &w), 0.5 * 9 / (4 * 50));
}

TEST(Penalty, LeavesBiasesAlone) {
  const std::vector<Tensor> tensors{{"w", 1, 16, true, 0}, {"b", 1, 16, false, 16}};
  const std::vector<double> theta(32, 2.0);
  EXPECT_DOUBLE_EQ(penalty_value(tensors, Penalty{0, 1}, theta.data()), 16 * 4);
}

}  // namespace
}  // namespace lockstep
