// Training by L-BFGS: to the minimum, on any ranks, interrupted or not.

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/trainer/program_runner.hpp"

namespace lockstep::trainer {
namespace {

using nlohmann::json;
using test::ProgramRun;
using test::run_program;
using test::TestFolder;
using test::train_to;
using test::Words;
using test::operator+;

const Words kBlobs{"--synthetic.kind=blobs", "--synthetic.rows=800",     "--synthetic.test_rows=0",
                   "--model.type=softmax",   "--train.optimizer=lbfgs",  "--train.batch_size=all",
                   "--train.epochs=200",     "--train.precision=double", "--penalty.l2=0.001"};

json result_of(const TestFolder& folder, const std::string& run) {
  return json::parse(folder.read(run + "/result.json"));
}

TEST(FullBatch, EndsAtTheMinimum) {
  const TestFolder folder;
  const ProgramRun run = run_program(folder.path(), 2, train_to("run", kBlobs));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const json result = result_of(folder, "run");
  EXPECT_LT(result["epochs"], 100);
  EXPECT_NE(run.err.find("lbfgs has converged after iteration " +
                         std::to_string(result["epochs"].get<int>()) + " of 200\n"),
            std::string::npos)
      << run.err;
  // Far more accurately; and the lines have no rate.
  const Words exact = kBlobs + Words{"--lbfgs.tolerance=0", "--lbfgs.history=30"};
  ASSERT_EQ(run_program(folder.path(), 0, train_to("exact", exact)).exit_code, 0);
  const auto objective = result["train"]["objective"].get<double>();
  const auto least = result_of(folder, "exact")["train"]["objective"].get<double>();
  EXPECT_GE(objective, least);
  EXPECT_NEAR(objective / least, 1, 1e-6);
  std::ifstream lines(folder.file("run/metrics.jsonl"));
  double before = 1e300;
  for (std::string line; std::getline(lines, line);) {
    const json metrics = json::parse(line);
    EXPECT_FALSE(metrics.contains("learning_rate"));
    EXPECT_LT(metrics["train"]["objective"], before) << "of the parameters after the step";
    before = metrics["train"]["objective"].get<double>();
  }
  EXPECT_EQ(before, objective);
}

TEST(FullBatch, IsTheSameOnAnyRanksInterruptedOrNot) {
  const TestFolder folder;
  for (const char* penalty : {"--penalty.l2=0.01", "--penalty.l1=0.01"}) {
    Words arguments = kBlobs;
    arguments.back() = penalty;
    arguments.insert(arguments.end(), {"--overwrite", "--data.validation_fraction=0.2",
                                       "--train.monitor=loss", "--train.patience=30"});
    ASSERT_EQ(run_program(folder.path(), 0, train_to("whole", arguments)).exit_code, 0);
    ASSERT_EQ(run_program(folder.path(), 4, train_to("ranks", arguments), 2).exit_code, 0);
    ProgramRun run = run_program(folder.path(), 3,
                                 train_to("parts", arguments + Words{"--train.max_hours=1e-12"}));
    int stops = 0;
    for (; run.exit_code == 75 && stops < 8; ++stops) {
      Words resume{"train", "--resume", "parts"};
      if (stops >= 4) resume.push_back("--train.max_hours=none");
      run = run_program(folder.path(), stops % 3 + 1, resume, stops % 2 + 1);
    }
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_GT(stops, 4);
    for (const char* file : {"/model.safetensors", "/best.safetensors", "/metrics.jsonl"}) {
      for (const char* other : {"ranks", "parts"}) {
        EXPECT_TRUE(folder.read(std::string("whole") + file) ==
                    folder.read(std::string(other) + file))
            << other << file << " " << penalty;
      }
    }
    // One that has come to rest stays there.
    const std::string metrics = folder.read("parts/metrics.jsonl");
    EXPECT_EQ(run_program(folder.path(), 2, {"train", "--resume", "parts", "--train.epochs=300"})
                  .exit_code,
              0);
    EXPECT_TRUE(folder.read("parts/metrics.jsonl") == metrics);
    const ProgramRun verified = run_program(folder.path(), 3, {"verify", "ranks"});
    EXPECT_EQ(verified.exit_code, 0) << verified.err;
  }
}

/// Independent features, each ten times as large as the one before.
TEST(FullBatch, TakesFeaturesOfAnyScaleInFewSteps) {
  const TestFolder folder;
  std::string text = "a,b,c,d,e,f,weight,y\n";
  std::string sparse;
  std::uint64_t state = 1;
  const auto draw = [&] {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return static_cast<int>(state >> 60U) - 8;
  };
  for (int row = 0; row < 400; ++row) {
    int y = draw();
    std::string line;
    std::string cells;
    for (int c = 0; c < 6; ++c) {
      const int x = draw();
      y += (c % 2 == 0 ? 1 : -2) * x;
      line += std::to_string(x) + "e" + std::to_string(c - 3) + ",";
      cells += " " + std::to_string(c + 1) + ":" + std::to_string(x) + "e" + std::to_string(c - 3);
    }
    text += line + std::to_string(1 + row % 3) + "," + std::to_string(y) + "\n";
    sparse += std::to_string(y) + cells + "\n";
  }
  folder.write("a.csv", text);
  folder.write("a.svm", sparse);
  const Words linear{"--model.type=linear", "--train.optimizer=lbfgs", "--train.batch_size=all",
                     "--train.epochs=500", "--train.precision=double"};
  const Words dense{"--data.train=a.csv", "--data.target=y", "--data.weight=weight"};
  for (const Words& data :
       {dense, dense + Words{"--train.micro_batch=7"}, Words{"--data.train=a.svm"}}) {
    const ProgramRun run =
        run_program(folder.path(), 2, train_to("run", linear + data + Words{"--overwrite"}));
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_LT(result_of(folder, "run")["epochs"], 12) << data.front();
    EXPECT_GT(result_of(folder, "run")["train"]["r2"], 0.8) << data.front();
  }
}

TEST(FullBatch, TrainsNetworksToo) {
  const TestFolder folder;
  const Words moons{"--synthetic.kind=moons", "--synthetic.rows=500",    "--model.type=mlp",
                    "--model.hidden=16",      "--model.activation=tanh", "--train.optimizer=lbfgs",
                    "--train.batch_size=all", "--train.epochs=60",       "--penalty.l2=0.0001"};
  const ProgramRun run = run_program(folder.path(), 2, train_to("run", moons));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_GE(result_of(folder, "run")["test"]["accuracy"].get<double>(), 0.97);
}

/// Of rows that can be told apart, what is left of the loss is the entropy of the smoothed labels.
TEST(FullBatch, SmoothsTheLabelsThatItTrainsOn) {
  const TestFolder folder;
  const Words blobs{"--synthetic.kind=blobs",  "--synthetic.classes=2",
                    "--synthetic.rows=300",    "--model.type=logistic",
                    "--synthetic.noise=0.1",   "--train.precision=double",
                    "--train.optimizer=lbfgs", "--train.batch_size=all",
                    "--train.epochs=200",      "--train.label_smoothing=0.2"};
  ASSERT_EQ(run_program(folder.path(), 2, train_to("run", blobs)).exit_code, 0);
  const json result = result_of(folder, "run");
  const double entropy = -0.9 * std::log(0.9) - 0.1 * std::log(0.1);
  EXPECT_NEAR(result["train"]["loss"].get<double>(), entropy, 1e-2);
  EXPECT_NEAR(result["test"]["loss"].get<double>(), -std::log(0.9), 1e-2) << "of the labels";
}

TEST(FullBatch, NeedsALossWithoutAKink) {
  const TestFolder folder;
  Words svm = kBlobs;
  svm.back() = "--svm.C=1";
  svm[3] = "--model.type=svm";
  EXPECT_EQ(run_program(folder.path(), 0, train_to("run", svm)).err,
            "command line: error: train.optimizer: lbfgs needs a loss without a kink, and "
            "model.loss = hinge has one; set model.loss = squared_hinge\n");
  const ProgramRun smooth =
      run_program(folder.path(), 0, train_to("run", svm + Words{"--model.loss=squared_hinge"}));
  EXPECT_EQ(smooth.exit_code, 0) << smooth.err;
}

TEST(FullBatch, SaysWhereTheObjectiveIsNotFinite) {
  const TestFolder folder;
  folder.write("a.csv", "x,y\n1,2\n1e300,3\n2,1\n");
  const ProgramRun run =
      run_program(folder.path(), 2,
                  train_to("run", {"--data.train=a.csv", "--data.target=y", "--model.type=linear",
                                   "--train.optimizer=lbfgs", "--train.batch_size=all",
                                   "--train.precision=double"}));
  EXPECT_EQ(run.exit_code, 3) << run.err;
  EXPECT_NE(run.err.find("training diverged in step 1 of epoch 1: "), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("set preprocess.scale = standard"), std::string::npos) << run.err;
}

}  // namespace
}  // namespace lockstep::trainer
