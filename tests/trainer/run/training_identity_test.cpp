// The promise: the same bits on any number of ranks and threads, for every optimizer and loss.
// Ranks are threads of this process; tests/trainer/program_test.cpp does the same over MPI.

#include <gtest/gtest.h>

#include "core/model/activations.hpp"
#include "core/model/losses.hpp"
#include "core/optimize/optimizer.hpp"
#include "core/optimize/schedule.hpp"
#include "tests/trainer/run/training_cases.hpp"

namespace lockstep::test {
namespace {

void expect_identical(const TrainingCase& c) {
  SCOPED_TRACE(describe(c));
  const auto floats = train_on_threads<float>(c, 1, 1);
  const auto doubles = train_on_threads<double>(c, 1, 1);
  for (const int ranks : {1, 2, 3, 4, 5, 8, 11}) {
    for (const int threads : {1, 2}) {
      // EXPECT_TRUE: nobody wants to read the bytes.
      EXPECT_TRUE(train_on_threads<float>(c, ranks, threads) == floats)
          << "float, " << ranks << " ranks × " << threads;
      EXPECT_TRUE(train_on_threads<double>(c, ranks, threads) == doubles)
          << "double, " << ranks << " ranks × " << threads;
    }
  }
}

/// Sparse batches train the model of the same rows with their zeros.
void expect_as_dense(TrainingCase c) {
  c.sparse = false;
  const auto floats = train_on_threads<float>(c, 1, 1);
  const auto doubles = train_on_threads<double>(c, 2, 1);
  c.sparse = true;
  SCOPED_TRACE(describe(c));
  for (const int ranks : {1, 2, 3, 4, 5, 8, 11}) {
    for (const int threads : {1, 2}) {
      EXPECT_TRUE(train_on_threads<float>(c, ranks, threads) == floats)
          << "float, " << ranks << " ranks × " << threads;
      EXPECT_TRUE(train_on_threads<double>(c, ranks, threads) == doubles)
          << "double, " << ranks << " ranks × " << threads;
    }
  }
}

/// The case, of a logistic regression on few of many features.
TrainingCase made_sparse(TrainingCase c) {
  c.loss = "logistic";
  c.hidden.clear();
  c.features = 3000;
  c.density = 0.003;
  return c;
}

/// A run that is interrupted after any step, and resumed on other ranks and threads, is the run
/// that never was.
void expect_same_when_interrupted(const TrainingCase& c) {
  SCOPED_TRACE(describe(c));
  const auto whole = train_on_threads<float>(c, 1, 1);
  const Index steps = c.epochs * ((c.rows + c.batch - 1) / c.batch);
  int ranks = 1;
  for (Index step = 1; step <= steps; ++step) {
    const int others = ranks % 5 + 1;
    const auto state = interrupt_on_threads<float>(c, ranks, step);
    EXPECT_TRUE(resume_on_threads<float>(c, others, 1 + others % 2, state) == whole)
        << "after step " << step << " of " << ranks << " ranks, resumed on " << others;
    ranks = others;
  }
}

TEST(TrainingIdentity, HoldsForEveryLoss) {
  for (const std::string& loss : loss_names()) {
    TrainingCase c;
    c.loss = loss;
    expect_identical(c);
  }
}

TEST(TrainingIdentity, HoldsForWeightedRowsOfEveryLoss) {
  for (const std::string& loss : loss_names()) {
    TrainingCase c;
    c.loss = loss;
    c.weighted = true;
    expect_identical(c);
  }
}

TEST(TrainingIdentity, HoldsForEveryOptimizerWithPenalties) {
  for (const OptimizerEntry& optimizer : optimizer_entries()) {
    TrainingCase c;
    c.optimizer = optimizer.name;
    c.penalty = {1e-3, 1e-2};
    expect_identical(c);
    expect_as_dense(made_sparse(c));
    if (!optimizer.takes_momentum) continue;
    c.momentum = 0.9;
    expect_identical(c);
    c.nesterov = true;
    expect_identical(c);
  }
}

TEST(TrainingIdentity, HoldsForEveryKindOfPenalty) {
  for (const L1Method method : {L1Method::proximal, L1Method::subgradient}) {
    for (const bool biases : {false, true}) {
      TrainingCase c;
      c.penalty = {1e-3, 1e-2, biases, method};
      expect_identical(c);
      expect_as_dense(made_sparse(c));
    }
  }
}

/// Tensors of many blocks, which several ranks have.
TEST(TrainingIdentity, HoldsForLayerwiseOptimizers) {
  for (const char* optimizer : {"lamb", "lars"}) {
    TrainingCase c;
    c.optimizer = optimizer;
    c.hidden = {150, 70};
    c.features = 40;
    c.epochs = 2;
    c.clip_norm = 0.1;
    expect_identical(c);
  }
}

/// All rows in each step, and a line search in it.
TrainingCase by_lbfgs() {
  TrainingCase c;
  c.optimizer = "lbfgs";
  c.batch = c.rows;
  c.epochs = 7;
  c.penalty.l2 = 1e-3;
  return c;
}

TEST(TrainingIdentity, HoldsForLbfgs) {
  for (const char* loss : {"cross_entropy", "logistic", "squared", "squared_hinge"}) {
    for (const double l1 : {0.0, 1e-2}) {
      TrainingCase c = by_lbfgs();
      c.loss = loss;
      c.penalty.l1 = l1;
      c.weighted = l1 > 0;
      expect_identical(c);
      expect_as_dense(made_sparse(c));
    }
  }
  TrainingCase c = by_lbfgs();
  c.hidden = {150, 70};  // many blocks
  c.features = 40;
  c.epochs = 3;
  expect_identical(c);
}

/// Of one layer, something is known of the curvature.
TEST(TrainingIdentity, HoldsForLbfgsOnLinearModels) {
  for (const char* loss : {"cross_entropy", "logistic", "squared", "squared_hinge"}) {
    for (const double l1 : {0.0, 1e-2}) {
      TrainingCase c = by_lbfgs();
      c.hidden = {};
      c.loss = loss;
      c.penalty.l1 = l1;
      c.weighted = l1 > 0;
      c.micro_batch = l1 > 0 ? 40 : 0;
      expect_identical(c);
      expect_as_dense(made_sparse(c));
      expect_same_when_interrupted(c);
    }
  }
}

TEST(TrainingIdentity, HoldsForInterruptedRunsOfLbfgs) {
  for (const double l1 : {0.0, 1e-2}) {
    TrainingCase c = by_lbfgs();
    c.penalty.l1 = l1;
    expect_same_when_interrupted(c);
    c = made_sparse(c);
    c.sparse = true;
    c.penalty.biases = true;
    expect_same_when_interrupted(c);
  }
}

TEST(TrainingIdentity, HoldsForSmoothedLabels) {
  for (const char* loss : {"cross_entropy", "logistic"}) {
    TrainingCase c;
    c.loss = loss;
    c.label_smoothing = 0.1;
    expect_identical(c);
  }
}

/// Of steps that are made up for later, each has its own rate.
TEST(TrainingIdentity, HoldsForEverySchedule) {
  for (const ScheduleEntry& schedule : schedule_entries()) {
    TrainingCase c;
    c.schedule.name = schedule.name;
    c.schedule.every_epochs = 1;
    c.schedule.warmup_epochs = 0.5;
    expect_identical(c);
    expect_as_dense(made_sparse(c));
  }
}

TEST(TrainingIdentity, HoldsForClippedGradients) {
  for (const bool by_norm : {true, false}) {
    TrainingCase c;
    c.penalty = {1e-3, 1e-2};
    (by_norm ? c.clip_norm : c.clip_value) = 1e-3;
    c.hidden = {150, 70};  // many blocks
    c.features = 40;
    c.epochs = 2;
    expect_identical(c);
    expect_as_dense(made_sparse(c));
  }
}

TEST(TrainingIdentity, HoldsForInterruptedRuns) {
  for (const OptimizerEntry& optimizer : optimizer_entries()) {
    TrainingCase c;
    c.optimizer = optimizer.name;
    if (optimizer.takes_momentum) c.momentum = 0.9;
    c.penalty = {1e-3, 1e-2};
    c.schedule.name = "inverse_sqrt";
    c.schedule.warmup_epochs = 0.5;
    c.epochs = 2;
    expect_same_when_interrupted(c);
    c = made_sparse(c);
    c.sparse = true;
    expect_same_when_interrupted(c);
  }
  TrainingCase numbers;
  numbers.loss = "squared";
  numbers.targets = 2;
  numbers.epochs = 2;
  expect_same_when_interrupted(numbers);
}

TEST(TrainingIdentity, HoldsForEveryActivation) {
  for (const std::string& activation : activation_names()) {
    TrainingCase c;
    c.activation = activation;
    c.hidden = {5, 33};
    expect_identical(c);
  }
}

TEST(TrainingIdentity, HoldsWhateverStandsAroundActivations) {
  TrainingCase plain;
  plain.hidden = {33, 33, 5};
  std::vector<TrainingCase> all(7, plain);
  all[0].normalization = kLayerNormalization;
  all[1].residual = true;
  all[2].dropout = 0.3;
  all[3].input_noise = 0.2;
  all[4].normalization = kLayerNormalization;
  all[4].residual = true;
  all[4].dropout = 0.3;
  all[4].input_noise = 0.2;
  all[5].normalization = kBatchNormalization;
  all[6] = all[4];
  all[6].normalization = kBatchNormalization;
  for (const TrainingCase& c : all) {
    expect_identical(c);
    expect_same_when_interrupted(c);
    if (c.input_noise > 0) continue;
    TrainingCase sparse = made_sparse(c);
    sparse.hidden = c.hidden;
    sparse.sparse = true;
    expect_identical(sparse);
    expect_same_when_interrupted(sparse);
  }
}

/// Steps whose rows are on some of the ranks, or are one; rows that count differently; and an
/// optimizer that asks all rows as often as it likes.
TEST(TrainingIdentity, HoldsWhereLayersJoinRows) {
  TrainingCase few;
  few.normalization = kBatchNormalization;
  few.hidden = {9, 5};
  few.rows = 5;
  few.batch = 2;
  few.lanes = 16;
  few.epochs = 20;
  expect_identical(few);
  expect_same_when_interrupted(few);
  TrainingCase weighted;
  weighted.normalization = kBatchNormalization;
  weighted.weighted = true;
  weighted.optimizer = "lamb";
  weighted.clip_norm = 0.5;
  weighted.penalty = {1e-3, 1e-2, true};
  weighted.batch = 33;
  weighted.epochs = 2;
  expect_identical(weighted);
  expect_same_when_interrupted(weighted);
  TrainingCase all;
  all.normalization = kBatchNormalization;
  all.optimizer = "lbfgs";
  all.batch = all.rows;
  expect_identical(all);
  expect_same_when_interrupted(all);
}

TEST(TrainingIdentity, HoldsForEmbeddedFeatures) {
  for (const char* optimizer : {"adam", "sgd", "lamb", "lbfgs"}) {
    TrainingCase c;
    c.features = 9;
    c.embedded = 6;
    c.optimizer = optimizer;
    if (c.optimizer == "lbfgs") c.batch = c.rows;
    if (c.optimizer == "sgd") c.momentum = 0.9;
    c.penalty = {1e-3, 1e-2};
    c.input_noise = 0.1;
    c.epochs = 2;
    expect_identical(c);
    expect_same_when_interrupted(c);
  }
  TrainingCase alone;  // nothing else, and lanes without rows
  alone.features = alone.embedded = 3;
  alone.rows = 20;
  alone.batch = 7;
  alone.lanes = 16;
  alone.micro_batch = 3;
  expect_identical(alone);
  TrainingCase tiny;  // sums that are flushed to zero
  tiny.features = 5;
  tiny.embedded = 3;
  tiny.loss = "squared";
  tiny.magnitude = 1e-19;
  tiny.learning_rate = 1e-30;
  expect_identical(tiny);
}

/// Lanes that take their turn give the bits of all at once, as long as none is cut.
TEST(TrainingIdentity, HoldsForMicroBatches) {
  for (const bool sparse : {false, true}) {
    TrainingCase c;
    c.rows = 500;
    c.batch = 300;
    c.hidden = {40, 33};
    c.dropout = 0.2;
    c.density = sparse ? 0.1 : 1;
    c.features = sparse ? 300 : 40;
    c.sparse = sparse;
    c.epochs = 2;
    const auto whole = train_on_threads<float>(c, 1, 1);
    for (const Index micro : {1000, 150, 40}) {  // of at most 38 rows of each of 8 lanes
      c.micro_batch = micro;
      EXPECT_EQ(train_on_threads<float>(c, 1, 2), whole) << micro;
      EXPECT_EQ(train_on_threads<float>(c, 3, 1), whole) << micro;
    }
    c.micro_batch = 11;
    EXPECT_NE(train_on_threads<float>(c, 1, 2), whole) << "lanes are cut";
    expect_identical(c);
    expect_same_when_interrupted(c);
  }
  TrainingCase all;
  all.optimizer = "lbfgs";
  all.batch = all.rows;
  all.micro_batch = 10;
  expect_identical(all);
  expect_same_when_interrupted(all);
}

/// A lane in pieces of 256 rows, the length of a chain of products, has the bits of the whole.
TEST(TrainingIdentity, PiecesOfAChainAreTheWholeLane) {
  TrainingCase c;
  c.rows = c.batch = 1500;
  c.lanes = 2;
  c.hidden = {20};
  const auto whole = train_on_threads<double>(c, 1, 1);
  c.micro_batch = 256;
  EXPECT_EQ(train_on_threads<double>(c, 2, 1), whole);
  c.micro_batch = 255;
  EXPECT_NE(train_on_threads<double>(c, 2, 1), whole);
}

TEST(TrainingIdentity, HoldsForAwkwardShapesAndEmptyLanes) {
  for (const Index width : {1, 2, 3, 7, 13}) {
    TrainingCase c;
    c.hidden = {width};
    c.features = width;
    expect_identical(c);
  }
  TrainingCase few;  // most lanes are empty, in most steps
  few.rows = 5;
  few.batch = 2;
  few.lanes = 16;
  few.epochs = 20;
  expect_identical(few);
  TrainingCase larger;  // the batch is larger than the data; more than one chain a lane
  larger.rows = 1203;
  larger.batch = 5000;
  larger.lanes = 4;
  expect_identical(larger);
}

TEST(TrainingIdentity, HoldsForEveryShuffle) {
  for (const Shuffle shuffle : {Shuffle::none, Shuffle::rows, Shuffle::blocks}) {
    TrainingCase c;
    c.shuffle = shuffle;
    expect_identical(c);
  }
}

TEST(TrainingIdentity, HoldsForNetworksLargeEnoughToBeHalved) {
  TrainingCase c;
  c.features = 40;
  c.hidden = {150, 70};
  c.epochs = 1;
  expect_identical(c);
}

TEST(TrainingIdentity, HoldsForSparseRows) {
  for (const OptimizerEntry& optimizer : optimizer_entries()) {
    TrainingCase c;
    c.optimizer = optimizer.name;
    c = made_sparse(c);
    c.epochs = 3;
    expect_as_dense(c);
    c.penalty = {1e-3, 1e-2};
    expect_as_dense(c);
    if (!optimizer.takes_momentum) continue;
    c.momentum = 0.9;
    expect_as_dense(c);
  }
  TrainingCase wide;  // several panels, whose blocks belong to two groups of columns
  wide.loss = "cross_entropy";
  wide.classes = 37;
  wide.hidden.clear();
  wide.features = 1003;
  wide.density = 0.01;
  expect_as_dense(wide);
  wide.hidden = {20};
  expect_as_dense(wide);
  TrainingCase few;  // some ranks have no rows, some rows no cells
  few.rows = 5;
  few.batch = 2;
  few.lanes = 16;
  few.epochs = 20;
  few.features = 900;
  few.density = 0.002;
  expect_as_dense(few);
  TrainingCase larger;  // more than one chain a lane
  larger.rows = 1203;
  larger.batch = 5000;
  larger.lanes = 4;
  larger.features = 300;
  larger.density = 0.05;
  expect_as_dense(larger);
}

TEST(TrainingIdentity, SeesADifferentSeedOrLaneCount) {
  TrainingCase c;
  const auto reference = train_on_threads<float>(c, 2, 1);
  c.lanes = 4;
  EXPECT_NE(train_on_threads<float>(c, 2, 1), reference);
}

}  // namespace
}  // namespace lockstep::test
