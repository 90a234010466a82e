// model.type = naive_bayes as a user meets it: text columns and gaps, any number of ranks, the same
// files and commands as for the other models.

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "core/base/random.hpp"
#include "core/format/safetensors.hpp"
#include "tests/trainer/program_runner.hpp"
#include "trainer/run/model.hpp"

namespace lockstep::trainer {
namespace {

using nlohmann::json;
using test::run_program;
using test::TestFolder;
using test::Words;

/// Rows whose class shows in a number and in a color, both with gaps.
std::string plants(Index rows, std::uint64_t seed) {
  RandomSequence draws(RandomStream(seed, Purpose::synthetic), 0);
  std::string text = "height,color,leaves,kind\n";
  for (Index i = 0; i < rows; ++i) {
    const bool fern = draws.below(3) == 0;
    const std::string height =
        std::to_string((fern ? 40 : 90) + static_cast<int>(10 * draws.normal()));
    const std::string color = (draws.below(5) == 0) != fern ? "green" : "\"dark, red\"";
    text += (draws.below(9) == 0 ? "" : height) + "," + (draws.below(9) == 0 ? "" : color) + "," +
            std::to_string(draws.below(6)) + (fern ? ",fern\n" : ",rose\n");
  }
  return text;
}

const Words kTrain{"train", "--data.train=train.csv", "--data.test=test.csv", "--data.target=kind",
                   "--model.type=naive_bayes"};

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(NaiveBayesProgram, TrainsTheSameModelOnAnyRanksAndThreads) {
  const TestFolder folder;
  folder.write("train.csv", plants(1500, 1));
  folder.write("test.csv", plants(300, 2));
  std::set<std::string> models;
  std::set<std::string> metrics;
  for (const auto& [ranks, threads] :
       std::vector<std::pair<int, int>>{{0, 2}, {1, 1}, {2, 1}, {3, 2}, {4, 1}, {7, 2}}) {
    const auto run = run_program(folder.path(), ranks,
                                 with(kTrain, {"--output.dir=run", "--overwrite"}), threads);
    ASSERT_EQ(run.exit_code, 0) << run.err;
    models.insert(folder.read("run/model.safetensors"));
    metrics.insert(folder.read("run/metrics.jsonl"));
  }
  EXPECT_EQ(models.size(), 1U);
  EXPECT_EQ(metrics.size(), 1U);
  const json result = json::parse(folder.read("run/result.json"));
  EXPECT_EQ(result["epochs"], 1);
  EXPECT_EQ(result["test"]["rows"], 300);
  EXPECT_GT(result["test"]["accuracy"].get<double>(), 0.95);
}

TEST(NaiveBayesProgram, EvaluatesAndPredictsAsItTrained) {
  const TestFolder folder;
  folder.write("train.csv", plants(1500, 1));
  folder.write("test.csv", plants(300, 2));
  ASSERT_EQ(run_program(folder.path(), 0, with(kTrain, {"--output.dir=run"})).exit_code, 0);
  const json result = json::parse(folder.read("run/result.json"));
  const std::string model = "--model=run/model.safetensors";
  std::set<std::string> predictions;
  for (const int ranks : {0, 3}) {
    const auto evaluated =
        run_program(folder.path(), ranks, {"evaluate", model, "--data.test=test.csv", "--json"});
    ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
    EXPECT_EQ(json::parse(evaluated.out), result["test"]);
    const auto predicted = run_program(
        folder.path(), ranks, {"predict", model, "--data.test=test.csv", "--output=p.csv"});
    ASSERT_EQ(predicted.exit_code, 0) << predicted.err;
    predictions.insert(folder.read("p.csv"));
  }
  ASSERT_EQ(predictions.size(), 1U);
  EXPECT_EQ(predictions.begin()->find("prediction,p_fern,p_rose\n"), 0U);

  const auto inspected =
      run_program(folder.path(), 0, {"inspect", "run/model.safetensors", "--json"});
  const json facts = json::parse(inspected.out);
  EXPECT_EQ(facts["naive_bayes"]["smoothing"], 1);
  EXPECT_EQ(facts["parameters_sha256"], result["parameters_sha256"]);
  EXPECT_EQ(facts["schema"]["types"], json::parse(R"([null, ["dark, red", "green"], null])"));
  EXPECT_FALSE(facts["options"].contains("train.optimizer"));
}

TEST(NaiveBayesProgram, TellsOfUnknownCategoriesAndMixedColumns) {
  const TestFolder folder;
  folder.write("train.csv", "n,c,kind\n1,red,a\n2,blue,b\n3,7,a\n");
  folder.write("test.csv", "n,c,kind\n1,mauve,a\n2,,b\n");
  auto run = run_program(folder.path(), 2, with(kTrain, {"--output.dir=run"}));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.err.find("warning: train.csv:4:2: column 'c': 1 numbers, the first '7', and 2 "
                         "other texts are taken as categories; a missing cell is an empty one\n"),
            std::string::npos)
      << run.err;
  EXPECT_NE(run.err.find("warning: test.csv:2:2: column 'c': 1 cells of categories that the "
                         "training data does not have, the first 'mauve', are taken as missing\n"),
            std::string::npos)
      << run.err;
  folder.write("train.csv", "n,c,kind,\n1,red,a,\n2,blue,b,\n3,7,a,\n");
  run = run_program(folder.path(), 2, with(kTrain, {"--output.dir=comma"}));
  EXPECT_NE(run.err.find("warning: train.csv:1: the header ends with a comma, so its last column "
                         "has no name; remove it, or leave the column out (data.ignore)\n"),
            std::string::npos)
      << run.err;
}

TEST(NaiveBayesProgram, LearnsDigitsFromBytes) {
  const TestFolder folder;
  const auto run = run_program(folder.path(), 2,
                               {"train", "--model.type=naive_bayes", "--synthetic.rows=2000",
                                "--synthetic.test_rows=500", "--output.dir=run"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const json result = json::parse(folder.read("run/result.json"));
  EXPECT_EQ(result["parameters"], 10 + 2 * 10 * 784);
  EXPECT_GT(result["test"]["accuracy"].get<double>(), 0.5);
}

/// Trains, lets `damage` change the file's tensors, and returns what evaluate says of it.
std::string error_of_damaged(
    const std::function<void(std::vector<TensorView>&, Metadata&)>& damage) {
  const TestFolder folder;
  folder.write("train.csv", plants(100, 1));
  folder.write("test.csv", plants(100, 2));
  EXPECT_EQ(run_program(folder.path(), 0, with(kTrain, {"--output.dir=run"})).exit_code, 0);
  const SafetensorsFile file = read_safetensors(folder.file("run/model.safetensors"));
  std::vector<TensorView> tensors = file.tensors();
  Metadata metadata = file.metadata();
  damage(tensors, metadata);
  write_model_file(folder.file("m"), tensors, metadata);
  const auto run = run_program(folder.path(), 2, {"evaluate", "--model=m", "--data.test=test.csv"});
  EXPECT_EQ(run.exit_code, 65);
  return run.err;
}

TEST(NaiveBayesProgram, RefusesDamagedFiles) {
  const std::vector<double> negative(4, -1);
  EXPECT_EQ(error_of_damaged([&](std::vector<TensorView>& tensors, Metadata&) {
              for (TensorView& tensor : tensors) {
                if (tensor.name != "variance") continue;
                tensor = TensorView("variance", {2, 2}, std::span(negative));
              }
            }),
            "lockstep: error: m: tensor 'variance' has the value -1\n");
  const std::vector<double> positive{-1, 0.5};
  EXPECT_EQ(error_of_damaged([&](std::vector<TensorView>& tensors, Metadata&) {
              for (TensorView& tensor : tensors) {
                if (tensor.name == "log_prior") {
                  tensor = TensorView("log_prior", {2}, std::span(positive));
                }
              }
            }),
            "lockstep: error: m: tensor 'log_prior' has the value 0.5\n");
  EXPECT_EQ(error_of_damaged([&](std::vector<TensorView>& tensors, Metadata&) {
              tensors.emplace_back("more", std::vector<Index>{2}, std::span(positive));
            }),
            "lockstep: error: m: damaged model description: 4 tensors were expected, found 5\n");
  EXPECT_EQ(error_of_damaged([](std::vector<TensorView>& tensors, Metadata&) {
              tensors.erase(tensors.begin());
            }).find("lockstep: error: m: "),
            0U);
  EXPECT_EQ(error_of_damaged([](std::vector<TensorView>&, Metadata& metadata) {
              metadata["naive_bayes"] = "{";
            }).find("lockstep: error: m: damaged model description: "),
            0U);
  EXPECT_EQ(error_of_damaged([](std::vector<TensorView>&, Metadata& metadata) {
              metadata["options"] = R"({"train.seed": "x"})";
            }),
            "lockstep: error: m: damaged model description: train.seed: expected an integer in [0, "
            "2^63-1], found 'x'\n");
}

/// What evaluate says of a model whose schema was changed.
std::string error_of_schema(const std::function<void(json&)>& damage) {
  return error_of_damaged([&](std::vector<TensorView>&, Metadata& metadata) {
    json schema = json::parse(metadata["schema"]);
    damage(schema);
    metadata["schema"] = schema.dump();
  });
}

TEST(NaiveBayesProgram, RefusesDamagedSchemas) {
  const std::string error = "lockstep: error: m: damaged model description: ";
  EXPECT_EQ(error_of_schema([](json& schema) { schema["target_kind"] = "klasses"; }),
            error + "target_kind 'klasses' is neither number nor classes\n");
  EXPECT_EQ(error_of_schema([](json& schema) { schema["features"][2] = "color"; }),
            error + "feature 'color' twice\n");
  EXPECT_EQ(error_of_schema([](json& schema) { schema["classes"][0] = "rose"; }),
            error + "class 'rose' twice\n");
  EXPECT_EQ(error_of_schema([](json& schema) { schema["types"][1][0] = "green"; }),
            error + "category 'green' twice\n");
}

TEST(NaiveBayesProgram, IsNoNetworkToStartFrom) {
  const TestFolder folder;
  folder.write("train.csv", plants(100, 1));
  folder.write("test.csv", plants(100, 2));
  ASSERT_EQ(run_program(folder.path(), 0, with(kTrain, {"--output.dir=run"})).exit_code, 0);
  for (const int ranks : {0, 3}) {
    const auto run = run_program(folder.path(), ranks,
                                 {"train", "--synthetic.kind=blobs", "--model.type=softmax",
                                  "--train.init_from=run/model.safetensors"});
    EXPECT_EQ(run.exit_code, 65);
    EXPECT_EQ(run.err,
              "lockstep: error: run/model.safetensors: a naive_bayes model, but train.init_from "
              "takes a network, such as model.type = softmax trains\n");
  }
}

TEST(NaiveBayesProgram, RefusesValuesWhoseVarianceOverflows) {
  const TestFolder folder;
  folder.write("train.csv", "a,kind\n1e200,x\n-1e200,x\n1,y\n2,y\n");
  folder.write("test.csv", "a,kind\n1,x\n");
  const auto run = run_program(folder.path(), 2, with(kTrain, {"--output.dir=run"}));
  EXPECT_EQ(run.exit_code, 65);
  EXPECT_NE(run.err.find("\nlockstep: error: column 'a': values of class 'x' are too large for "
                         "naive_bayes (their variance overflows)\n"),
            std::string::npos)
      << run.err;
}

TEST(NaiveBayesProgram, RefusesRowsTooLargeForTheModel) {
  const TestFolder folder;
  folder.write("train.csv", "age,fare,kind\n1,4,x\n2,5,x\n3,9,y\n4,8,y\n");
  folder.write("test.csv", "age,fare,kind\n1,4,x\n");
  ASSERT_EQ(run_program(folder.path(), 0, with(kTrain, {"--output.dir=run"})).exit_code, 0);
  std::string rows = "age,fare,kind\n";
  for (int i = 0; i < 400; ++i) {
    rows += i == 333 || i == 390 ? "2,1e200,x\n" : i == 350 ? "-1e300,1,y\n" : "2,3,y\n";
  }
  folder.write("large.csv", rows);
  for (const auto& [ranks, threads] : std::vector<std::pair<int, int>>{{0, 1}, {0, 2}, {2, 2}}) {
    for (const std::string command : {"evaluate", "predict"}) {
      Words words{command, "--model=run/model.safetensors", "--data.test=large.csv"};
      if (command == "predict") words.push_back("--output=p.csv");
      const auto run = run_program(folder.path(), ranks, words, threads);
      EXPECT_EQ(run.exit_code, 65);
      EXPECT_EQ(run.err.find("lockstep: error: row 334: the value in column 'fare' is too large "
                             "for the model"),
                0U)
          << run.err;
    }
  }
}

TEST(NaiveBayesProgram, RefusesMoreCountsThanFitIntoMemory) {
  const TestFolder folder;
  std::string rows = "id,color,kind\n";
  for (int i = 0; i < 8300; ++i) {
    rows +=
        "i" + std::to_string(i) + (i % 2 == 0 ? ",red,k" : ",blue,k") + std::to_string(i) + "\n";
  }
  folder.write("train.csv", rows);
  const auto run = run_program(folder.path(), 2,
                               {"train", "--data.train=train.csv", "--data.target=kind",
                                "--model.type=naive_bayes", "--output.dir=run"});
  EXPECT_EQ(run.exit_code, 65);
  EXPECT_EQ(run.err,
            "lockstep: error: target 'kind': 8300 classes of 0 columns of numbers and 8302 "
            "categories are more than naive_bayes can count; leave out the column with the most "
            "categories, 'id' (data.ignore)\n");
}

std::string big_endian(unsigned value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

TEST(NaiveBayesProgram, RefusesMoreMomentsThanFitIntoMemory) {
  const TestFolder folder;
  constexpr unsigned kClasses = 256;
  constexpr unsigned kColumns = 52429;  // 5 numbers for each in each class: 2²⁶, and some
  folder.write("images", big_endian(0x803) + big_endian(kClasses) + big_endian(1) +
                             big_endian(kColumns) + std::string(kClasses * kColumns, '\1'));
  std::string labels = big_endian(0x801) + big_endian(kClasses);
  for (unsigned label = 0; label < kClasses; ++label) labels += static_cast<char>(label);
  folder.write("labels", labels);
  const auto run = run_program(folder.path(), 2,
                               {"train", "--data.train=images", "--data.train_labels=labels",
                                "--model.type=naive_bayes", "--output.dir=run"});
  EXPECT_EQ(run.exit_code, 65);
  EXPECT_EQ(run.err,
            "lockstep: error: target 'label': 256 classes of 52429 columns of numbers and 0 "
            "categories are more than naive_bayes can count; take fewer columns\n");
}

TEST(NaiveBayesProgram, RefusesSmoothingOutsideItsBounds) {
  const TestFolder folder;
  folder.write("train.csv", plants(100, 1));
  folder.write("test.csv", plants(100, 2));
  for (const std::string option :
       {"--bayes.smoothing=1e-11", "--bayes.smoothing=1e11", "--bayes.variance_smoothing=1e-16",
        "--bayes.variance_smoothing=1.5"}) {
    EXPECT_EQ(run_program(folder.path(), 0, with(kTrain, {option})).exit_code, 78) << option;
  }
}

}  // namespace
}  // namespace lockstep::trainer
