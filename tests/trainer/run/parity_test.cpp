// The steps of training, against those of PyTorch on the same rows from the same parameters.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
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

using nlohmann::json;
using test::close;
using test::matrix_of;

constexpr double kTolerance = 1e-10;  // absolute: the parameters are of order 1

const json& reference() {
  static const json kReference = test::reference_in("trainer/run");
  return kReference;
}

/// Behind the features stand columns of categories.
bool has_categories(const json& run) { return run["problem"] == "mixed"; }

NetworkSpec spec_of(const json& run) {
  const json& problem = reference()["problems"][run["problem"].get<std::string>()];
  NetworkSpec spec;
  spec.inputs = static_cast<Index>(reference()["rows"]["features"][0].size());
  spec.hidden = reference()["hidden"].get<std::vector<Index>>();
  spec.outputs = problem["outputs"].get<Index>();
  if (has_categories(run)) {
    for (const json& column : reference()["embedded"]) {
      spec.embedded.push_back({spec.inputs++, column[0].get<Index>(), column[1].get<Index>()});
    }
  }
  spec.activation = problem["activation"].get<std::string>();
  spec.loss = problem["loss"].get<std::string>();
  spec.normalization = run["normalization"].get<std::string>();
  return spec;
}

std::optional<double> bound_of(const json& value) {
  if (value.is_null()) return std::nullopt;
  return value.get<double>();
}

TrainingOptions options_of(const json& run) {
  TrainingOptions options;
  options.seed = run["seed"].get<std::uint64_t>();
  options.shuffle = run["shuffle"].get<bool>() ? Shuffle::rows : Shuffle::none;
  options.optimizer = run["optimizer"].get<std::string>();
  OptimizerOptions& of_optimizer = options.optimizer_options;
  of_optimizer.momentum = run["momentum"].get<double>();
  of_optimizer.nesterov = run["nesterov"].get<bool>();
  of_optimizer.beta1 = run["beta1"].get<double>();
  of_optimizer.beta2 = run["beta2"].get<double>();
  of_optimizer.rho = run["rho"].get<double>();
  of_optimizer.epsilon = run["epsilon"].get<double>();
  of_optimizer.weight_decay = run["weight_decay"].get<double>();
  options.learning_rate = run["learning_rate"].get<double>();
  options.clip_value = bound_of(run["clip_value"]);
  options.clip_norm = bound_of(run["clip_norm"]);
  options.penalty.l2 = run["l2"].get<double>();
  return options;
}

/// Rows of one rank, by their global numbers.
Examples<double> rows_of(const json& run, Range range) {
  const json& rows = reference()["rows"];
  Matrix features = matrix_of(rows["features"]);
  if (has_categories(run)) {
    const Matrix categories = matrix_of(rows["categories"]);
    features.conservativeResize(Eigen::NoChange, features.cols() + categories.cols());
    features.rightCols(categories.cols()) = categories;
  }
  Examples<double> examples;
  examples.rows = range;
  examples.total_rows = features.rows();
  examples.features = features.cols();
  examples.stride = round_up(features.cols(), kPanel);
  examples.values.assign(static_cast<std::size_t>(range.size() * examples.stride), 0);
  // A class, or a list of numbers.
  const json& targets = rows[run["problem"].get<std::string>()];
  examples.target_count = targets[0].is_array() ? static_cast<Index>(targets[0].size()) : 1;
  for (Index r = range.begin; r < range.end; ++r) {
    double* row = examples.values.data() + (r - range.begin) * examples.stride;
    for (Index f = 0; f < features.cols(); ++f) row[f] = features(r, f);
    const json& of_row = targets[static_cast<std::size_t>(r)];
    for (const json& target : of_row.is_array() ? of_row : json::array({of_row})) {
      examples.targets.push_back(target.get<double>());
    }
    if (!run["weighted"].get<bool>()) continue;
    examples.weights.push_back(rows["weights"][static_cast<std::size_t>(r)].get<double>());
  }
  examples.actual_targets = examples.targets;
  return examples;
}

std::size_t place_of(const Tensor& tensor, Index i, Index o) {
  return static_cast<std::size_t>(tensor.offset + kernel::panel_offset(tensor.inputs, i, o));
}

/// One tensor of θ without its padding, inputs × outputs.
Matrix values_of(const Tensor& tensor, const AlignedVector<double>& theta) {
  Matrix values(tensor.inputs, tensor.outputs);
  for (Index i = 0; i < tensor.inputs; ++i) {
    for (Index o = 0; o < tensor.outputs; ++o) values(i, o) = theta[place_of(tensor, i, o)];
  }
  return values;
}

AlignedVector<double> start_of(const json& run, const Network<double>& network) {
  const json& start = reference()["starts"][run["problem"].get<std::string>()];
  AlignedVector<double> theta(static_cast<std::size_t>(network.arena_size()));
  network.initialize(1, theta.data());
  for (const Tensor& tensor : network.tensors()) {
    if (tensor.name.starts_with("norms.")) continue;  // they begin as PyTorch's do
    const Matrix values = matrix_of(start[tensor.name]);
    for (Index i = 0; i < tensor.inputs; ++i) {
      for (Index o = 0; o < tensor.outputs; ++o) theta[place_of(tensor, i, o)] = values(i, o);
    }
  }
  return theta;
}

Scorer scorer_of(const NetworkSpec& spec) {
  const LossTraits traits = loss_traits(spec.loss);
  std::vector<PredictedNumber> numbers;
  if (traits.target == TargetKind::number) {
    numbers.resize(static_cast<std::size_t>(spec.outputs));
  }
  return {traits, spec.outputs, std::move(numbers)};
}

/// Trains as a case says, and compares the loss of each step and θ after the last. *Collective*.
void expect_parity(comm::Transport& transport, const std::string& name, const json& run) {
  comm::Communicator team(transport, test::kTimeout);
  const std::string where =
      name + ", rank " + std::to_string(team.rank()) + " of " + std::to_string(team.size());
  const NetworkSpec spec = spec_of(run);
  const Network<double> network(spec);
  const Lanes lanes(static_cast<Index>(reference()["rows"]["features"].size()),
                    reference()["lanes"].get<Index>(), run["batch"].get<Index>());
  const Range mine = part_of(lane_boundaries(lanes.count(), team.size()), team.rank());
  const Examples<double> examples = rows_of(run, lanes.rows_of(mine));
  const Scorer scorer = scorer_of(spec);
  Training<double> training(team, network, lanes, examples, scorer, options_of(run), 1,
                            start_of(run, network));
  const auto steps = reference()["steps"].get<Index>();
  for (Index step = 0; step < steps; ++step) {
    const Index in_epoch = step % lanes.steps();
    if (in_epoch == 0) training.begin_epoch(step / lanes.steps() + 1);
    const double before = training.position().sums.loss();
    training.run_steps(
        in_epoch + 1, [] { return Wishes(0); }, [](Index) {});
    const double mean =
        (training.position().sums.loss() - before) / static_cast<double>(lanes.rows_in(in_epoch));
    EXPECT_TRUE(
        close(mean, run["losses"][static_cast<std::size_t>(step)].get<double>(), kTolerance, 1))
        << where << ": the loss of step " << step + 1;
  }
  EXPECT_EQ(run["theta"].size(), network.tensors().size());
  for (const Tensor& tensor : network.tensors()) {
    const Matrix difference =
        values_of(tensor, training.theta()) - matrix_of(run["theta"][tensor.name]);
    EXPECT_TRUE(close(difference, Matrix::Zero(tensor.inputs, tensor.outputs), kTolerance, 1))
        << where << ": " << tensor.name << " after the last step";
  }
}

TEST(Parity, WithPyTorchHoldsOnAnyRanks) {
  for (const auto& item : reference()["cases"].items()) {
    for (const int ranks : {1, 3}) {
      comm::run_ranks(ranks, [&](comm::Transport& transport) {
        expect_parity(transport, item.key(), item.value());
      });
    }
  }
}

TEST(Parity, IsTriedWithEveryOptimizer) {
  std::set<std::string> cases;
  std::set<std::string> optimizers{"lamb", "lars"};  // PyTorch has neither
  for (const auto& [name, run] : reference()["cases"].items()) {
    cases.insert(name);
    optimizers.insert(run["optimizer"].get<std::string>());
  }
  EXPECT_EQ(cases, (std::set<std::string>{"embedding",
                                          "embedding_all",
                                          "adagrad",
                                          "adam",
                                          "adamw",
                                          "all",
                                          "all_squared",
                                          "amsgrad",
                                          "batch_norm",
                                          "batch_norm_all",
                                          "layer_norm",
                                          "clip_both",
                                          "clip_norm",
                                          "clip_then_l2",
                                          "clip_value",
                                          "momentum",
                                          "nesterov",
                                          "rmsprop",
                                          "rmsprop_momentum",
                                          "sgd",
                                          "short_batch",
                                          "shuffled",
                                          "squared",
                                          "weighted"}));
  for (const OptimizerEntry& entry : optimizer_entries()) {
    EXPECT_EQ(optimizers.count(entry.name), 1U) << entry.name << " is in no case";
  }
}

/// What tells a case from the others has made its parameters others.
TEST(Parity, IsOfCasesThatDiffer) {
  const json& cases = reference()["cases"];
  for (auto a = cases.begin(); a != cases.end(); ++a) {
    for (auto b = cases.begin(); b != a; ++b) {
      if (a.value()["problem"] != b.value()["problem"]) continue;
      double apart = 0;
      for (const auto& [tensor, values] : a.value()["theta"].items()) {
        if (!b.value()["theta"].contains(tensor)) continue;
        const Matrix difference = matrix_of(values) - matrix_of(b.value()["theta"][tensor]);
        apart = std::max(apart, difference.cwiseAbs().maxCoeff());
      }
      EXPECT_GT(apart, 1e-3) << a.key() << ", " << b.key();
    }
  }
}

}  // namespace
}  // namespace lockstep::trainer
