// The steps of training, against the guide's variants of gradient descent written out.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "comm/thread_transport.hpp"
#include "core/linalg/matrix.hpp"
#include "core/parallel/ranges.hpp"
#include "tests/support/ranks.hpp"
#include "tests/support/reference.hpp"
#include "trainer/run/training.hpp"

namespace lockstep::trainer {
namespace {

using test::close;

constexpr Index kRows = 20;  // m
constexpr Index kFeatures = 3;
constexpr double kRate = 0.1;  // α

/// w and b of a linear regression, one after another.
using Parameters = Vector;

double feature(Index row, Index j) { return std::sin(static_cast<double>(5 * row + 2 * j + 1)); }
double target(Index row) { return std::cos(static_cast<double>(3 * row)); }

/// ∇J(θ; xᵢ, yᵢ) of J = ½(wᵀx + b − y)².
Parameters gradient_of_row(const Parameters& theta, Index row) {
  double error = theta[kFeatures] - target(row);
  for (Index j = 0; j < kFeatures; ++j) error += theta[j] * feature(row, j);
  Parameters gradient(kFeatures + 1);
  for (Index j = 0; j < kFeatures; ++j) gradient[j] = error * feature(row, j);
  gradient[kFeatures] = error;
  return gradient;
}

/// Bounds of the gradient.
struct Clipping {
  std::optional<double> value{};
  std::optional<double> norm{};
};

/// As PyTorch's clip_grad_value_ and clip_grad_norm_.
void clip(const Clipping& clipping, Parameters& gradient) {
  if (clipping.value) {
    for (double& g : gradient) g = std::clamp(g, -*clipping.value, *clipping.value);
  }
  if (clipping.norm) gradient *= std::min(1.0, *clipping.norm / (gradient.norm() + 1e-6));
}

/// θ after one epoch of steps of `batch` rows in file order, from 0.5 everywhere:
///   θ ← θ − α·[clip((1/b) Σ ∇J(θ; xᵢ, yᵢ)) + λ₁·sign(w) + 2λ₂·w]
/// or, of the proximal method, without λ₁·sign(w) and then w ← sign(w)·max(0, |w| − α·λ₁)
Parameters descended(Index batch, const Penalty& penalty, const Clipping& clipping) {
  Parameters theta = Parameters::Constant(kFeatures + 1, 0.5);
  for (Index begin = 0; begin < kRows; begin += batch) {
    const Index end = std::min(kRows, begin + batch);
    Parameters sum = Parameters::Zero(kFeatures + 1);
    for (Index row = begin; row < end; ++row) sum += gradient_of_row(theta, row);
    Parameters gradient = sum / static_cast<double>(end - begin);
    clip(clipping, gradient);
    const Index penalised = kFeatures + (penalty.biases ? 1 : 0);
    const bool proximal = penalty.l1_method == L1Method::proximal;
    for (Index j = 0; j < penalised; ++j) {
      const double sign = theta[j] > 0 ? 1 : -1;
      gradient[j] += 2 * penalty.l2 * theta[j] + (proximal ? 0 : penalty.l1 * sign);
    }
    theta -= kRate * gradient;
    for (Index j = 0; proximal && j < penalised; ++j) {
      const double sign = theta[j] > 0 ? 1 : -1;
      theta[j] = sign * std::max(0.0, std::fabs(theta[j]) - kRate * penalty.l1);
    }
  }
  return theta;
}

/// Rows of this rank, by their global numbers.
Examples<double> rows_of(Range rows) {
  Examples<double> examples;
  examples.rows = rows;
  examples.total_rows = kRows;
  examples.features = kFeatures;
  examples.stride = kPanel;
  examples.values.assign(static_cast<std::size_t>(rows.size() * kPanel), 0);
  for (Index r = rows.begin; r < rows.end; ++r) {
    double* row = examples.values.data() + (r - rows.begin) * kPanel;
    for (Index j = 0; j < kFeatures; ++j) row[j] = feature(r, j);
    examples.targets.push_back(target(r));
  }
  examples.actual_targets = examples.targets;
  return examples;
}

/// The same by Training. Of one lane, whose order is that of the rows; of more lanes a step takes a
/// row of each in turn, so that only an epoch of one step has the same rows.
Parameters trained(comm::Transport& transport, Index lane_count, Index batch,
                   const TrainingOptions& options) {
  comm::Communicator team(transport, test::kTimeout);
  NetworkSpec spec;
  spec.inputs = kFeatures;
  spec.outputs = 1;
  const Network<double> network(spec);
  const auto place = [&](Index j) {
    const Tensor& tensor = network.tensors()[j < kFeatures ? 0 : 1];
    return static_cast<std::size_t>(tensor.offset + (j < kFeatures ? j : 0));
  };
  AlignedVector<double> theta(static_cast<std::size_t>(network.arena_size()));
  for (Index j = 0; j <= kFeatures; ++j) theta[place(j)] = 0.5;
  const Lanes lanes(kRows, lane_count, batch);
  const Range mine = part_of(lane_boundaries(lane_count, team.size()), team.rank());
  const Examples<double> examples = rows_of(lanes.rows_of(mine));
  const Scorer scorer(loss_traits("squared"), 1, {{"y", {}}});
  Training<double> training(team, network, lanes, examples, scorer, options, 1, theta);
  training.begin_epoch(1);
  training.run_steps(
      lanes.steps(), [] { return Wishes(0); }, [](Index) {});
  Parameters result(kFeatures + 1);
  for (Index j = 0; j <= kFeatures; ++j) result[j] = training.theta()[place(j)];
  return result;
}

TrainingOptions gradient_descent() {
  TrainingOptions options;
  options.shuffle = Shuffle::none;
  options.optimizer = "sgd";
  options.learning_rate = kRate;
  return options;
}

void expect_descent(int ranks, Index lanes, Index batch, const Penalty& penalty,
                    const Clipping& clipping = {}) {
  const Parameters expected = descended(batch, penalty, clipping);
  TrainingOptions options = gradient_descent();
  options.penalty = penalty;
  options.clip_value = clipping.value;
  options.clip_norm = clipping.norm;
  comm::run_ranks(ranks, [&](comm::Transport& transport) {
    EXPECT_TRUE(close(trained(transport, lanes, batch, options), expected, 1e-13))
        << ranks << " ranks, " << lanes << " lanes, batches of " << batch;
  });
}

TEST(Descent, OfTheWholeBatchIsOneStepOfTheMeanGradient) {
  for (const int ranks : {1, 2, 3}) {
    for (const Index lanes : {1, 2, 8}) expect_descent(ranks, lanes, kRows, {});
  }
}

TEST(Descent, StochasticTakesAStepForEveryRow) {
  for (const int ranks : {1, 2}) expect_descent(ranks, 1, 1, {});
}

TEST(Descent, OfMiniBatchesTakesTheMeanOfEach) {
  // 7 does not divide 20: the last batch has 6 rows, and its mean is over 6.
  for (const int ranks : {1, 2}) {
    expect_descent(ranks, 1, 5, {});
    expect_descent(ranks, 1, 7, {});
  }
}

TEST(Descent, ClipsTheMeanGradientBeforeThePenalty) {
  for (const Clipping& clipping :
       {Clipping{0.1, {}}, Clipping{{}, 0.2}, Clipping{0.1, 0.15}, Clipping{1e9, 1e9}}) {
    for (const Penalty& penalty : {Penalty{0, 0}, Penalty{0.05, 0.1}}) {
      for (const int ranks : {1, 2, 3}) expect_descent(ranks, 4, kRows, penalty, clipping);
      expect_descent(1, 1, 7, penalty, clipping);
    }
  }
  const Parameters free = descended(kRows, {}, {});
  for (const Clipping& clipping : {Clipping{0.1, {}}, Clipping{{}, 0.2}}) {
    EXPECT_GT((descended(kRows, {}, clipping) - free).norm(), 1e-3) << "it clips something";
  }
}

TEST(Descent, AddsThePenaltyOnceWhateverTheRanks) {
  for (Penalty penalty : {Penalty{0.05, 0}, Penalty{0, 0.1}, Penalty{0.05, 0.1}}) {
    for (const L1Method method : {L1Method::proximal, L1Method::subgradient}) {
      for (const bool biases : {false, true}) {
        penalty.l1_method = method;
        penalty.biases = biases;
        for (const int ranks : {1, 2, 3}) expect_descent(ranks, 4, kRows, penalty);
        expect_descent(1, 1, 7, penalty);
      }
    }
  }
}

TEST(Descent, ByProximalStepsMakesExactZeros) {
  const Penalty penalty{.l1 = 3};
  const Parameters theta = descended(1, penalty, {});
  EXPECT_EQ((theta.head(kFeatures).array() == 0).count(), kFeatures);
  expect_descent(2, 1, 1, penalty);
}

/// The norms of a tensor are those of all its blocks, and of none of another tensor.
TEST(Descent, OfLayerwiseOptimizersGoesByTheNormsOfTensors) {
  const Penalty penalty{.l2 = 0.1};
  TrainingOptions options = gradient_descent();
  options.optimizer = "lars";
  options.penalty = penalty;
  options.optimizer_options.trust = 0.2;
  Parameters gradient = Parameters::Zero(kFeatures + 1);
  Parameters expected = Parameters::Constant(kFeatures + 1, 0.5);
  for (Index row = 0; row < kRows; ++row) gradient += gradient_of_row(expected, row) / kRows;
  gradient.head(kFeatures) += 2 * penalty.l2 * expected.head(kFeatures);
  const double ratio = 0.2 * expected.head(kFeatures).norm() / gradient.head(kFeatures).norm();
  expected.head(kFeatures) -= kRate * ratio * gradient.head(kFeatures);
  expected[kFeatures] -= kRate * 0.2 * gradient[kFeatures];
  for (const int ranks : {1, 2, 3}) {
    comm::run_ranks(ranks, [&](comm::Transport& transport) {
      EXPECT_TRUE(close(trained(transport, 4, kRows, options), expected, 1e-13)) << ranks;
    });
  }
}

}  // namespace
}  // namespace lockstep::trainer
