// What stands around the activations of a network, as a user meets it: the same bytes on any ranks
// and after an interruption, and a model file that predicts with it.

#include <gtest/gtest.h>

#include <cmath>
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

const Words kBlobs{"--synthetic.kind=blobs",    "--synthetic.rows=600",
                   "--synthetic.test_rows=200", "--model.hidden=20,20,20,8",
                   "--train.batch_size=100",    "--train.seed=4"};
const Words kAll =
    kBlobs + Words{"--model.activation=gelu", "--model.normalization=layer",
                   "--model.residual=true", "--model.dropout=0.2", "--train.input_noise=0.1"};

const Words kThreeEpochs{"--train.epochs=3"};

json result_of(const TestFolder& folder, const std::string& run) {
  return json::parse(folder.read(run + "/result.json"));
}

TEST(Layers, GiveTheSameModelOnAnyRanksAndAfterAnInterruption) {
  const TestFolder folder;
  for (const int ranks : {0, 1, 2, 3}) {
    const std::string name = "on" + std::to_string(ranks);
    const ProgramRun run =
        run_program(folder.path(), ranks, train_to(name, kAll + kThreeEpochs), 2);
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(folder.read(name + "/model.safetensors"), folder.read("on0/model.safetensors"));
  }
  ASSERT_EQ(
      run_program(folder.path(), 2, train_to("cut", kAll + Words{"--train.epochs=1"})).exit_code,
      0);
  const ProgramRun resumed =
      run_program(folder.path(), 3, {"train", "--resume", "cut", "--train.epochs=3"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(folder.read("cut/model.safetensors"), folder.read("on0/model.safetensors"));
  EXPECT_EQ(folder.read("cut/metrics.jsonl"), folder.read("on0/metrics.jsonl"));
  // Each of the keys matters.
  for (const char* other :
       {"--model.activation=silu", "--model.normalization=none", "--model.residual=false",
        "--model.dropout=0", "--train.input_noise=0", "--train.micro_batch=7"}) {
    Words arguments{"train", "--output.dir=other", "--overwrite", other};
    const std::string key = std::string(other).substr(0, std::string(other).find('='));
    for (const std::string& argument : kAll + kThreeEpochs) {
      if (!argument.starts_with(key + "=")) arguments.push_back(argument);
    }
    ASSERT_EQ(run_program(folder.path(), 0, arguments).exit_code, 0) << other;
    EXPECT_NE(result_of(folder, "other")["parameters_sha256"],
              result_of(folder, "on0")["parameters_sha256"])
        << other;
  }
  const ProgramRun verified = run_program(folder.path(), 2, {"verify", "on0"});
  EXPECT_EQ(verified.exit_code, 0) << verified.err;
}

/// Statistics are of all rows of a step, wherever they are.
TEST(Layers, OfBatchNormalisationGiveTheSameModelOnAnyRanks) {
  const TestFolder folder;
  const Words keys = kBlobs + Words{"--model.normalization=batch", "--model.residual=true",
                                    "--data.validation_fraction=0.2"};
  for (const int ranks : {0, 1, 2, 3, 4}) {
    const std::string name = "on" + std::to_string(ranks);
    const ProgramRun run =
        run_program(folder.path(), ranks, train_to(name, keys + kThreeEpochs), 2);
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(folder.read(name + "/model.safetensors"), folder.read("on0/model.safetensors"));
    EXPECT_EQ(folder.read(name + "/metrics.jsonl"), folder.read("on0/metrics.jsonl"));
  }
  ASSERT_EQ(
      run_program(folder.path(), 2, train_to("cut", keys + Words{"--train.epochs=1"})).exit_code,
      0);
  const ProgramRun resumed =
      run_program(folder.path(), 3, {"train", "--resume", "cut", "--train.epochs=3"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(folder.read("cut/model.safetensors"), folder.read("on0/model.safetensors"));
  const ProgramRun verified = run_program(folder.path(), 2, {"verify", "on0"});
  EXPECT_EQ(verified.exit_code, 0) << verified.err;
  const ProgramRun inspected = run_program(folder.path(), 0, {"inspect", "on0/model.safetensors"});
  EXPECT_NE(inspected.out.find("norms.3.running_var"), std::string::npos) << inspected.out;
  EXPECT_NE(inspected.out.find("batch norm"), std::string::npos) << inspected.out;
  const json inside = json::parse(
      run_program(folder.path(), 0, {"inspect", "on0/model.safetensors", "--json"}).out);
  EXPECT_EQ(inside["parameters"], result_of(folder, "on0")["parameters"]);
}

/// Where each step takes all rows, these have the loss of the step when they are scored, but that
/// 600 of them are 599 degrees of freedom; where it takes some, about that.
TEST(Layers, OfBatchNormalisationScoreAsTheyWereTrained) {
  const TestFolder folder;
  ASSERT_EQ(
      run_program(folder.path(), 0,
                  {"generate", "--output=data", "--synthetic.kind=blobs", "--synthetic.rows=600"})
          .exit_code,
      0);
  const auto apart = [&](const Words& more) {
    const ProgramRun run = run_program(
        folder.path(), 2,
        train_to("run", more + Words{"--data.train=data/train.csv", "--data.test=data/train.csv",
                                     "--data.target=class", "--model.hidden=10,10", "--overwrite",
                                     "--model.normalization=batch", "--model.activation=tanh"}));
    EXPECT_EQ(run.exit_code, 0) << run.err;
    const json result = result_of(folder, "run");
    const double loss = result["train"]["loss"];
    return std::abs(result["test"]["loss"].get<double>() - loss) / loss;
  };
  EXPECT_LT(apart({"--train.optimizer=lbfgs", "--train.batch_size=all", "--train.epochs=3"}), 0.01);
  EXPECT_LT(apart({"--train.epochs=30", "--train.batch_size=100"}), 0.2);
}

TEST(Layers, AreInTheModelThatIsEvaluated) {
  const TestFolder folder;
  ASSERT_EQ(run_program(folder.path(), 0,
                        {"generate", "--output=data", "--synthetic.kind=blobs",
                         "--synthetic.rows=600", "--synthetic.test_rows=200"})
                .exit_code,
            0);
  const Words files{"--data.train=data/train.csv", "--data.test=data/test.csv",
                    "--data.target=class"};
  const ProgramRun run =
      run_program(folder.path(), 2,
                  train_to("run", files + Words{"--model.hidden=20,20", "--model.residual=true",
                                                "--model.normalization=layer",
                                                "--model.dropout=0.3", "--train.epochs=5"}));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const ProgramRun evaluated = run_program(
      folder.path(), 1,
      {"evaluate", "--model=run/model.safetensors", "--data.test=data/test.csv", "--json"});
  ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
  EXPECT_EQ(json::parse(evaluated.out)["accuracy"], result_of(folder, "run")["test"]["accuracy"]);
  const ProgramRun inspected = run_program(folder.path(), 0, {"inspect", "run/model.safetensors"});
  EXPECT_NE(inspected.out.find("20-20"), std::string::npos);
  EXPECT_NE(inspected.out.find("relu, layer norm, residual"), std::string::npos) << inspected.out;
  EXPECT_NE(inspected.out.find("norms.1.weight"), std::string::npos) << inspected.out;
}

/// Whose class is their fruit's, of texts and numbers, with missing cells.
std::string fruit_rows(int rows) {
  const std::vector<std::string> fruits{"apple", "pear", "fig", "plum", "?", "lime", "quince"};
  std::string text = "weight,fruit,shop,class\n";
  for (int r = 0; r < rows; ++r) {
    const auto fruit = static_cast<std::size_t>(r * r + r / 7) % fruits.size();
    text += std::to_string(r % 11) + "." + std::to_string(r % 3) + "," + fruits[fruit] + "," +
            (r % 5 == 0 ? "north" : "south") + "," + (fruit % 3 == 0 ? "good" : "bad") + "\n";
  }
  return text;
}

TEST(Layers, OfEmbeddedCategoriesGiveTheSameModelOnAnyRanks) {
  const TestFolder folder;
  folder.write("rows.csv", fruit_rows(300));
  const Words keys{"--data.train=rows.csv",
                   "--data.missing=?",
                   "--data.validation_fraction=0.2",
                   "--preprocess.encode=embedding",
                   "--preprocess.impute=most_frequent",
                   "--preprocess.indicator=yes",
                   "--preprocess.scale=standard",
                   "--preprocess.fruit.embedding_dim=5",
                   "--model.hidden=12",
                   "--train.batch_size=30",
                   "--train.learning_rate=0.02",
                   "--train.input_noise=0.05"};
  for (const int ranks : {0, 1, 2, 3, 4}) {
    const std::string name = "on" + std::to_string(ranks);
    const ProgramRun run =
        run_program(folder.path(), ranks, train_to(name, keys + Words{"--train.epochs=12"}), 2);
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(folder.read(name + "/model.safetensors"), folder.read("on0/model.safetensors"));
    EXPECT_EQ(folder.read(name + "/metrics.jsonl"), folder.read("on0/metrics.jsonl"));
  }
  EXPECT_GT(result_of(folder, "on0")["validation"]["accuracy"], 0.9) << "they learn";
  ASSERT_EQ(
      run_program(folder.path(), 2, train_to("cut", keys + Words{"--train.epochs=5"})).exit_code,
      0);
  const ProgramRun resumed =
      run_program(folder.path(), 3, {"train", "--resume", "cut", "--train.epochs=12"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(folder.read("cut/model.safetensors"), folder.read("on0/model.safetensors"));
  EXPECT_EQ(run_program(folder.path(), 2, {"verify", "on0"}).exit_code, 0);

  const json inside = json::parse(
      run_program(folder.path(), 0, {"inspect", "on0/model.safetensors", "--json"}).out);
  EXPECT_EQ(inside["inputs"],
            (std::vector<std::string>{"weight", "fruit", "fruit_missing", "shop"}));
  EXPECT_EQ(inside["tensors"]["embeddings.0.weight"], (std::vector<int>{6, 5})) << "as PyTorch's";
  EXPECT_EQ(inside["tensors"]["embeddings.1.weight"], (std::vector<int>{2, 1}));
  EXPECT_EQ(inside["tensors"]["layers.0.weight"], (std::vector<int>{12, 1 + 5 + 1 + 1}));
}

TEST(Layers, PredictForCategoriesThatTheyHaveNotSeen) {
  const TestFolder folder;
  folder.write("rows.csv", fruit_rows(300));
  const ProgramRun run = run_program(
      folder.path(), 2,
      train_to("run",
               {"--data.train=rows.csv", "--data.missing=?", "--preprocess.encode=embedding",
                "--preprocess.impute=most_frequent", "--model.hidden=12", "--train.epochs=4"}));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  folder.write("new.csv", "weight,fruit,shop\n3,melon,north\n3,grape,north\n3,?,south\n");
  const ProgramRun predicted = run_program(
      folder.path(), 1,
      {"predict", "--model=run/model.safetensors", "--data.test=new.csv", "--output=scores.csv"});
  ASSERT_EQ(predicted.exit_code, 0) << predicted.err;
  EXPECT_NE(predicted.err.find("2 cells"), std::string::npos) << predicted.err;
  const std::string scores = folder.read("scores.csv");
  std::vector<std::string> lines;
  for (std::size_t begin = 0, end = 0; (end = scores.find('\n', begin)) != std::string::npos;
       begin = end + 1) {
    lines.push_back(scores.substr(begin, end - begin));
  }
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[1], lines[2]) << "zeros stand for either";
  EXPECT_NE(lines[1], lines[3]);
}

/// The training loss is of rows with units dropped, that of the validation rows of whole ones.
TEST(Layers, DropInTrainingAlone) {
  const TestFolder folder;
  const Words more{"--train.epochs=4", "--data.validation_fraction=0.5"};
  ASSERT_EQ(run_program(folder.path(), 0, train_to("whole", kBlobs + more)).exit_code, 0);
  ASSERT_EQ(run_program(folder.path(), 0,
                        train_to("dropped", kBlobs + more + Words{"--model.dropout=0.5"}))
                .exit_code,
            0);
  const json dropped = result_of(folder, "dropped");
  EXPECT_GT(dropped["train"]["loss"], result_of(folder, "whole")["train"]["loss"]);
  EXPECT_LT(dropped["validation"]["loss"], dropped["train"]["loss"]);
}

TEST(Layers, ThatCannotBeAreRefused) {
  const TestFolder folder;
  folder.write("rows.libsvm", "1 1:0.5 7:1\n-1 2:1\n1 3:0.5\n-1 1:2\n");
  const auto error = [&](const Words& more) {
    const ProgramRun run = run_program(folder.path(), 0, train_to("run", more));
    EXPECT_EQ(run.exit_code, 78);
    EXPECT_EQ(folder.names(), std::vector<std::string>{"rows.libsvm"});
    return run.err;
  };
  EXPECT_EQ(error({"--model.residual=true"}),
            "command line: error: model.residual: no hidden layer is as wide as the one before it, "
            "found model.hidden = 512,256; set equal widths, as in 256,256\n");
  EXPECT_EQ(error({"--model.type=softmax", "--model.dropout=0.5"}),
            "command line: error: model.dropout: applies to model.type = mlp only, not to softmax; "
            "remove it\n");
  EXPECT_EQ(error({"--data.train=rows.libsvm", "--train.input_noise=0.1"}),
            "command line: error: train.input_noise: the rows are sparse, and noise would make all "
            "their zeros numbers; remove it, or give data that is not sparse\n");
  EXPECT_EQ(error({"--model.normalization=batch", "--train.micro_batch=64"}),
            "command line: error: model.normalization: batch needs all rows of a step at once; "
            "remove train.micro_batch\n");
  EXPECT_EQ(error({"--model.normalization=batch", "--train.batch_size=1"}),
            "command line: error: model.normalization: batch goes by how the rows of a step "
            "differ, and train.batch_size is 1; set it to 2 or more\n");
  EXPECT_NE(error({"--train.optimizer=lbfgs", "--train.batch_size=all", "--model.dropout=0.5"})
                .find("model.dropout: applies to train.optimizer = "),
            std::string::npos);
}

}  // namespace
}  // namespace lockstep::trainer
