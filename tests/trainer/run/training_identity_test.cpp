// The promise: the same bits on any number of ranks and threads, for every optimizer and loss.
// Ranks are threads of this process; tests/trainer/program_test.cpp does the same over MPI.

#include <gtest/gtest.h>

#include <cstring>
#include <mutex>
#include <set>

#include "comm/communicator.hpp"
#include "comm/thread_transport.hpp"
#include "core/base/random.hpp"
#include "core/model/activations.hpp"
#include "core/optimize/optimizer.hpp"
#include "core/parallel/ranges.hpp"
#include "tests/support/ranks.hpp"
#include "trainer/run/training.hpp"

namespace lockstep::trainer {
namespace {

struct Case {
  std::string loss = "cross_entropy";
  std::string optimizer = "adam";
  std::string activation = "relu";
  std::vector<Index> hidden{13};
  double momentum = 0;
  bool nesterov = false;
  Shuffle shuffle = Shuffle::rows;
  Penalty penalty;
  Index rows = 203;
  Index batch = 40;
  Index lanes = 8;
  Index features = 7;
  Index classes = 3;
  Index epochs = 4;
};

/// What must not depend on ranks and threads: θ and the sums of every epoch, as bytes.
std::string bytes_of(const void* data, std::size_t size) {
  return {static_cast<const char*>(data), size};
}

double target_of(const Case& c, RandomSequence& draws) {
  const LossTraits traits = loss_traits(c.loss);
  if (traits.target == TargetKind::number) return draws.uniform(-2, 2);
  return static_cast<double>(
      draws.below(static_cast<std::uint64_t>(traits.two_classes ? 2 : c.classes)));
}

template <class T>
Examples<T> make_rows(const Case& c, Range rows) {
  Examples<T> examples;
  examples.rows = rows;
  examples.total_rows = c.rows;
  examples.features = c.features;
  examples.stride = round_up(c.features, kPanel);
  examples.values.resize(static_cast<std::size_t>(rows.size() * examples.stride));
  const RandomStream stream(7, Purpose::synthetic);
  for (Index r = rows.begin; r < rows.end; ++r) {
    RandomSequence draws(stream, static_cast<std::uint64_t>(r));
    T* row = examples.values.data() + (r - rows.begin) * examples.stride;
    for (Index f = 0; f < c.features; ++f) row[f] = static_cast<T>(draws.uniform(-1, 1));
    examples.targets.push_back(target_of(c, draws));
  }
  examples.actual_targets = examples.targets;
  return examples;
}

template <class T>
std::string train_on_one_rank(comm::Transport& transport, const Case& c, int threads) {
  comm::Communicator team(transport, test::kTimeout);
  NetworkSpec spec;
  spec.inputs = c.features;
  spec.hidden = c.hidden;
  spec.outputs = outputs_for(c.loss, c.classes);
  spec.activation = c.activation;
  spec.loss = c.loss;
  const Network<T> network(spec);
  const Lanes lanes(c.rows, c.lanes, c.batch);
  const Range mine = part_of(lane_boundaries(c.lanes, team.size()), team.rank());
  const Examples<T> examples = make_rows<T>(c, lanes.rows_of(mine));
  const Scorer scorer(loss_traits(c.loss), spec.outputs, {});
  TrainingOptions options;
  options.shuffle = c.shuffle;
  options.optimizer = c.optimizer;
  options.optimizer_options.momentum = c.momentum;
  options.optimizer_options.nesterov = c.nesterov;
  options.optimizer_options.weight_decay = 0.01;
  options.learning_rate = 0.01;
  options.penalty = c.penalty;
  AlignedVector<T> theta(static_cast<std::size_t>(network.arena_size()));
  network.initialize(3, theta.data());
  Training<T> training(team, network, lanes, examples, scorer, options, threads, theta);
  std::string bytes;
  for (Index epoch = 1; epoch <= c.epochs; ++epoch) {
    const ScoreSums sums = training.run_epoch(epoch, [](Index) {});
    const double loss = sums.loss();
    bytes += bytes_of(&loss, sizeof(loss));
    bytes += bytes_of(&sums.classes.correct, sizeof(sums.classes.correct));
    bytes += bytes_of(&sums.numbers.squared_error, sizeof(double));
    EXPECT_EQ(sums.rows(), c.rows) << "every row once an epoch";
  }
  return bytes + bytes_of(training.theta().data(), training.theta().size() * sizeof(T));
}

template <class T>
std::set<std::string> results(const Case& c, int ranks, int threads) {
  std::mutex mutex;
  std::set<std::string> all;
  comm::run_ranks(ranks, [&](comm::Transport& transport) {
    std::string bytes = train_on_one_rank<T>(transport, c, threads);
    const std::lock_guard lock(mutex);
    all.insert(std::move(bytes));
  });
  return all;
}

void expect_identical(const Case& c) {
  SCOPED_TRACE(c.loss + " " + c.optimizer + " " + c.activation);
  const auto floats = results<float>(c, 1, 1);
  const auto doubles = results<double>(c, 1, 1);
  for (const int ranks : {1, 2, 3, 4, 5, 8, 11}) {
    for (const int threads : {1, 2}) {
      EXPECT_EQ(results<float>(c, ranks, threads), floats) << ranks << " ranks × " << threads;
      EXPECT_EQ(results<double>(c, ranks, threads), doubles) << ranks << " ranks × " << threads;
    }
  }
}

TEST(TrainingIdentity, HoldsForEveryLoss) {
  for (const std::string& loss : loss_names()) {
    Case c;
    c.loss = loss;
    expect_identical(c);
  }
}

TEST(TrainingIdentity, HoldsForEveryOptimizerWithPenalties) {
  for (const OptimizerEntry& optimizer : optimizer_entries()) {
    Case c;
    c.optimizer = optimizer.name;
    c.penalty = {1e-3, 1e-2};
    expect_identical(c);
    if (!optimizer.takes_momentum) continue;
    c.momentum = 0.9;
    expect_identical(c);
    c.nesterov = true;
    expect_identical(c);
  }
}

TEST(TrainingIdentity, HoldsForEveryActivation) {
  for (const std::string& activation : activation_names()) {
    Case c;
    c.activation = activation;
    c.hidden = {5, 33};
    expect_identical(c);
  }
}

TEST(TrainingIdentity, HoldsForAwkwardShapesAndEmptyLanes) {
  for (const Index width : {1, 2, 3, 7, 13}) {
    Case c;
    c.hidden = {width};
    c.features = width;
    expect_identical(c);
  }
  Case few;  // most lanes are empty, in most steps
  few.rows = 5;
  few.batch = 2;
  few.lanes = 16;
  few.epochs = 20;
  expect_identical(few);
  Case larger;  // the batch is larger than the data; more than one chain a lane
  larger.rows = 1203;
  larger.batch = 5000;
  larger.lanes = 4;
  expect_identical(larger);
}

TEST(TrainingIdentity, HoldsForEveryShuffle) {
  for (const Shuffle shuffle : {Shuffle::none, Shuffle::rows, Shuffle::blocks}) {
    Case c;
    c.shuffle = shuffle;
    expect_identical(c);
  }
}

TEST(TrainingIdentity, HoldsForNetworksLargeEnoughToBeHalved) {
  Case c;
  c.features = 40;
  c.hidden = {150, 70};
  c.epochs = 1;
  expect_identical(c);
}

TEST(TrainingIdentity, SeesADifferentSeedOrLaneCount) {
  Case c;
  const auto reference = results<float>(c, 2, 1);
  c.lanes = 4;
  EXPECT_NE(results<float>(c, 2, 1), reference);
}

}  // namespace
}  // namespace lockstep::trainer
