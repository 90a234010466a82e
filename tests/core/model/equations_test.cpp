// What networks compute, against the equations of section 6 of the guide as they stand there.

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "core/base/random.hpp"
#include "core/linalg/matrix.hpp"
#include "core/model/activations.hpp"
#include "core/model/network_pass.hpp"
#include "core/model/penalty.hpp"
#include "core/model/scoring.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;

constexpr double kSlope = 0.1;
constexpr Index kRows = 11;  // m
constexpr Index kInputs = 3;

/// W^[l], outputs×inputs, and b^[l]; or the derivatives with respect to them.
struct Weights {
  Matrix W;
  Vector b;
};

/// A network with weights and biases of any sign, and m rows of features and targets.
class Example {
 public:
  Example(const std::string& loss, const std::vector<Index>& hidden, const std::string& activation)
      : network_(spec_of(loss, hidden, activation)),
        theta(static_cast<std::size_t>(network_.arena_size())) {
    RandomSequence draws(RandomStream(3, Purpose::synthetic), 0);
    for (const Tensor& tensor : network_.tensors()) {
      for (Index i = 0; i < tensor.inputs; ++i) {
        for (Index o = 0; o < tensor.outputs; ++o) {
          theta[place(tensor, i, o)] = draws.uniform(-1, 1);
        }
      }
    }
    const bool classes = loss_traits(loss).target == TargetKind::classes;
    for (Index r = 0; r < kRows; ++r) {
      for (Index c = 0; c < kInputs; ++c) X(r, c) = draws.uniform(-1, 1);
      y[r] = classes ? static_cast<double>(r % 2) : draws.uniform(-1, 1);
    }
    run();
  }

  const Network<double>& network() const { return network_; }
  /// w and b of a network without hidden layers.
  Vector w() const { return weights(theta).front().W.row(0); }
  double b() const { return weights(theta).front().b[0]; }
  std::vector<Weights> weights() const { return weights(theta); }
  /// Σ over the rows of their derivatives.
  std::vector<Weights> gradient() const { return weights(gradient_); }
  double mean_loss() const { return losses.sum() / kRows; }

 private:
  static NetworkSpec spec_of(const std::string& loss, const std::vector<Index>& hidden,
                             const std::string& activation) {
    NetworkSpec spec;
    spec.inputs = kInputs;
    spec.hidden = hidden;
    spec.outputs = 1;
    spec.activation = activation;
    spec.slope = kSlope;
    spec.loss = loss;
    return spec;
  }

  static std::size_t place(const Tensor& tensor, Index i, Index o) {
    return static_cast<std::size_t>(tensor.offset + kernel::panel_offset(tensor.inputs, i, o));
  }

  std::vector<Weights> weights(const AlignedVector<double>& arena) const {
    std::vector<Weights> layers;
    for (std::size_t t = 0; t < network_.tensors().size(); t += 2) {
      const Tensor& weight = network_.tensors()[t];
      const Tensor& bias = network_.tensors()[t + 1];
      const bool is_vector = weight.has_row_for_each_input;  // the weights of one output
      const Index inputs = is_vector ? weight.outputs : weight.inputs;
      Weights layer{Matrix(bias.outputs, inputs), Vector(bias.outputs)};
      for (Index o = 0; o < bias.outputs; ++o) {
        for (Index i = 0; i < inputs; ++i) {
          layer.W(o, i) = arena[is_vector ? place(weight, o, i) : place(weight, i, o)];
        }
        layer.b[o] = arena[place(bias, 0, o)];
      }
      layers.push_back(layer);
    }
    return layers;
  }

  void run() {
    NetworkPass<double> pass(network_, kRows, true);
    for (Index r = 0; r < kRows; ++r) {
      for (Index c = 0; c < kInputs; ++c) pass.input().row(r)[c] = X(r, c);
    }
    pass.forward({0, kRows}, theta.data());
    for (Index r = 0; r < kRows; ++r) scores[r] = pass.scores().row(r)[0];
    pass.score_losses({0, kRows}, network().loss(), y.data(), losses.data());
    for (std::size_t i = 0; i < pass.prepare_tasks(); ++i) pass.prepare(theta.data(), i);
    pass.backward({0, kRows});
    gradient_.resize(theta.size());
    const std::vector<Range> leaves{{0, kRows}};
    for (std::size_t i = 0; i < pass.gradient_tasks(); ++i) {
      pass.gradient(leaves, i, gradient_.data());
    }
  }

  Network<double> network_;

 public:
  AlignedVector<double> theta;
  Matrix X{kRows, kInputs};
  Vector y{kRows};
  Vector scores{kRows};  ///< z^[L] of every row
  Vector losses{kRows};

 private:
  AlignedVector<double> gradient_;
};

double sigmoid(double z) { return 1 / (1 + std::exp(-z)); }

const double kRootTwoPi = std::sqrt(2 * std::acos(-1.0));
double normal_distribution(double z) { return std::erfc(-z / std::sqrt(2)) / 2; }

/// g(z)
double activation(const std::string& name, double z) {
  if (name == "sigmoid") return sigmoid(z);
  if (name == "tanh") return std::tanh(z);
  if (name == "relu") return z > 0 ? z : 0;
  if (name == "elu") return z > 0 ? z : std::expm1(z);
  if (name == "gelu") return z * normal_distribution(z);
  if (name == "silu") return z * sigmoid(z);
  if (name == "softplus") return std::log1p(std::exp(z));
  return z > 0 ? z : kSlope * z;
}

/// g′(z)
double slope(const std::string& name, double z) {
  if (name == "sigmoid") return sigmoid(z) * (1 - sigmoid(z));
  if (name == "tanh") return 1 - std::tanh(z) * std::tanh(z);
  if (name == "relu") return z > 0 ? 1 : 0;
  if (name == "elu") return z > 0 ? 1 : std::exp(z);
  if (name == "gelu") return normal_distribution(z) + z * std::exp(-z * z / 2) / kRootTwoPi;
  if (name == "silu") return sigmoid(z) + z * sigmoid(z) * (1 - sigmoid(z));
  if (name == "softplus") return sigmoid(z);
  return z > 0 ? 1 : kSlope;
}

/// z^[l] and a^[l] of one row; a[0] is the row itself, and z[0] unused.
struct Forward {
  std::vector<Vector> z;
  std::vector<Vector> a;
};

/// z^[l] = W^[l]·a^[l−1] + b^[l], a^[l] = g(z^[l]); the last layer has no g but what its loss
/// means.
Forward forward(const std::vector<Weights>& layers, const Vector& x, const std::string& g) {
  Forward result{{Vector()}, {x}};
  for (const Weights& layer : layers) {
    Vector z = layer.b;
    for (Index o = 0; o < z.size(); ++o) {
      for (Index i = 0; i < layer.W.cols(); ++i) z[o] += layer.W(o, i) * result.a.back()[i];
    }
    result.z.push_back(z);
    for (double& value : z) value = activation(g, value);
    result.a.push_back(z);
  }
  return result;
}

TEST(ForwardPropagation, IsTheEquationsLayerByLayer) {
  for (const std::string& g : activation_names()) {
    const Example example("squared", {4, 3}, g);
    for (Index r = 0; r < kRows; ++r) {
      const Forward row = forward(example.weights(), example.X.row(r), g);
      EXPECT_TRUE(close(example.scores[r], row.z[3][0], 1e-14, 1)) << g;
    }
  }
}

/// δ^[L] = ∇_a J·g′(z^[L]) of one row: for `squared` J = ½(a − y)² and a = z; for `logistic`
/// J = −y ln a − (1 − y) ln(1 − a) and a = σ(z).
double output_delta(const std::string& loss, double z, double y) {
  if (loss == "squared") return z - y;
  const double a = sigmoid(z);
  return (-y / a + (1 - y) / (1 - a)) * a * (1 - a);
}

/// Adds ∂J/∂W^[l] = δ^[l](a^[l−1])ᵀ and ∂J/∂b^[l] = δ^[l] of one row.
void backpropagate(const std::vector<Weights>& layers, const Forward& row, double delta_of_scores,
                   const std::string& g, std::vector<Weights>& sums) {
  Vector delta{{delta_of_scores}};
  for (std::size_t l = layers.size(); l >= 1; --l) {
    for (Index o = 0; o < delta.size(); ++o) {
      for (Index i = 0; i < row.a[l - 1].size(); ++i) {
        sums[l - 1].W(o, i) += delta[o] * row.a[l - 1][i];
      }
      sums[l - 1].b[o] += delta[o];
    }
    if (l == 1) return;
    // δ^[l−1] = (W^[l])ᵀ·δ^[l]·g′(z^[l−1])
    Vector before = Vector::Zero(layers[l - 1].W.cols());
    for (Index i = 0; i < before.size(); ++i) {
      for (Index o = 0; o < delta.size(); ++o) before[i] += layers[l - 1].W(o, i) * delta[o];
      before[i] *= slope(g, row.z[l - 1][i]);
    }
    delta = before;
  }
}

TEST(Backpropagation, IsTheFourEquations) {
  for (const std::string loss : {"squared", "logistic"}) {
    for (const std::string& g : activation_names()) {
      const Example example(loss, {4, 3}, g);
      const std::vector<Weights> layers = example.weights();
      std::vector<Weights> sums = layers;
      for (Weights& layer : sums) {
        layer.W.setZero();
        layer.b.setZero();
      }
      for (Index r = 0; r < kRows; ++r) {
        const Forward row = forward(layers, example.X.row(r), g);
        backpropagate(layers, row, output_delta(loss, row.z.back()[0], example.y[r]), g, sums);
      }
      for (std::size_t l = 0; l < layers.size(); ++l) {
        EXPECT_TRUE(close(example.gradient()[l].W, sums[l].W, 1e-13)) << loss << g << l;
        EXPECT_TRUE(close(example.gradient()[l].b, sums[l].b, 1e-13)) << loss << g << l;
      }
    }
  }
}

/// wᵀx + b of every row.
Vector affine(const Example& example) {
  const Vector w = example.w();
  Vector h = Vector::Constant(kRows, example.b());
  for (Index r = 0; r < kRows; ++r) {
    for (Index j = 0; j < kInputs; ++j) h[r] += w[j] * example.X(r, j);
  }
  return h;
}

/// (1/m) Σᵢ (h(xᵢ) − yᵢ)·xᵢⱼ, and for b, whose x is 1.
void expect_gradient(const Example& example, const Vector& h) {
  const Weights gradient = example.gradient().front();
  for (Index j = 0; j < kInputs; ++j) {
    double sum = 0;
    for (Index i = 0; i < kRows; ++i) sum += (h[i] - example.y[i]) * example.X(i, j);
    EXPECT_TRUE(close(gradient.W(0, j) / kRows, sum / kRows, 1e-13, 1)) << j;
  }
  double sum = 0;
  for (Index i = 0; i < kRows; ++i) sum += h[i] - example.y[i];
  EXPECT_TRUE(close(gradient.b[0] / kRows, sum / kRows, 1e-13, 1));
}

TEST(LinearRegression, HypothesisIsAffine) {
  const Example example("squared", {}, "relu");
  EXPECT_TRUE(close(example.scores, affine(example), 1e-14));
}

TEST(LinearRegression, CostIsHalfTheMeanSquare) {
  const Example example("squared", {}, "relu");
  const Vector h = affine(example);
  double sum = 0;
  for (Index i = 0; i < kRows; ++i) sum += (h[i] - example.y[i]) * (h[i] - example.y[i]);
  EXPECT_TRUE(close(example.mean_loss(), sum / (2 * kRows), 1e-14));
}

TEST(LinearRegression, GradientIsTheMeanOfErrorTimesFeature) {
  const Example example("squared", {}, "relu");
  expect_gradient(example, affine(example));
}

double predicted_class(const Scorer& scorer, double score) {
  double prediction = 0;
  scorer.predict(&score, &prediction);
  return prediction;
}

TEST(LogisticRegression, HypothesisIsTheSigmoidOfTheScore) {
  const Example example("logistic", {}, "relu");
  const Scorer scorer(loss_traits("logistic"), 1, {});
  const Vector z = affine(example);
  for (Index i = 0; i < kRows; ++i) {
    const std::vector<double> p = scorer.probabilities(&example.scores[i]);
    EXPECT_TRUE(close(p[1], sigmoid(z[i]), 1e-14));
    EXPECT_TRUE(close(p[0], 1 - sigmoid(z[i]), 1e-14));
    EXPECT_EQ(predicted_class(scorer, example.scores[i]), sigmoid(z[i]) > 0.5 ? 1 : 0);
  }
}

TEST(LogisticRegression, CostIsTheMeanCrossEntropy) {
  const Example example("logistic", {}, "relu");
  const Vector z = affine(example);
  double sum = 0;
  for (Index i = 0; i < kRows; ++i) {
    const double h = sigmoid(z[i]);
    sum += example.y[i] * std::log(h) + (1 - example.y[i]) * std::log(1 - h);
  }
  EXPECT_TRUE(close(example.mean_loss(), -sum / kRows, 1e-14));
}

TEST(LogisticRegression, GradientIsTheMeanOfErrorTimesFeature) {
  const Example example("logistic", {}, "relu");
  Vector h = affine(example);
  for (double& value : h) value = sigmoid(value);
  expect_gradient(example, h);
}

TEST(Svm, ObjectiveIsTheGuidesOverCTimesN) {
  const Example example("hinge", {}, "relu");
  const Vector f = affine(example);
  for (const double C : {0.1, 1.0, 30.0}) {
    // The least slacks that the constraints yᵢ(wᵀxᵢ + b) ≥ 1 − ξᵢ, ξᵢ ≥ 0 allow.
    double objective = 0;
    for (Index i = 0; i < kRows; ++i) {
      const double y = example.y[i] == 1 ? 1 : -1;
      objective += C * std::max(0.0, 1 - y * f[i]);
    }
    for (const double w : example.w()) objective += 0.5 * w * w;
    const Penalty penalty = Penalty::of_svm(C, kRows);
    const double ours = example.mean_loss() +
                        penalty_value(example.network().tensors(), penalty, example.theta.data());
    EXPECT_TRUE(close(ours, objective / (C * kRows), 1e-14)) << C;
  }
}

TEST(Svm, DecidesByTheSignOfTheScore) {
  const Example example("hinge", {}, "relu");
  const Scorer scorer(loss_traits("hinge"), 1, {});
  const Vector f = affine(example);
  int positive = 0;
  for (Index i = 0; i < kRows; ++i) {
    EXPECT_EQ(predicted_class(scorer, example.scores[i]),
              f[i] > 0 ? 1 : 0);  // +1 is the second class
    positive += f[i] > 0;
  }
  EXPECT_GT(positive, 0);
  EXPECT_LT(positive, kRows);
  EXPECT_EQ(predicted_class(scorer, 0), 0) << "sign(0) is taken for −1";
}

}  // namespace
}  // namespace lockstep
