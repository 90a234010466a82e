#include "core/optimize/optimizer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/calculus/differences.hpp"
#include "core/linalg/matrix.hpp"
#include "core/model/penalty.hpp"
#include "tests/support/reference.hpp"

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
    last = {rate, ++steps, decayed};
    if (optimizer->is_layerwise()) {
      last.trust_ratio = optimizer->trust_ratio(
          optimizer->measure(last, 1, &gradient, &theta, state.data()), decayed);
    }
    optimizer->update(last, 1, &gradient, &theta, state.data());
    return theta;
  }

  /// Of the last step.
  double step_size() const {
    std::vector<const double*> state;
    for (const double& s : memory) state.push_back(&s);
    double size = 0;
    optimizer->step_sizes(last, 1, state.data(), &size);
    return size;
  }

  std::unique_ptr<Optimizer<double>> optimizer;
  std::vector<double> memory;
  double theta = 1;
  Index steps = 0;
  OptimizerStep last;
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

TEST(AmsGrad, DividesByTheLargestSecondMoment) {
  OneElement amsgrad("amsgrad", {});
  double m = 0;
  double v = 0;
  double largest = 0;
  double theta = 1;
  for (int t = 1; t <= 6; ++t) {
    const double g = t < 3 ? 100 : 0.01;
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    largest = std::max(largest, v);
    EXPECT_EQ(largest > v, t > 2);
    theta -=
        0.1 * (m / (1 - std::pow(0.9, t))) / (std::sqrt(largest / (1 - std::pow(0.999, t))) + 1e-8);
    EXPECT_NEAR(amsgrad.step(g), theta, 1e-12);
  }
}

TEST(RmsProp, DividesByTheRootMeanSquare) {
  for (const double momentum : {0.0, 0.5}) {
    OptimizerOptions options;
    options.momentum = momentum;
    options.rho = 0.9;
    OneElement rmsprop("rmsprop", options);
    double v = 0;
    double velocity = 0;
    double theta = 1;
    for (const double g : {2.0, -1.0, 0.5}) {
      v = 0.9 * v + 0.1 * g * g;
      velocity = momentum * velocity + g / (std::sqrt(v) + 1e-8);
      theta -= 0.1 * velocity;
      EXPECT_NEAR(rmsprop.step(g), theta, 1e-12);
    }
  }
}

TEST(Adagrad, DividesByTheRootOfTheSum) {
  OneElement adagrad("adagrad", {});
  double sum = 0;
  double theta = 1;
  for (const double g : {2.0, 0.0, -1.0, 0.5}) {
    sum += g * g;
    theta -= 0.1 * g / (std::sqrt(sum) + 1e-8);
    EXPECT_NEAR(adagrad.step(g), theta, 1e-12);
  }
}

double norm_of(const std::vector<double>& x) {
  double squares = 0;
  for (const double each : x) squares += each * each;
  return std::sqrt(squares);
}

/// A tensor of two elements in steps of a layerwise optimizer, measured element by element.
struct TwoElements {
  TwoElements(const std::string& name, const OptimizerOptions& options)
      : optimizer(make_optimizer<double>(name, options)),
        memory(2, std::vector<double>(static_cast<std::size_t>(optimizer->states()))) {}

  void step(const std::vector<double>& gradient, double rate, bool decayed) {
    OptimizerStep s{rate, ++steps, decayed};
    TensorSquares squares;
    for (std::size_t i = 0; i < 2; ++i) {
      squares = squares + optimizer->measure(s, 1, &gradient[i], &theta[i], state(i).data());
    }
    s.trust_ratio = optimizer->trust_ratio(squares, decayed);
    for (std::size_t i = 0; i < 2; ++i) {
      optimizer->update(s, 1, &gradient[i], &theta[i], state(i).data());
    }
  }
  std::vector<double*> state(std::size_t i) {
    std::vector<double*> pointers;
    for (double& s : memory[i]) pointers.push_back(&s);
    return pointers;
  }

  std::unique_ptr<Optimizer<double>> optimizer;
  std::vector<std::vector<double>> memory;
  std::vector<double> theta{0.6, -0.8};
  Index steps = 0;
};

const std::vector<std::vector<double>> kTwoGradients{{2, -1}, {0.5, 0.1}, {-3, 0.2}, {0, 0}};

TEST(Lars, ScalesStepsByTheNormOfWeightsOverThatOfTheirGradient) {
  for (const double momentum : {0.0, 0.9}) {
    for (const bool decayed : {true, false}) {
      OptimizerOptions options;
      options.momentum = momentum;
      options.weight_decay = 0.25;
      options.trust = 0.01;
      TwoElements lars("lars", options);
      std::vector<double> theta = lars.theta;
      std::vector<double> velocity(2);
      for (const std::vector<double>& g : kTwoGradients) {
        const double decay = decayed ? 0.25 : 0;
        const bool has_norms = decayed && norm_of(g) > 0;
        const double r =
            has_norms ? 0.01 * norm_of(theta) / (norm_of(g) + decay * norm_of(theta)) : 0.01;
        for (std::size_t i = 0; i < 2; ++i) {
          velocity[i] = momentum * velocity[i] + 5 * r * (g[i] + decay * theta[i]);
          theta[i] -= velocity[i];
        }
        lars.step(g, 5, decayed);
        for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(lars.theta[i], theta[i], 1e-14);
      }
    }
  }
}

TEST(Lamb, IsAdamWithStepsAsLongAsTheWeights) {
  for (const bool decayed : {true, false}) {
    OptimizerOptions options;
    options.weight_decay = 0.25;
    TwoElements lamb("lamb", options);
    std::vector<double> theta = lamb.theta;
    std::vector<double> m(2);
    std::vector<double> v(2);
    int t = 0;
    for (const std::vector<double>& g : kTwoGradients) {
      ++t;
      std::vector<double> r(2);
      for (std::size_t i = 0; i < 2; ++i) {
        m[i] = 0.9 * m[i] + 0.1 * g[i];
        v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
        r[i] =
            (m[i] / (1 - std::pow(0.9, t))) / (std::sqrt(v[i] / (1 - std::pow(0.999, t))) + 1e-8);
        if (decayed) r[i] += 0.25 * theta[i];
      }
      const double ratio = decayed ? norm_of(theta) / norm_of(r) : 1;
      for (std::size_t i = 0; i < 2; ++i) theta[i] -= 0.05 * ratio * r[i];
      lamb.step(g, 0.05, decayed);
      for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(lamb.theta[i], theta[i], 1e-12);
    }
  }
  // Weights that are 0 have no length to go by.
  OneElement weight("lamb", {});
  weight.theta = 0;
  EXPECT_NEAR(weight.step(3), -0.1, 1e-9);
}

/// An optimizer of the registry, with the options that the reference gives it.
struct Referenced {
  const char* reference;
  const char* name;
  OptimizerOptions options;
};

std::vector<Referenced> referenced() {
  const auto with = [](const auto& change) {
    OptimizerOptions options;
    change(options);
    return options;
  };
  return {{"adagrad", "adagrad", with([](auto& o) { o.epsilon = 1e-10; })},
          {"adam", "adam", with([](auto& o) { o.beta1 = 0.8, o.beta2 = 0.95; })},
          {"adamw", "adamw", with([](auto& o) { o.weight_decay = 0.1; })},
          {"amsgrad", "amsgrad", with([](auto& o) { o.beta2 = 0.99; })},
          {"momentum", "sgd", with([](auto& o) { o.momentum = 0.9; })},
          {"nesterov", "sgd", with([](auto& o) { o.momentum = 0.9, o.nesterov = true; })},
          {"rmsprop", "rmsprop", with([](auto& o) { o.rho = 0.9; })},
          {"rmsprop_momentum", "rmsprop", with([](auto& o) { o.rho = 0.9, o.momentum = 0.8; })},
          {"sgd", "sgd", {}}};
}

TEST(Optimizers, TakeTheStepsOfPyTorch) {
  const nlohmann::json numbers = test::reference("optimize");
  EXPECT_EQ(numbers.at("points").size(), referenced().size());
  for (const Referenced& each : referenced()) {
    SCOPED_TRACE(each.reference);
    const auto optimizer = make_optimizer<double>(each.name, each.options);
    Vector theta = test::vector_of(numbers.at("start"));
    Matrix memory = Matrix::Zero(theta.size(), optimizer->states());
    std::vector<double*> state;
    for (Index s = 0; s < memory.cols(); ++s) state.push_back(memory.col(s).data());
    Index step = 0;
    for (const nlohmann::json& json : numbers.at("gradients")) {
      const Vector gradient = test::vector_of(json);
      optimizer->update({numbers.at("rate"), ++step}, theta.size(), gradient.data(), theta.data(),
                        state.data());
      const auto& points = numbers.at("points").at(each.reference);
      const Vector expected = test::vector_of(points.at(static_cast<std::size_t>(step - 1)));
      EXPECT_TRUE(test::close(theta, expected, 1e-12)) << "step " << step;
    }
    EXPECT_EQ(step, 20);
  }
}

/// From ¼, of steps that are a hundredth of θ near the minimum too, and of which momentum takes ten
/// beyond it.
constexpr double kLayerwiseReach = 0.25 * 0.1;

TEST(Optimizers, MinimiseAQuadraticWithTheirDefaultRate) {
  for (const OptimizerEntry& entry : optimizer_entries()) {
    OneElement x(entry.name, {});
    for (int i = 0; i < 5000; ++i) x.step(x.theta - 0.25, entry.default_rate);
    const double reach = x.optimizer->is_layerwise() ? kLayerwiseReach : 1e-3;
    EXPECT_NEAR(x.theta, 0.25, reach) << entry.name;
  }
}

TEST(Optimizers, StepSizesAreWhatAConstantGradientIsMultipliedBy) {
  for (const OptimizerEntry& entry : optimizer_entries()) {
    for (const double momentum : {0.0, 0.75}) {
      for (const bool nesterov : {false, true}) {
        if (!entry.takes_momentum && (momentum > 0 || nesterov)) continue;
        OptimizerOptions options;
        options.momentum = momentum;
        options.nesterov = nesterov;
        OneElement x(entry.name, options);
        x.theta = 100;
        for (int i = 0; i < 2000; ++i) x.step(0.5, 1e-4);
        const double before = x.theta;
        EXPECT_NEAR((before - x.step(0.5, 1e-4)) / (x.step_size() * 0.5), 1, 1e-3) << entry.name;
      }
    }
  }
}

TEST(Optimizers, ReachTheMinimumUnderAnL1PenaltyByProximalSteps) {
  for (const OptimizerEntry& entry : optimizer_entries()) {
    for (const double momentum : {0.0, 0.9}) {
      if (!entry.takes_momentum && momentum > 0) continue;
      for (const double l1 : {0.1, 0.3}) {
        OptimizerOptions options;
        options.momentum = momentum;
        const Penalty penalty{.l1 = l1};
        OneElement x(entry.name, options);
        for (int i = 0; i < 20000; ++i) {
          x.step(x.theta - 0.25, entry.default_rate * (1 - momentum));
          const double size = x.step_size();
          penalty.shrink(1, &size, &x.theta);
        }
        // Of ½(x − ¼)² + λ|x|. A tensor that is 0 as a whole has no length to take steps of.
        const double least = std::max(0.0, 0.25 - l1);
        const bool is_layerwise = x.optimizer->is_layerwise();
        const double reach = least == 0     ? (is_layerwise ? 1e-9 : 0)
                             : is_layerwise ? kLayerwiseReach
                                            : 1e-3;
        EXPECT_NEAR(x.theta, least, reach) << entry.name << " " << momentum;
      }
    }
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
        optimizer->update({0.01, step}, n, gradient.data(), theta.data(), state.data());
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
  OptimizerOptions options;
  options.momentum = 0.75;
  EXPECT_EQ(automatic_rate("rmsprop", options, false, 100), 0.00125);
  EXPECT_EQ(automatic_rate("adagrad", {}, false, 100), 0.7);
}

TEST(Penalty, HasTheGuidesMeaningAndDerivative) {
  const Penalty penalty{.l1 = 0.1, .l2 = 0.01, .l1_method = L1Method::subgradient};
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
  for (Penalty penalty : {Penalty{0.3, 0}, Penalty{0, 0.2}, Penalty{0.3, 0.2}}) {
    penalty.l1_method = L1Method::subgradient;
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
  const Penalty of_both{.l2 = 1, .biases = true};
  EXPECT_DOUBLE_EQ(penalty_value(tensors, of_both, theta.data()), 32 * 4);
}

TEST(Penalty, LeavesAloneWhatIsNotTrained) {
  const std::vector<Tensor> tensors{{"b", 1, 16, false, 0}, {"average", 1, 16, false, 16, false}};
  const std::vector<double> theta(32, 2.0);
  const Penalty of_both{.l2 = 1, .biases = true};
  EXPECT_DOUBLE_EQ(penalty_value(tensors, of_both, theta.data()), 16 * 4);
}

TEST(Penalty, ProximalStepsShrinkWeightsToExactZeros) {
  const Penalty penalty{.l1 = 0.5, .l2 = 0.1};
  std::vector<double> w{2, -2, 0.3, -0.3, 0, std::nan("")};
  std::vector<double> gradient(6);
  penalty.add_gradient(6, w.data(), gradient.data());
  EXPECT_DOUBLE_EQ(gradient[0], 2 * 0.1 * 2) << "no part of the L1 penalty";
  const std::vector<double> sizes{1, 2, 0.5, 1, 1, 1};
  penalty.shrink(6, sizes.data(), w.data());
  EXPECT_EQ(w[0], 2 - 0.5);
  EXPECT_EQ(w[1], -2 + 1);
  EXPECT_DOUBLE_EQ(w[2], 0.05);
  EXPECT_EQ(w[3], 0);
  EXPECT_EQ(w[4], 0);
  EXPECT_TRUE(std::isnan(w[5]));
}

}  // namespace
}  // namespace lockstep
