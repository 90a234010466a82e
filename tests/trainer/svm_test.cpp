// Support vector machines of several classes, one versus the rest, as a user meets them.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "core/format/safetensors.hpp"
#include "tests/support/reference.hpp"
#include "tests/trainer/program_runner.hpp"

namespace lockstep::trainer {
namespace {

using nlohmann::json;
using test::run_program;
using test::TestFolder;
using test::Words;

/// The numbers and classes of tests/core/model/make_reference.py.
std::string reference_rows() {
  const json reference = lockstep::test::reference("model");
  std::string text = "a,b,c,kind\n";
  for (std::size_t i = 0; i < reference["y"].size(); ++i) {
    for (const json& number : reference["numbers"][i]) text += number.dump() + ",";
    text += fmt::format("k{}\n", reference["y"][i].get<int>());
  }
  return text;
}

json train(const TestFolder& folder, const Words& more, int ranks = 0, int threads = 1) {
  Words words{"train",       "--data.train=rows.csv",      "--model.type=svm", "--output.dir=run",
              "--overwrite", "--preprocess.scale=standard"};
  words.insert(words.end(), more.begin(), more.end());
  const auto run = run_program(folder.path(), ranks, words, threads);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return json::parse(folder.read("run/result.json"));
}

TEST(SvmProgram, OfSeveralClassesIsThatOfEachAgainstTheRest) {
  const TestFolder folder;
  folder.write("rows.csv", reference_rows());
  const json reference = lockstep::test::reference("model")["svm"];
  const Words descent{"--train.batch_size=all", "--train.optimizer=sgd", "--train.momentum=0.9",
                      "--train.precision=double"};
  const auto with = [&](const Words& more) {
    Words words = descent;
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  const json smooth = train(folder, with({"--model.loss=squared_hinge", "--train.epochs=3000",
                                          "--train.learning_rate=0.02"}));
  EXPECT_NEAR(smooth["train"]["objective"].get<double>(), reference["squared_hinge"].get<double>(),
              1e-9);
  const auto weights = read_safetensors(folder.file("run/model.safetensors"))
                           .tensor("layers.0.weight", {3, 3})
                           .values();
  for (std::size_t k = 0; k < 3; ++k) {
    for (std::size_t j = 0; j < 3; ++j) {
      EXPECT_NEAR(weights[3 * k + j], reference["squared_hinge_weights"][k][j].get<double>(), 1e-6);
    }
  }
  // Descent by subgradients ends near the minimum, and not below.
  const json hinge = train(folder, with({"--train.epochs=4000", "--train.learning_rate=0.001"}));
  EXPECT_GT(hinge["train"]["objective"].get<double>(), reference["hinge"].get<double>() - 1e-9);
  EXPECT_LT(hinge["train"]["objective"].get<double>(), 1.005 * reference["hinge"].get<double>());
}

TEST(SvmProgram, OfSeveralClassesHasAScoreForEach) {
  const TestFolder folder;
  folder.write("rows.csv", reference_rows());
  std::set<std::string> models;
  std::set<std::string> predictions;
  for (const auto& [ranks, threads] :
       std::vector<std::pair<int, int>>{{0, 1}, {2, 1}, {3, 2}, {7, 1}}) {
    const json result = train(folder, {"--train.batch_size=20", "--train.lanes=4"}, ranks, threads);
    EXPECT_EQ(result["parameters"], 3 * 3 + 3);
    models.insert(folder.read("run/model.safetensors"));
    const auto predicted = run_program(
        folder.path(), ranks,
        {"predict", "--model=run/model.safetensors", "--data.test=rows.csv", "--output=p.csv"});
    ASSERT_EQ(predicted.exit_code, 0) << predicted.err;
    predictions.insert(folder.read("p.csv"));
  }
  EXPECT_EQ(models.size(), 1U);
  ASSERT_EQ(predictions.size(), 1U);
  std::istringstream lines(*predictions.begin());
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "prediction,score_k0,score_k1,score_k2");
  while (std::getline(lines, line)) {
    std::vector<double> scores;
    std::istringstream cells(line.substr(3));
    for (std::string cell; std::getline(cells, cell, ',');) scores.push_back(std::stod(cell));
    const auto best = std::max_element(scores.begin(), scores.end()) - scores.begin();
    EXPECT_EQ(line.substr(0, 2), fmt::format("k{}", best)) << line;
  }
  const auto evaluated =
      run_program(folder.path(), 0,
                  {"evaluate", "--model=run/model.safetensors", "--data.test=rows.csv", "--json"});
  EXPECT_GT(json::parse(evaluated.out)["accuracy"].get<double>(), 0.5) << evaluated.err;
  const auto inspected =
      run_program(folder.path(), 0, {"inspect", "run/model.safetensors", "--json"});
  EXPECT_EQ(json::parse(inspected.out)["network"]["outputs"], 3);
}

TEST(SvmProgram, OfTwoClassesHasOneScore) {
  const TestFolder folder;
  folder.write("rows.csv", "a,kind\n1,x\n2,y\n3,y\n0,x\n");
  EXPECT_EQ(train(folder, {})["parameters"], 2);
  const auto predicted = run_program(
      folder.path(), 0,
      {"predict", "--model=run/model.safetensors", "--data.test=rows.csv", "--output=p.csv"});
  EXPECT_EQ(folder.read("p.csv").find("prediction,score\n"), 0U) << predicted.err;
}

}  // namespace
}  // namespace lockstep::trainer
