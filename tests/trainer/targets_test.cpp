// Several targets as a user meets them: each is learned as it would be alone, on any ranks, from
// any kind of file, and is measured and predicted under its name.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.hpp"
#include "core/format/safetensors.hpp"
#include "tests/core/data/idx_files.hpp"
#include "tests/core/format/npy_files.hpp"
#include "tests/trainer/program_runner.hpp"

namespace lockstep::trainer {
namespace {

using nlohmann::json;
using test::run_program;
using test::Words;
using test::operator+;

constexpr Index kRows = 307;

/// Rows of up, a, w, b, down, where up and down follow from a and b, and w is a weight.
std::vector<double> numbers() {
  RandomSequence draws(RandomStream(2, Purpose::synthetic), 0);
  std::vector<double> all;
  for (Index i = 0; i < kRows; ++i) {
    const double a = draws.uniform(-1, 1);
    const double b = draws.uniform(-1, 1);
    all.insert(all.end(), {100 + 3 * a + b + draws.uniform(-0.1, 0.1), a,
                           static_cast<double>(draws.below(4)), b, a - 2 * b + draws.uniform()});
  }
  return all;
}

std::string csv() {
  std::string text = "up,a,w,b,down\n";
  const std::vector<double> all = numbers();
  for (std::size_t i = 0; i < all.size(); i += 5) {
    text += fmt::format("{}\n", fmt::join(all.begin() + static_cast<std::ptrdiff_t>(i),
                                          all.begin() + static_cast<std::ptrdiff_t>(i + 5), ","));
  }
  return text;
}

class TargetsProgram : public testing::Test {
 protected:
  TargetsProgram() {
    folder_.write("rows.csv", csv());
    folder_.write("rows.npy", lockstep::test::npy_matrix(numbers(), 5));
  }

  std::string output_of(const Words& words, int ranks = 0, int threads = 1) {
    const auto run = run_program(folder_.path(), ranks, words, threads);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return run.out;
  }

  void train(const Words& more, int ranks = 0, int threads = 1) {
    output_of(Words{"train", "--overwrite", "--output.dir=run"} + more, ranks, threads);
  }

  std::string error_of(int exit_code, const Words& words, int ranks = 0) {
    const auto run = run_program(folder_.path(), ranks, words);
    EXPECT_EQ(run.exit_code, exit_code) << run.err;
    return run.err;
  }

  std::vector<double> tensor(const std::string& name, const std::vector<Index>& shape) {
    return read_safetensors(folder_.file("run/model.safetensors")).tensor(name, shape).values();
  }

  json result() { return json::parse(folder_.read("run/result.json")); }

  test::TestFolder folder_;
};

const Words kLinear{"--model.type=linear", "--train.batch_size=50", "--train.epochs=30",
                    "--preprocess.scale=standard", "--preprocess.target_scale=standard"};
const Words kBoth{"--data.train=rows.csv", "--data.target=down,up"};

TEST_F(TargetsProgram, EachIsLearnedAsItWouldBeAlone) {
  struct Case {
    Words how;
    std::vector<std::string> ignored;
  };
  for (const auto& [how, ignored] :
       {Case{{}, {"w"}}, Case{{"--data.weight=w", "--penalty.l2=0.01"}, {}},
        Case{{"--model.loss=absolute", "--train.optimizer=sgd"}, {"w"}}}) {
    SCOPED_TRACE(fmt::format("{}", fmt::join(how, " ")));
    const auto ignore = [](const std::vector<std::string>& columns) {
      return Words{fmt::format("--data.ignore={}", fmt::join(columns, ","))};
    };
    const Words data{"--data.train=rows.csv", "--data.test=rows.csv"};
    train(kLinear + how + data + ignore(ignored) + Words{"--data.target=down,up"});
    const std::vector<double> weights = tensor("layers.0.weight", {2, 2});
    const std::vector<double> biases = tensor("layers.0.bias", {2});
    const json both = result()["test"];
    const std::vector<std::pair<std::string, std::string>> each{{"down", "up"}, {"up", "down"}};
    double mean_rmse = 0;
    double loss = 0;
    for (std::size_t t = 0; t < each.size(); ++t) {
      const auto& [name, other] = each[t];
      std::vector<std::string> others = ignored;
      others.push_back(other);
      train(kLinear + how + data + ignore(others) + Words{"--data.target=" + name});
      EXPECT_EQ(tensor("layers.0.weight", {1, 2}),
                std::vector<double>(weights.begin() + static_cast<std::ptrdiff_t>(2 * t),
                                    weights.begin() + static_cast<std::ptrdiff_t>(2 * t + 2)))
          << name;
      EXPECT_EQ(tensor("layers.0.bias", {1}), std::vector<double>{biases[t]}) << name;
      const json one = result()["test"];
      for (const char* metric : {"mse", "rmse", "mae", "r2"}) {
        EXPECT_EQ(both["targets"][name][metric], one[metric]) << name << " " << metric;
      }
      mean_rmse += one["rmse"].get<double>() / 2;
      loss += one["loss"].get<double>();
    }
    EXPECT_DOUBLE_EQ(both["rmse"].get<double>(), mean_rmse);
    EXPECT_NEAR(both["loss"].get<double>(), loss, 1e-5 * loss) << "losses are added up";
    EXPECT_GT(both["r2"].get<double>(), 0.8);
  }
}

TEST_F(TargetsProgram, TheModelIsTheSameOnAnyRanksAndFromAnyFile) {
  const Words model{"--model.type=mlp",
                    "--model.hidden=7",
                    "--train.batch_size=50",
                    "--train.lanes=4",
                    "--preprocess.scale=standard",
                    "--preprocess.target_scale=standard",
                    "--train.shuffle=blocks",
                    "--data.validation_fraction=0.1",
                    "--data.test_fraction=0.2",
                    "--train.epochs=3"};
  const Words columns{"--data.target=down,up", "--data.weight=w"};
  std::set<std::string> models;
  for (const auto& [ranks, threads] :
       std::vector<std::pair<int, int>>{{0, 1}, {0, 2}, {2, 1}, {3, 2}, {4, 1}, {7, 1}}) {
    train(model + columns + Words{"--data.train=rows.csv"}, ranks, threads);
    models.insert(folder_.read("run/model.safetensors"));
  }
  EXPECT_EQ(models.size(), 1U);
  const json expected = result();
  EXPECT_EQ(expected["test"]["targets"].size(), 2U);

  const auto expect_same = [&] {
    EXPECT_EQ(result()["parameters_sha256"], expected["parameters_sha256"]);
    EXPECT_EQ(result()["test"], expected["test"]);
  };
  train(model + Words{"--data.train=rows.npy", "--data.target=c4,c0", "--data.weight=c2"}, 2);
  EXPECT_EQ(result()["parameters_sha256"], expected["parameters_sha256"]);
  output_of({"convert", "rows.csv", "rows.lsd"});
  train(model + columns + Words{"--data.train=rows.lsd"}, 3);
  expect_same();
  train(model + columns + Words{"--data.train=rows.lsd", "--data.stream=yes"}, 3);
  expect_same();
}

TEST_F(TargetsProgram, AreMeasuredAndPredictedByName) {
  train(kLinear + kBoth + Words{"--data.ignore=w", "--data.test=rows.csv"}, 2);
  const json of_training = result()["test"];
  const Words model{"--model=run/model.safetensors", "--data.test=rows.csv"};
  EXPECT_EQ(json::parse(output_of(Words{"evaluate", "--json"} + model, 3)), of_training);
  const std::string lines = output_of(Words{"evaluate"} + model);
  const auto line = [&](const std::string& name, const json& of) {
    return fmt::format("{}  rmse {:.5g}  R² {:.4f}\n", name, of["rmse"].get<double>(),
                       of["r2"].get<double>());
  };
  EXPECT_TRUE(lines.ends_with(line("'down'", of_training["targets"]["down"]) +
                              line("'up'", of_training["targets"]["up"])))
      << lines;

  // Rows without the targets, and in another order.
  folder_.write("new.csv", "b,a\n0.5,-1\n0,0.25\n");
  const Words predict{"predict", "--model=run/model.safetensors", "--data.test=new.csv"};
  output_of(predict + Words{"--output=p.csv"}, 2);
  output_of(predict + Words{"--output=p.npy"}, 2);
  const std::string predictions = folder_.read("p.csv");
  EXPECT_TRUE(predictions.starts_with("prediction_down,prediction_up\n")) << predictions;
  double down = 0;
  double up = 0;
  ASSERT_EQ(std::sscanf(predictions.c_str(), "%*[^\n]\n%lf,%lf", &down, &up), 2);
  EXPECT_NEAR(down, -1 - 2 * 0.5 + 0.5, 0.2);
  EXPECT_NEAR(up, 100 - 3 + 0.5, 0.2);
  const std::string npy = folder_.read("p.npy");
  EXPECT_NE(npy.find("'shape': (2, 2)"), std::string::npos);
  double first = 0;
  std::memcpy(&first, npy.data() + npy.size() - 4 * sizeof(double), sizeof(double));
  EXPECT_EQ(first, down);

  const std::string inspected = output_of({"inspect", "run/model.safetensors"});
  EXPECT_NE(inspected.find("target       down, up\n"), std::string::npos) << inspected;
}

TEST_F(TargetsProgram, MayBeTheColumnsOfAFileOfLabels) {
  train(kLinear + kBoth + Words{"--data.ignore=w", "--data.test=rows.csv"});
  const json expected = result();
  std::vector<double> x;
  std::vector<double> y;
  const std::vector<double> all = numbers();
  for (std::size_t i = 0; i < all.size(); i += 5) {
    x.insert(x.end(), {all[i + 1], all[i + 3]});
    y.insert(y.end(), {all[i + 4], all[i]});
  }
  folder_.write("x.npy", lockstep::test::npy_matrix(x, 2));
  folder_.write("y.npy", lockstep::test::npy_matrix(y, 2, true));
  const Words files{"--data.train=x.npy", "--data.train_labels=y.npy", "--data.test=x.npy"};
  train(kLinear + files + Words{"--data.test_labels=y.npy"}, 3);
  EXPECT_EQ(result()["parameters_sha256"], expected["parameters_sha256"]);
  EXPECT_EQ(result()["test"]["targets"]["label0"], expected["test"]["targets"]["down"]);
  const Words evaluate{"evaluate", "--json", "--model=run/model.safetensors", "--data.test=x.npy"};
  EXPECT_EQ(json::parse(output_of(evaluate + Words{"--data.test_labels=y.npy"}, 2)),
            result()["test"]);

  folder_.write("one.npy", lockstep::test::npy_matrix(std::vector<double>(kRows), 1));
  EXPECT_EQ(error_of(65, evaluate + Words{"--data.test_labels=one.npy"}, 2),
            "lockstep: error: one.npy: expected 2 columns, the targets of the model (label0, "
            "label1), found 1\n");
  EXPECT_EQ(
      error_of(65, Words{"train", "--model.type=softmax", "--output.dir=x"} + files +
                       Words{"--data.test_labels=y.npy"}),
      "lockstep: error: y.npy: expected one column in a file of labels, found 2; several are "
      "numbers that are predicted together, by model.type = linear or model.loss = squared\n");
}

TEST_F(TargetsProgram, FoldsReportTheirMeansAlone) {
  train(kLinear + kBoth + Words{"--data.ignore=w", "--data.folds=3"});
  const json folds = result();
  EXPECT_EQ(folds["folds"][0]["test"]["targets"].size(), 2U);
  EXPECT_FALSE(folds["mean"]["test"].contains("targets"));
  EXPECT_GT(folds["mean"]["test"]["rmse"].get<double>(), 0);
}

TEST_F(TargetsProgram, SayWhatIsWrong) {
  const Words train{"train", "--output.dir=x", "--data.train=rows.csv"};
  folder_.write("soft.ini",
                "[model]\ntype = softmax\n[data]\ntrain = rows.csv\ntarget = up, down\n");
  EXPECT_EQ(error_of(78, {"train", "--config=soft.ini", "--output.dir=x"}),
            "soft.ini:5: error: data.target: model.type = softmax predicts the classes of one "
            "column, found 2: up, down; model.type = linear predicts the numbers of several\n");
  const Words linear = train + Words{"--model.type=linear"};
  EXPECT_EQ(error_of(78, linear + Words{"--data.target=up,dwn"}),
            "lockstep: error: data.target: no column 'dwn' in the header of rows.csv; did you mean "
            "'down'?\n");
  EXPECT_EQ(error_of(78, linear + Words{"--data.target=up,up"}),
            "lockstep: error: data.target: 'up' is named twice\n");
  EXPECT_EQ(error_of(78, linear + Words{"--data.target=up,down", "--data.ignore=down"}),
            "lockstep: error: data.target: 'down' is named in data.ignore too\n");
  EXPECT_EQ(error_of(78, linear + Words{"--data.target=up,w", "--data.weight=w"}),
            "lockstep: error: data.weight: 'w' is the column to predict\n");
  EXPECT_EQ(error_of(78, linear + Words{"--data.target=up,w", "--data.numeric=w"}),
            "lockstep: error: data.numeric: 'w' is a column to predict\n");
  EXPECT_EQ(error_of(78, {"describe", "--data.train=rows.csv", "--data.target=up,down"}),
            "command line: error: data.target: describe takes one column, found 2: up, down; name "
            "one of them with --data.target=up\n");
  for (const int ranks : {0, 3}) {
    folder_.write("gap.csv", "y,x,z\n1,2,3\n4,5,\n,8,9\n");
    Words gap{"train", "--output.dir=x", "--model.type=linear", "--data.target=z,y",
              "--data.train=gap.csv"};
    EXPECT_EQ(error_of(65, gap, ranks),
              "lockstep: error: gap.csv:3:3: missing value in column 'z'\n");
    gap.push_back("--preprocess.impute=mean");
    EXPECT_EQ(error_of(65, gap, ranks),
              "lockstep: error: gap.csv:3:3: missing value in column 'z'\n");
    folder_.write("text.csv", "y,x,z\n1,2,3\n4,5,many\n");
    gap[4] = "--data.train=text.csv";
    EXPECT_EQ(error_of(65, gap, ranks),
              "lockstep: error: text.csv:3:3: expected a number in column 'z', found 'many'\n");
    folder_.write("gap.npy", lockstep::test::npy_matrix({1, 2, 3, 4, std::nan(""), 6}, 3));
    EXPECT_EQ(
        error_of(65,
                 {"train", "--output.dir=x", "--model.type=linear", "--data.target=c2,c1",
                  "--data.train=gap.npy", "--preprocess.impute=mean"},
                 ranks),
        "lockstep: error: gap.npy[1, 1]: expected a finite number in column 'c1', found nan\n");
  }
  this->train(kLinear + kBoth + Words{"--data.ignore=w"});
  folder_.write("less.csv", "a,b,up\n1,2,3\n");
  EXPECT_EQ(error_of(65, {"evaluate", "--model=run/model.safetensors", "--data.test=less.csv"}),
            "lockstep: error: less.csv:1: the target column 'down' is missing\n");
}

TEST_F(TargetsProgram, AreNotToBeHadFromOneLabelARow) {
  folder_.write("train.csv", "c0,c1,y,z\n1,2,3,4\n2,1,5,6\n3,5,1,2\n4,4,2,2\n");
  train({"--model.type=linear", "--data.train=train.csv", "--data.target=y,z"});
  folder_.write("x.npy", lockstep::test::npy_matrix({1, 2, 3, 4, 5, 6}, 2));
  folder_.write("y.npy", lockstep::test::npy_matrix({1, 2, 3}, 1));
  output_of({"convert", "x.npy", "x.lsd", "--data.train_labels=y.npy"});
  folder_.write("a.svm", "1 1:1 2:2\n2 1:3 2:1\n5 1:2 2:2\n");
  const Words evaluate{"evaluate", "--model=run/model.safetensors"};
  const std::string why = ": expected the 2 targets of the model (y, z), found one label a row\n";
  for (const int ranks : {0, 2}) {
    for (const char* file : {"a.svm", "x.lsd"}) {
      EXPECT_EQ(error_of(65, evaluate + Words{"--data.test=" + std::string(file)}, ranks),
                "lockstep: error: " + std::string(file) + why);
    }
    EXPECT_EQ(error_of(65,
                       evaluate + Words{"--data.format=synthetic", "--synthetic.kind=linear",
                                        "--synthetic.features=2"},
                       ranks),
              "lockstep: error: synthetic data" + why);
  }
  // What predicts needs no targets.
  output_of({"predict", "--model=run/model.safetensors", "--data.test=a.svm", "--output=p.csv"}, 2);

  folder_.write("images.csv", "p0,p1,y,z\n1,0,3,4\n0,1,5,6\n");
  train({"--model.type=linear", "--data.train=images.csv", "--data.target=y,z"});
  folder_.write("images", lockstep::test::idx_text({2, 1, 2}, std::string("\1\0\0\1", 4)));
  folder_.write("labels", lockstep::test::idx_text({2}, "\3\5"));
  EXPECT_EQ(error_of(65, evaluate + Words{"--data.test=images", "--data.test_labels=labels"}, 2),
            "lockstep: error: labels" + why);
}

TEST_F(TargetsProgram, AreCheckedToo) {
  folder_.write("copy.csv", "y,x,z,c\n1,2,3,3\n4,5,6,6\n7,2,3,3\n1,2,3,3\n");
  const auto run = run_program(
      folder_.path(), 2,
      {"check", "--json", "--data.train=copy.csv", "--model.type=linear", "--data.target=z,y"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const json found = json::parse(run.out);
  std::set<std::string> checks;
  for (const json& finding : found["findings"]) checks.insert(finding["check"]);
  EXPECT_TRUE(checks.contains("equal_to_target")) << run.out;
  EXPECT_NE(run.out.find("says the same in every row as the target 'z'"), std::string::npos);
  // Of the rows with x = 2 and c = 3, the last repeats the first, and that between has another y.
  ASSERT_EQ(found["duplicates"].size(), 1U) << run.out;
  EXPECT_EQ(found["duplicates"][0]["equal"], 1);
  EXPECT_EQ(found["duplicates"][0]["contradicting"], 2);
}

}  // namespace
}  // namespace lockstep::trainer
