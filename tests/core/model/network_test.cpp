#include "core/model/network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "core/base/error.hpp"
#include "core/calculus/differences.hpp"
#include "core/model/activations.hpp"
#include "core/model/network_pass.hpp"
#include "core/model/scoring.hpp"

namespace lockstep {
namespace {

NetworkSpec small(const std::string& activation, const std::string& loss) {
  NetworkSpec spec;
  spec.inputs = 5;
  spec.hidden = {7, 3};
  spec.outputs = outputs_for(loss, 4, 1);
  spec.activation = activation;
  spec.slope = 0.1;
  spec.loss = loss;
  return spec;
}

/// What may stand around the activations of a network: each by itself, and all together.
std::vector<NetworkSpec> dressed(const std::string& activation, const std::string& loss) {
  NetworkSpec plain = small(activation, loss);
  plain.hidden = {7, 7, 3, 3, 3};  // three shortcuts
  std::vector<NetworkSpec> all(4, plain);
  all[0].normalization = kLayerNormalization;
  all[1].residual = true;
  all[2].dropout = 0.4;
  all[3].normalization = kLayerNormalization;
  all[3].residual = true;
  all[3].dropout = 0.4;
  return all;
}

/// Of these, each row goes by all.
std::vector<NetworkSpec> joining(const std::string& activation, const std::string& loss) {
  std::vector<NetworkSpec> all = dressed(activation, loss);
  for (NetworkSpec& spec : all) spec.normalization = kBatchNormalization;
  return all;
}

std::vector<Index> first_rows(Index n) {
  std::vector<Index> rows(static_cast<std::size_t>(n));
  std::iota(rows.begin(), rows.end(), Index{0});
  return rows;
}

/// A batch of made-up rows, its loss and its gradient by the two phases.
template <class T>
class Batch {
 public:
  Batch(const NetworkSpec& spec, Index rows) : Batch(spec, first_rows(rows), rows) {}
  /// @param rows  numbers of the rows, each of which stands for its values and target
  Batch(const NetworkSpec& spec, const std::vector<Index>& rows, Index capacity)
      : network_(spec), pass_(network_, capacity, true), numbers_(rows) {
    theta_.resize(static_cast<std::size_t>(network_.arena_size()));
    network_.initialize(11, theta_.data());
    const RandomStream stream(5, Purpose::synthetic);
    const LossTraits traits = loss_traits(spec.loss);
    for (const Index r : rows) {
      RandomSequence draws(stream, static_cast<std::uint64_t>(r));
      for (Index c = 0; c < spec.inputs; ++c) {
        values_.push_back(static_cast<T>(draws.uniform(-1, 1)));
      }
      targets_.push_back(traits.target == TargetKind::number ? draws.uniform(-1, 1)
                         : traits.scores == ClassScores::one_of_two
                             ? static_cast<double>(draws.below(2))
                             : static_cast<double>(draws.below(4)));
    }
    losses_.resize(targets_.size());
  }

  /// Takes `tile` rows at a time through the network.
  double loss(Index tile = 1000) {
    const auto rows = static_cast<Index>(targets_.size());
    for (Index r = 0; r < rows; ++r) {
      std::copy_n(values_.data() + r * network_.spec().inputs, network_.spec().inputs,
                  pass_.input().row(r));
    }
    for (std::size_t stage = 0; stage < pass_.stages(); ++stage) {
      if (stage > 0) {
        auto moments = pass_.moments(stage - 1, {0, rows / 3});
        pass_.join_forward(
            stage - 1,
            BatchNorm<T>::merge(std::move(moments), pass_.moments(stage - 1, {rows / 3, rows})));
      }
      for (Index begin = 0; begin < rows; begin += tile) {
        const Range range{begin, std::min(rows, begin + tile)};
        const TrainingRows training{17, 2, numbers_.data()};
        pass_.forward(range, theta_.data(), &training, stage);
      }
    }
    for (Index begin = 0; begin < rows; begin += tile) {
      const Range range{begin, std::min(rows, begin + tile)};
      pass_.score_losses(range, network_.loss(), targets_.data(), losses_.data());
    }
    return std::accumulate(losses_.begin(), losses_.end(), 0.0);
  }

  AlignedVector<T> gradient(const std::vector<Range>& leaves, Index tile = 1000) {
    loss(tile);
    for (std::size_t i = 0; i < pass_.prepare_tasks(); ++i) pass_.prepare(theta_.data(), i);
    const auto rows = static_cast<Index>(targets_.size());
    for (std::size_t stage = pass_.stages(); stage-- > 0;) {
      for (Index begin = 0; begin < rows; begin += tile) {
        pass_.backward({begin, std::min(rows, begin + tile)}, stage);
      }
      if (stage == 0) continue;
      auto slopes = pass_.slopes(stage - 1, {0, rows / 3});
      pass_.join_backward(stage - 1, BatchNorm<T>::add(std::move(slopes),
                                                       pass_.slopes(stage - 1, {rows / 3, rows})));
    }
    AlignedVector<T> result(theta_.size());
    for (std::size_t i = 0; i < pass_.gradient_tasks(); ++i) {
      pass_.gradient(leaves, i, result.data());
    }
    return result;
  }

  Network<T> network_;
  NetworkPass<T> pass_;
  std::vector<Index> numbers_;
  AlignedVector<T> theta_;
  std::vector<T> values_;
  std::vector<double> targets_;
  std::vector<double> losses_;
};

/// The scores of a row, before its loss takes their place.
std::vector<double> scores_of(Batch<double>& batch, Index row) {
  const TrainingRows training{17, 2, batch.numbers_.data()};
  batch.pass_.forward({row, row + 1}, batch.theta_.data(), &training);
  const double* scores = batch.pass_.scores().row(row);
  return {scores, scores + batch.network_.spec().outputs};
}

/// One element for each input of each tensor: its place in the arena.
std::vector<std::size_t> checked_elements(const std::vector<Tensor>& tensors) {
  std::vector<std::size_t> elements;
  for (const Tensor& tensor : tensors) {
    for (Index i = 0; i < tensor.inputs; ++i) {
      elements.push_back(static_cast<std::size_t>(
          tensor.offset + kernel::panel_offset(tensor.inputs, i, i % tensor.outputs)));
    }
  }
  return elements;
}

void expect_central_differences(const NetworkSpec& spec) {
  Batch<double> batch(spec, 9);
  const auto whole = batch.gradient({{0, 4}, {4, 9}});
  const std::vector<std::size_t> elements = checked_elements(batch.network_.tensors());
  Vector theta(static_cast<Index>(elements.size()));
  Vector gradient(theta.size());
  for (std::size_t e = 0; e < elements.size(); ++e) {
    theta[static_cast<Index>(e)] = batch.theta_[elements[e]];
    gradient[static_cast<Index>(e)] = whole[elements[e]];
  }
  const auto loss_at = [&](const Vector& at) {
    for (std::size_t e = 0; e < elements.size(); ++e) {
      batch.theta_[elements[e]] = at[static_cast<Index>(e)];
    }
    return batch.loss();
  };
  const GradientCheck check = check_gradient(loss_at, gradient, theta, 1e-6);
  // Four hinges of nine rows add up to about 40, of which ε/10⁻⁶ is 10⁻⁸.
  EXPECT_LT(check.relative_error, 3e-8)
      << spec.activation << ' ' << spec.loss << ' ' << spec.normalization << ' ' << spec.residual
      << ' ' << spec.dropout << " element " << check.entry << ": " << check.analytic
      << " instead of " << check.numeric;
}

TEST(Network, GradientsAreCentralDifferencesForEveryActivationAndLoss) {
  for (const std::string& activation : activation_names()) {
    for (const std::string& loss : loss_names()) {
      expect_central_differences(small(activation, loss));
    }
  }
}

TEST(Network, GradientsAreCentralDifferencesWhateverStandsAroundActivations) {
  for (const std::string activation : {"tanh", "silu"}) {
    for (const NetworkSpec& spec : dressed(activation, "cross_entropy")) {
      expect_central_differences(spec);
    }
    for (const NetworkSpec& spec : joining(activation, "cross_entropy")) {
      expect_central_differences(spec);
    }
  }
}

TEST(Network, GradientsAreCentralDifferencesOfEmbeddedFeatures) {
  NetworkSpec spec = small("tanh", "cross_entropy");
  spec.embedded = {{0, 1, 3}, {3, 1, 17}};  // of −1 to 1 all are category 0
  expect_central_differences(spec);
  spec.residual = true;
  spec.hidden = {7, 7};
  spec.normalization = kBatchNormalization;
  expect_central_differences(spec);
}

TEST(Network, TheGradientOfTheRootIsTheSumOfItsChildren) {
  Batch<float> batch(small("tanh", "cross_entropy"), 12);
  const auto whole = batch.gradient({{0, 3}, {3, 5}, {5, 5}, {5, 12}});
  const auto left = batch.gradient({{0, 3}, {3, 5}});
  const auto right = batch.gradient({{5, 5}, {5, 12}});
  for (std::size_t e = 0; e < whole.size(); ++e) EXPECT_EQ(whole[e], left[e] + right[e]);
}

/// The loss and the gradient of one row, as bytes: any derivative of any layer that differed in a
/// bit would show.
template <class T>
std::string bits_of_row(Batch<T>& batch, Index position, Index tile) {
  const AlignedVector<T> gradient = batch.gradient({{position, position + 1}}, tile);
  std::string bits(reinterpret_cast<const char*>(gradient.data()), gradient.size() * sizeof(T));
  return bits.append(reinterpret_cast<const char*>(&batch.losses_[std::size_t(position)]),
                     sizeof(double));
}

template <class T>
void expect_the_same_row_anywhere(const NetworkSpec& spec) {
  constexpr Index kRow = 1000;
  Batch<T> alone(spec, {kRow}, 1);
  const std::string expected = bits_of_row(alone, 0, 1);
  int different = 0;
  for (Index n = 1; n <= 67; ++n) {
    for (Index position = 0; position <= std::min<Index>(16, n - 1); ++position) {
      std::vector<Index> rows = first_rows(n);
      rows[static_cast<std::size_t>(position)] = kRow;
      Batch<T> batch(spec, rows, n);
      different += bits_of_row(batch, position, 1 + (n + position) % 23) != expected;
    }
  }
  EXPECT_EQ(different, 0) << spec.activation << ' ' << spec.loss << ' ' << spec.inputs;
}

TEST(Network, ARowHasTheSameBitsAnywhereInABatch) {
  const std::vector<Index> widths{1, 2, 3, 7, 13};
  std::size_t next = 0;
  for (const std::string& activation : activation_names()) {
    for (const std::string& loss : loss_names()) {
      NetworkSpec spec = small(activation, loss);
      spec.inputs = widths[next++ % widths.size()];
      spec.hidden = {widths[next % widths.size()], 17};
      expect_the_same_row_anywhere<float>(spec);
      expect_the_same_row_anywhere<double>(spec);
    }
  }
}

TEST(Network, ARowHasTheSameBitsAnywhereWhateverStandsAroundActivations) {
  for (NetworkSpec spec : dressed("gelu", "cross_entropy")) {
    expect_the_same_row_anywhere<float>(spec);
    spec.hidden = {17, 17};
    expect_the_same_row_anywhere<double>(spec);
  }
}

/// x + f(x) by hand: the network of the block alone, and the sum.
TEST(Network, ShortcutsAddWhatTheirBlockReads) {
  NetworkSpec spec = small("tanh", "squared");
  spec.hidden = {3, 3};
  Batch<double> plain(spec, 4);
  plain.loss();
  spec.residual = true;
  Batch<double> residual(spec, 4);
  residual.loss();
  ASSERT_EQ(plain.network_.layer_count(), 5U);
  ASSERT_EQ(residual.network_.layer_count(), 6U) << "the first hidden layer has none";
  EXPECT_EQ(plain.theta_, residual.theta_);
  const Tensor& weight = plain.network_.tensors()[4];
  for (Index r = 0; r < 4; ++r) {
    // Of the last layer: W·(a + f(a)) + b = (W·f(a) + b) + W·a, where a = tanh(W₀·x + b₀), b₀ = 0.
    double expected = scores_of(plain, r)[0];
    for (Index i = 0; i < 3; ++i) {
      double z = 0;
      for (Index c = 0; c < spec.inputs; ++c) {
        z += plain.values_[static_cast<std::size_t>(r * spec.inputs + c)] *
             plain.theta_[static_cast<std::size_t>(kernel::panel_offset(spec.inputs, c, i))];
      }
      expected += std::tanh(z) * plain.theta_[static_cast<std::size_t>(weight.offset + i)];
    }
    EXPECT_NEAR(scores_of(residual, r)[0], expected, 1e-14);
  }
}

TEST(Network, DrawsTheSameWeightsWhateverStandsAroundActivations) {
  const Batch<float> plain(small("relu", "squared"), 1);
  for (NetworkSpec spec : dressed("relu", "squared")) {
    spec.hidden = small("relu", "squared").hidden;
    const Batch<float> batch(spec, 1);
    for (const Tensor& tensor : plain.network_.tensors()) {
      const auto& all = batch.network_.tensors();
      const auto same = std::find_if(all.begin(), all.end(),
                                     [&](const Tensor& t) { return t.name == tensor.name; });
      ASSERT_NE(same, all.end()) << tensor.name;
      EXPECT_TRUE(std::equal(plain.theta_.begin() + tensor.offset,
                             plain.theta_.begin() + tensor.offset + tensor.size(),
                             batch.theta_.begin() + same->offset))
          << tensor.name;
    }
  }
}

TEST(Network, ScoresWithoutDropout) {
  NetworkSpec spec = small("relu", "cross_entropy");
  const Batch<float> plain(spec, 1);
  spec.dropout = 0.5;
  const Network<float> dropping(spec);
  NetworkPass<float> expected(plain.network_, 1, false);
  NetworkPass<float> pass(dropping, 1, false);
  for (NetworkPass<float>* p : {&expected, &pass}) {
    std::copy(plain.values_.begin(), plain.values_.end(), p->input().row(0));
    p->forward({0, 1}, plain.theta_.data());
  }
  for (Index o = 0; o < spec.outputs; ++o) {
    EXPECT_EQ(pass.scores().row(0)[o], expected.scores().row(0)[o]);
  }
  EXPECT_EQ(pass.elements(), expected.elements());
}

/// The rows alone: those that are trained on have gone into the running averages.
TEST(Network, ScoresByRunningAverages) {
  const NetworkSpec spec = joining("relu", "squared")[0];
  Batch<double> batch(spec, 50);
  const auto scores_alone = [&](Index row) {
    NetworkPass<double> pass(batch.network_, 1, false);
    EXPECT_EQ(pass.stages(), 1U);
    std::copy_n(batch.values_.data() + row * spec.inputs, spec.inputs, pass.input().row(0));
    pass.forward({0, 1}, batch.theta_.data());
    return pass.scores().row(0)[0];
  };
  batch.loss();
  const double in_step = batch.pass_.scores().row(7)[0] + batch.targets_[7];
  EXPECT_GT(std::abs(scores_alone(7) - in_step), 1e-3) << "they begin as 0 and 1";
  batch.pass_.update_running(1, batch.theta_.data());
  for (const Tensor& tensor : batch.network_.tensors()) {
    // Divided by one less than the number of rows.
    if (tensor.name.find("running_var") == std::string::npos) continue;
    for (Index c = 0; c < tensor.outputs; ++c) {
      batch.theta_[static_cast<std::size_t>(tensor.offset + c)] *= 49.0 / 50;
    }
  }
  EXPECT_NEAR(scores_alone(7), in_step, 1e-12);
}

TEST(Network, TheCutIntoTilesChangesNoBit) {
  NetworkSpec spec = small("tanh", "cross_entropy");
  spec.inputs = 203;
  spec.hidden = {301, 37};
  const std::vector<Range> leaves{{0, 13}, {13, 13}, {13, 40}, {40, 61}};
  Batch<float> whole(spec, 61);
  const auto expected = whole.gradient(leaves);
  // More room asks for more pieces of the gradient.
  for (const Index capacity : {61, 6000, 60000}) {
    Batch<float> batch(spec, first_rows(61), capacity);
    if (capacity > 61) {
      EXPECT_GT(batch.pass_.gradient_tasks(), whole.pass_.gradient_tasks());
    }
    for (const Index tile : {1, 5, 12, 60}) EXPECT_EQ(batch.gradient(leaves, tile), expected);
  }
}

/// With more layers than one that join rows, whatever stands between them.
TEST(Network, TheCutIntoTilesChangesNoBitWhereLayersJoinRows) {
  for (const NetworkSpec& spec : joining("gelu", "cross_entropy")) {
    const std::vector<Range> leaves{{0, 13}, {13, 13}, {13, 29}};
    Batch<float> whole(spec, 29);
    ASSERT_EQ(whole.pass_.stages(), 6U);
    const auto expected = whole.gradient(leaves);
    for (const Index tile : {1, 5, 12}) EXPECT_EQ(whole.gradient(leaves, tile), expected);
  }
}

/// Nothing tells running averages which way to go.
TEST(Network, HasNoGradientOfWhatIsNotTrained) {
  Batch<float> batch(joining("tanh", "squared")[3], 7);
  const auto gradient = batch.gradient({{0, 7}});
  Index untrained = 0;
  Index trained = 0;
  for (const Tensor& tensor : batch.network_.tensors()) {
    const auto* of_tensor = gradient.data() + tensor.offset;
    const bool is_zero =
        std::all_of(of_tensor, of_tensor + tensor.size(), [](float g) { return g == 0; });
    EXPECT_EQ(is_zero, !tensor.trained) << tensor.name;
    (tensor.trained ? trained : untrained) += tensor.count();
  }
  EXPECT_EQ(untrained, 2 * (7 + 7 + 3 + 3 + 3));
  EXPECT_EQ(batch.network_.parameter_count(), trained);
}

void expect_zeros_in_the_padding(const NetworkSpec& spec) {
  Batch<float> batch(spec, 6);
  const auto gradient = batch.gradient({{0, 6}});
  for (const Tensor& tensor : batch.network_.tensors()) {
    for (Index i = 0; i < tensor.inputs; ++i) {
      for (Index o = tensor.outputs; o < kernel::panel_count(tensor.outputs) * kPanel; ++o) {
        const auto e =
            static_cast<std::size_t>(tensor.offset + kernel::panel_offset(tensor.inputs, i, o));
        EXPECT_EQ(gradient[e], 0) << tensor.name;
        EXPECT_EQ(batch.theta_[e], 0) << tensor.name;
      }
    }
  }
}

TEST(Network, PaddingStaysZeroInParametersAndGradients) {
  expect_zeros_in_the_padding(small("sigmoid", "cross_entropy"));
  for (const std::string& activation : activation_names()) {
    for (const NetworkSpec& spec : joining(activation, "cross_entropy")) {
      expect_zeros_in_the_padding(spec);
    }
    for (const NetworkSpec& spec : dressed(activation, "cross_entropy")) {
      expect_zeros_in_the_padding(spec);
    }
  }
}

TEST(Network, NamesAndSizesItsTensorsAsPyTorchDoes) {
  const Network<float> network(small("relu", "cross_entropy"));
  ASSERT_EQ(network.tensors().size(), 6U);
  EXPECT_EQ(network.tensors()[0].name, "layers.0.weight");
  EXPECT_EQ(network.tensors()[5].name, "layers.2.bias");
  EXPECT_EQ(network.parameter_count(), 5 * 7 + 7 + 7 * 3 + 3 + 3 * 4 + 4);
  EXPECT_EQ(network.arena_size() % kPanel, 0);
}

TEST(Network, InitialWeightsHaveTheVarianceOfTheirScheme) {
  NetworkSpec spec;
  spec.inputs = 200;
  spec.hidden = {300};
  spec.outputs = 1;
  for (const auto& [how, variance] :
       {std::pair{Initialization::he, 2.0 / 200}, {Initialization::xavier, 2.0 / 500}}) {
    spec.initialization = how;
    const Network<double> network(spec);
    std::vector<double> theta(static_cast<std::size_t>(network.arena_size()));
    network.initialize(1, theta.data());
    double sum = 0;
    double squares = 0;
    for (Index i = 0; i < 200; ++i) {
      for (Index o = 0; o < 300; ++o) {
        const double w = theta[static_cast<std::size_t>(kernel::panel_offset(200, i, o))];
        sum += w;
        squares += w * w;
      }
    }
    EXPECT_NEAR(sum / 60000, 0, 5 * std::sqrt(variance / 60000));
    EXPECT_NEAR(squares / 60000, variance, 0.03 * variance);
  }
  spec.initialization = Initialization::zero;
  const Network<double> network(spec);
  std::vector<double> theta(static_cast<std::size_t>(network.arena_size()), 1.0);
  network.initialize(1, theta.data());
  for (const double w : theta) EXPECT_EQ(w, 0);
}

TEST(Network, PresetsNameTheirLosses) {
  EXPECT_EQ(automatic_loss(model_preset("linear"), TargetKind::number), "squared");
  EXPECT_EQ(automatic_loss(model_preset("mlp"), TargetKind::number), "squared");
  EXPECT_EQ(automatic_loss(model_preset("mlp"), TargetKind::classes), "cross_entropy");
  EXPECT_EQ(automatic_loss(model_preset("svm"), TargetKind::classes), "hinge");
  EXPECT_THROW(model_preset("forest"), ConfigError);
  EXPECT_EQ(outputs_for("logistic", 2, 1), 1);
  EXPECT_EQ(outputs_for("cross_entropy", 2, 1), 2);
  EXPECT_EQ(outputs_for("squared", 0, 1), 1);
  EXPECT_EQ(outputs_for("absolute", 0, 3), 3);
}

/// What a scorer predicts of one row.
std::vector<double> predicted(const Scorer& scorer, const std::vector<double>& scores) {
  std::vector<double> predictions(static_cast<std::size_t>(scorer.predictions()));
  scorer.predict(scores.data(), predictions.data());
  return predictions;
}

TEST(Scorer, PredictsClassesNumbersAndProbabilities) {
  const Scorer binary(loss_traits("logistic"), 1, {});
  const double zero = 0;
  EXPECT_EQ(predicted(binary, {0.5}), (std::vector<double>{1}));
  EXPECT_EQ(predicted(binary, {0}), (std::vector<double>{0}));
  EXPECT_DOUBLE_EQ(binary.probabilities(&zero)[1], 0.5);
  const Scorer classes(loss_traits("cross_entropy"), 3, {});
  EXPECT_EQ(predicted(classes, {1, 4, 4}), (std::vector<double>{1})) << "the first of equal scores";
  const Scorer numbers(loss_traits("squared"), 2, {{"a", {Scaling::standard, 10, 2}}, {"b", {}}});
  EXPECT_EQ(predicted(numbers, {0.5, 3}), (std::vector<double>{11, 3}));
}

}  // namespace
}  // namespace lockstep
