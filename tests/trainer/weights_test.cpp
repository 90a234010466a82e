// Weights of rows and classes as a user meets them: what they do to a gradient, that they are the
// same on any ranks, and which are refused.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.hpp"
#include "core/format/safetensors.hpp"
#include "tests/core/format/npy_files.hpp"
#include "tests/trainer/program_runner.hpp"

namespace lockstep::trainer {
namespace {

using nlohmann::json;
using test::run_program;
using test::TestFolder;
using test::Words;
using test::operator+;

struct Row {
  double a;
  double b;
  int weight;
  int kind;
};

std::vector<Row> rows() {
  RandomSequence draws(RandomStream(1, Purpose::synthetic), 0);
  std::vector<Row> all;
  for (int i = 0; i < 203; ++i) {
    const double a = draws.uniform(-1, 1);
    const double b = draws.uniform(-1, 1);
    all.push_back(
        {a, b, static_cast<int>(draws.below(4)), a + b + draws.uniform(-1, 1) > 0 ? 1 : 0});
  }
  return all;
}

/// With each row as often as `copies` says of it.
template <class Copies>
std::string csv_of(const Copies& copies) {
  std::string text = "a,w,b,kind\n";
  for (const Row& row : rows()) {
    for (int i = 0; i < copies(row); ++i) {
      text += fmt::format("{},{},{},{}\n", row.a, row.weight, row.b, row.kind);
    }
  }
  return text;
}

int once(const Row&) { return 1; }

json train(const TestFolder& folder, const Words& more, int ranks = 0, int threads = 1) {
  const auto run = run_program(
      folder.path(), ranks,
      Words{"train", "--overwrite", "--output.dir=run", "--data.target=kind"} + more, threads);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return json::parse(folder.read("run/result.json"));
}

/// All parameters of the model.
std::vector<double> parameters(const TestFolder& folder) {
  const SafetensorsFile file = read_safetensors(folder.file("run/model.safetensors"));
  std::vector<double> all;
  for (const auto& tensor : file.tensors()) {
    const std::vector<double> values = tensor.values();
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

const Words kWeighted{"--data.train=rows.csv", "--data.weight=w"};

TEST(WeightsProgram, WholeNumbersAreCopiesOfRows) {
  const TestFolder folder;
  folder.write("rows.csv", csv_of(once));
  folder.write("copies.csv", csv_of([](const Row& row) { return row.weight; }));
  folder.write("classes.csv", csv_of([](const Row& row) { return row.kind == 1 ? 3 : 1; }));
  folder.write("both.csv",
               csv_of([](const Row& row) { return row.weight * (row.kind == 1 ? 3 : 1); }));
  for (const char* loss :
       {"cross_entropy", "logistic", "hinge", "squared_hinge", "squared", "absolute"}) {
    SCOPED_TRACE(loss);
    // One step of descent over all rows: the parameters are those drawn less the gradient, all of
    // them of about 1. The sums are taken in other orders: 700 terms, each off by 2⁻⁵³ of it.
    const Words step{"--model.type=mlp",         "--model.hidden=5",
                     "--model.activation=tanh",  fmt::format("--model.loss={}", loss),
                     "--train.optimizer=sgd",    "--train.learning_rate=1",
                     "--train.batch_size=all",   "--train.epochs=1",
                     "--train.precision=double", "--penalty.l2=0.01"};
    const auto compare = [&](const Words& weighted, const std::string& copies) {
      train(folder, step + weighted);
      const std::vector<double> by_weights = parameters(folder);
      train(folder, step + Words{"--data.train=" + copies, "--data.ignore=w"});
      const std::vector<double> by_copies = parameters(folder);
      ASSERT_EQ(by_weights.size(), by_copies.size());
      for (std::size_t i = 0; i < by_copies.size(); ++i) {
        EXPECT_NEAR(by_weights[i], by_copies[i], 1e-13) << i;
      }
    };
    compare(kWeighted, "copies.csv");
    if (loss == std::string("squared") || loss == std::string("absolute")) continue;
    compare({"--data.train=rows.csv", "--data.ignore=w", "--train.class_weight=1:3"},
            "classes.csv");
    compare(kWeighted + Words{"--train.class_weight=0:1,1:3"}, "both.csv");
  }
}

TEST(WeightsProgram, BalancedClassesAreThoseOfTheirCounts) {
  const TestFolder folder;
  folder.write("rows.csv", csv_of(once));
  double ones = 0;
  for (const Row& row : rows()) ones += row.kind;
  const Words model{"--model.type=logistic", "--data.train=rows.csv", "--data.ignore=w",
                    "--train.precision=double"};
  train(folder, model + Words{"--train.class_weight=balanced"});
  const std::vector<double> balanced = parameters(folder);
  train(folder, model + Words{fmt::format("--train.class_weight=0:{},1:{}",
                                          203.0 / (2 * (203 - ones)), 203.0 / (2 * ones))});
  const std::vector<double> given = parameters(folder);
  for (std::size_t i = 0; i < given.size(); ++i) EXPECT_NEAR(balanced[i], given[i], 1e-12);
}

TEST(WeightsProgram, WeightsOfOneChangeNoBit) {
  const TestFolder folder;
  std::string text = csv_of(once);
  folder.write("rows.csv", text);
  folder.write(
      "ones.csv", "a,w,b,kind\n" + [] {
        std::string ones;
        for (const Row& row : rows()) ones += fmt::format("{},1,{},{}\n", row.a, row.b, row.kind);
        return ones;
      }());
  const Words model{"--model.type=softmax", "--preprocess.scale=standard", "--train.batch_size=50"};
  const json without = train(folder, model + Words{"--data.train=ones.csv", "--data.ignore=w"});
  EXPECT_EQ(
      train(folder, model + Words{"--data.train=ones.csv", "--data.weight=w"})["parameters_sha256"],
      without["parameters_sha256"]);
  EXPECT_NE(train(folder, model + kWeighted)["parameters_sha256"], without["parameters_sha256"]);
}

TEST(WeightsProgram, TrainTheSameModelOnAnyRanksAndThreads) {
  const TestFolder folder;
  folder.write("rows.csv", csv_of(once));
  std::vector<double> values;
  for (const Row& row : rows()) {
    values.insert(values.end(),
                  {row.a, static_cast<double>(row.weight), row.b, static_cast<double>(row.kind)});
  }
  folder.write("rows.npy", lockstep::test::npy_matrix(values, 4));
  const Words model{"--model.type=softmax", "--train.batch_size=50", "--train.lanes=4",
                    "--train.class_weight=balanced", "--data.validation_fraction=0.1"};
  std::set<std::string> models;
  for (const auto& [ranks, threads] :
       std::vector<std::pair<int, int>>{{0, 1}, {0, 2}, {2, 1}, {3, 2}, {4, 1}, {7, 1}}) {
    train(folder, model + kWeighted, ranks, threads);
    models.insert(folder.read("run/model.safetensors"));
  }
  EXPECT_EQ(models.size(), 1U);
  const json of_csv = json::parse(folder.read("run/result.json"));
  const auto evaluated = run_program(
      folder.path(), 2, {"evaluate", "--model=run/model.safetensors", "--data.test=rows.csv"});
  EXPECT_EQ(evaluated.exit_code, 0);
  EXPECT_EQ(evaluated.err, "");  // nobody misses the weights, or wonders at them
  const auto of_npy = run_program(folder.path(), 2,
                                  Words{"train", "--output.dir=npy", "--data.train=rows.npy",
                                        "--data.weight=c1", "--data.target=c3"} +
                                      model);
  EXPECT_EQ(of_npy.exit_code, 0) << of_npy.err;
  EXPECT_EQ(json::parse(folder.read("npy/result.json"))["parameters_sha256"],
            of_csv["parameters_sha256"]);
}

std::string error_of(const TestFolder& folder, int exit_code, const std::string& csv,
                     const Words& more, int ranks = 0) {
  folder.write("x.csv", csv);
  const auto run = run_program(folder.path(), ranks,
                               Words{"train", "--data.train=x.csv", "--output.dir=x"} + more);
  EXPECT_EQ(run.exit_code, exit_code) << run.err;
  return run.err;
}

TEST(WeightsProgram, AreRefusedWithTheirPlaces) {
  const TestFolder folder;
  const Words weighted{"--model.type=softmax", "--data.weight=w"};
  const std::string begin = "lockstep: error: x.csv:4:2: ";
  const auto with_cell = [](const std::string& cell) {
    return "a,w,kind\n1,1,x\n2,0,y\n3," + cell + ",x\n4,-7,y\n";
  };
  for (const int ranks : {0, 3}) {
    EXPECT_EQ(error_of(folder, 65, with_cell("-0.5"), weighted, ranks),
              begin + "expected a weight ≥ 0 in column 'w', found -0.5\n");
  }
  EXPECT_EQ(error_of(folder, 65, with_cell("much"), weighted),
            begin + "expected a number in column 'w', found 'much'\n");
  EXPECT_EQ(error_of(folder, 65, with_cell("inf"), weighted),
            begin + "expected a number in column 'w', found 'inf'\n");
  for (const Words& more : {Words{}, Words{"--preprocess.impute=median"}}) {
    EXPECT_EQ(error_of(folder, 65, with_cell(""), weighted + more),
              begin + "missing value in column 'w'\n");
  }
  const std::string zeros = "a,w,kind\n1,0,x\n2,0,y\n";
  EXPECT_EQ(error_of(folder, 65, zeros, weighted),
            "lockstep: error: the weights of all rows to train on are 0\n");
  EXPECT_EQ(error_of(folder, 78, zeros, {"--model.type=softmax", "--data.weight=persons"}),
            "lockstep: error: data.weight: no column 'persons' in the header of x.csv\n");
  EXPECT_EQ(error_of(folder, 78, zeros,
                     {"--model.type=softmax", "--data.weight=kind", "--data.target=kind"}),
            "lockstep: error: data.weight: 'kind' is the column to predict\n");
  EXPECT_EQ(error_of(folder, 78, zeros, weighted + Words{"--data.ignore=w"}),
            "lockstep: error: data.weight: 'w' is named in data.ignore too\n");
  EXPECT_EQ(
      error_of(folder, 78, zeros, {"--data.weight=w", "--model.type=naive_bayes"}),
      "command line: error: data.weight: applies to model.type = linear or logistic or mlp or "
      "softmax or svm only, not to naive_bayes; remove it\n");
}

TEST(WeightsProgram, ClassesAreNamedAsTheDataHasThem) {
  const TestFolder folder;
  const std::string csv = "a,kind\n1,rose\n2,fern\n3,rose\n";
  const Words softmax{"--model.type=softmax"};
  EXPECT_EQ(error_of(folder, 78, csv, softmax + Words{"--train.class_weight=ros:2"}),
            "command line: error: train.class_weight: 'ros' is no class of the target 'kind'; did "
            "you mean 'rose'?\n");
  EXPECT_EQ(error_of(folder, 78, csv, softmax + Words{"--train.class_weight=rose"}),
            "command line: error: train.class_weight: expected none, balanced, or CLASS:WEIGHT, … "
            "with weights ≥ 0, found 'rose'\n");
  EXPECT_EQ(error_of(folder, 78, "a,y\n1,2\n2,3\n",
                     {"--model.type=linear", "--train.class_weight=balanced"}),
            "command line: error: train.class_weight: the target 'y' is a number, and has no "
            "classes; remove the key\n");
}

}  // namespace
}  // namespace lockstep::trainer
