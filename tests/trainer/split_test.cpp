// Rows that are split off the training files: which they are, what a model of the others is, and
// that they can be measured again.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
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

constexpr Index kRows = 1003;

/// Lines of plants whose kind shows in height and color; a color that one row alone has; gaps.
Words plants() {
  RandomSequence draws(RandomStream(1, Purpose::synthetic), 0);
  Words lines;
  for (Index i = 0; i < kRows; ++i) {
    const auto kind = draws.below(7) == 0 ? std::uint64_t{2} : draws.below(2);
    const int height = static_cast<int>(20 * kind + draws.below(10));
    const std::string color = i % 20 == 7           ? fmt::format("rare {}", i)
                              : draws.below(5) == 0 ? "green"
                                                    : fmt::format("\"dark, {}\"", kind % 2);
    lines.push_back(fmt::format("{},{},{},{}\n", draws.below(9) == 0 ? "" : std::to_string(height),
                                color, draws.below(6), Words{"fern", "rose", "moss"}[kind]));
  }
  return lines;
}

const std::string kHeader = "height,color,leaves,kind\n";

std::string joined(const Words& lines) {
  std::string text = kHeader;
  for (const std::string& line : lines) text += line;
  return text;
}

/// The rows in the order of their hashes.
std::vector<Index> rows_by_hash(Index rows, std::uint64_t seed = 1) {
  const RandomStream stream(seed, Purpose::split);
  std::vector<std::pair<std::uint64_t, Index>> hashes;
  for (Index i = 0; i < rows; ++i) {
    hashes.emplace_back(stream.words(static_cast<std::uint64_t>(i))[0] >> 16U, i);
  }
  std::sort(hashes.begin(), hashes.end());
  std::vector<Index> order;
  for (const auto& [hash, row] : hashes) order.push_back(row);
  return order;
}

/// The lines of the rows [begin, end) of `order`, in file order.
Words lines_of(const Words& lines, std::vector<Index> order, std::size_t begin, std::size_t end) {
  const auto first = order.begin();
  std::sort(first + static_cast<std::ptrdiff_t>(begin), first + static_cast<std::ptrdiff_t>(end));
  Words some;
  for (std::size_t i = begin; i < end; ++i)
    some.push_back(lines[static_cast<std::size_t>(order[i])]);
  return some;
}

const Words kNetwork{"--model.type=softmax",
                     "--preprocess.scale=standard",
                     "--preprocess.impute=most_frequent",
                     "--preprocess.indicator=yes",
                     "--preprocess.encode=onehot",
                     "--train.epochs=4",
                     "--train.batch_size=50",
                     "--train.lanes=4"};
const Words kBayes{"--model.type=naive_bayes"};
const Words kFractions{"--data.test_fraction=0.2", "--data.validation_fraction=0.15"};

test::ProgramRun train(const TestFolder& folder, const std::string& output, const Words& more,
                       int ranks = 0, int threads = 1) {
  auto run = run_program(
      folder.path(), ranks,
      Words{"train", "--data.target=kind", "--overwrite", "--output.dir=" + output} + more,
      threads);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return run;
}

json result_of(const TestFolder& folder, const std::string& run) {
  return json::parse(folder.read(run + "/result.json"));
}

/// The metadata but for the configuration and the data's hash, and all bytes of the tensors.
std::map<std::string, std::string> trained(const TestFolder& folder, const std::string& run) {
  const SafetensorsFile file = read_safetensors(folder.file(run + "/model.safetensors"));
  std::map<std::string, std::string> all = file.metadata();
  all.erase("options");
  all.erase("data_hash");
  all.erase("checksum");  // of those, too
  all["sha256"] = result_of(folder, run)["parameters_sha256"].get<std::string>();
  return all;
}

TEST(SplitProgram, TrainsTheModelOfAFileOfTheRowsThatAreLeft) {
  const TestFolder folder;
  const Words lines = plants();
  const std::vector<Index> order = rows_by_hash(kRows);
  // round(0.2·1003) = 201 and round(0.15·1003) = 150.
  folder.write("all.csv", joined(lines));
  folder.write("test.csv", joined(lines_of(lines, order, 0, 201)));
  folder.write("validation.csv", joined(lines_of(lines, order, 201, 351)));
  folder.write("train.csv", joined(lines_of(lines, order, 351, order.size())));
  for (const Words& model : {kNetwork, kBayes, kNetwork + Words{"--preprocess.color.encode=hash"},
                             kNetwork + Words{"--preprocess.color.encode=ordinal"}}) {
    SCOPED_TRACE(model.back());
    train(folder, "split", model + kFractions + Words{"--data.train=all.csv"});
    train(folder, "parts", model + Words{"--data.train=train.csv", "--data.test=test.csv"});
    EXPECT_EQ(trained(folder, "split"), trained(folder, "parts"));
    EXPECT_EQ(result_of(folder, "split")["train"], result_of(folder, "parts")["train"]);
    EXPECT_EQ(result_of(folder, "split")["test"], result_of(folder, "parts")["test"]);
    EXPECT_TRUE(result_of(folder, "parts")["validation"].is_null());
    const auto evaluated = run_program(
        folder.path(), 0,
        {"evaluate", "--model=split/model.safetensors", "--data.test=validation.csv", "--json"});
    ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
    EXPECT_EQ(json::parse(evaluated.out), result_of(folder, "split")["validation"]);
  }
}

TEST(SplitProgram, SplitsAlikeOnAnyRanksAndThreads) {
  const TestFolder folder;
  folder.write("all.csv", joined(plants()));
  for (const Words& model : {kNetwork, kBayes}) {
    std::set<std::string> models;
    std::set<std::string> metrics;
    std::set<std::string> evaluations;
    for (const auto& [ranks, threads] :
         std::vector<std::pair<int, int>>{{0, 2}, {1, 1}, {2, 1}, {3, 2}, {4, 1}, {7, 1}}) {
      train(folder, "run",
            model + kFractions + Words{"--data.train=all.csv", "--data.stratify=yes"}, ranks,
            threads);
      models.insert(folder.read("run/model.safetensors"));
      metrics.insert(folder.read("run/metrics.jsonl"));
      const auto evaluated = run_program(
          folder.path(), ranks,
          {"evaluate", "--model=run/model.safetensors", "--data.train=all.csv", "--json"}, threads);
      ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
      evaluations.insert(evaluated.out);
    }
    EXPECT_EQ(models.size(), 1U);
    EXPECT_EQ(metrics.size(), 1U);
    ASSERT_EQ(evaluations.size(), 1U);
    const json result = result_of(folder, "run");
    EXPECT_EQ(json::parse(*evaluations.begin()), result["test"]);
    EXPECT_EQ(result["test"]["rows"], 201);
    EXPECT_EQ(result["validation"]["rows"], 150);
    EXPECT_EQ(result["train"]["rows"], 652);
  }
}

TEST(SplitProgram, MeasuresTheValidationRowsAfterEachEpoch) {
  const TestFolder folder;
  folder.write("all.csv", joined(plants()));
  const auto run = train(folder, "run",
                         kNetwork + Words{"--data.train=all.csv", "--data.validation_fraction=.1"});
  EXPECT_NE(run.err.find("  validation loss "), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("model run/model.safetensors  validation loss "), std::string::npos)
      << run.err;
  const std::string metrics = folder.read("run/metrics.jsonl");
  EXPECT_EQ(std::count(metrics.begin(), metrics.end(), '\n'), 4);
  const json last = json::parse(metrics.substr(metrics.rfind('\n', metrics.size() - 2) + 1));
  EXPECT_EQ(last["validation"], result_of(folder, "run")["validation"]);
  EXPECT_EQ(last["validation"]["rows"], 100);
  EXPECT_TRUE(last["test"].is_null());
}

/// The counts of the classes in a stratified test part of 0.2 are those of largest remainders.
TEST(SplitProgram, StratifiesByLargestRemainders) {
  const TestFolder folder;
  // 13 of a, 7 of b, 2 of c: of 22 rows round(0.25·22) = 6, quotas 3.55, 1.91, 0.55.
  std::string text = "x,kind\n";
  for (int i = 0; i < 22; ++i) text += fmt::format("{},{}\n", i, i < 13 ? "a" : i < 20 ? "b" : "c");
  folder.write("all.csv", text);
  train(folder, "run",
        {"--model.type=softmax", "--data.train=all.csv", "--data.stratify=yes",
         "--data.test_fraction=0.25", "--train.epochs=1"});
  EXPECT_EQ(result_of(folder, "run")["test"]["rows"], 6);
  // Seen through naive Bayes, whose priors are the shares of the rows to train on.
  train(folder, "bayes",
        {"--model.type=naive_bayes", "--data.train=all.csv", "--data.stratify=yes",
         "--data.test_fraction=0.25"});
  const auto prior =
      read_safetensors(folder.file("bayes/model.safetensors")).tensor("log_prior", {3}).values();
  EXPECT_NEAR(std::exp(prior[0]) * 16, 13 - 4, 1e-12);
  EXPECT_NEAR(std::exp(prior[1]) * 16, 7 - 2, 1e-12);
  EXPECT_NEAR(std::exp(prior[2]) * 16, 2, 1e-12);
}

TEST(SplitProgram, SplitsEveryFormat) {
  const TestFolder folder;
  std::vector<double> values;
  std::string csv;
  std::string images("\0\0\x08\x03\0\0\0\x64\0\0\0\x01\0\0\0\x02", 16);
  std::string labels("\0\0\x08\x01\0\0\0\x64", 8);
  for (int i = 0; i < 100; ++i) {
    const int a = i * 37 % 101;
    const int b = i * 53 % 97;
    const int kind = a + b > 100 ? 1 : 0;
    images += {static_cast<char>(a), static_cast<char>(b)};
    labels += static_cast<char>(kind);
    csv += fmt::format("{},{},{}\n", a, b, kind);
    values.insert(values.end(), {double(a), double(b), double(kind)});
  }
  folder.write("a.csv", csv);
  folder.write("images", images);
  folder.write("labels", labels);
  folder.write("a.npy", lockstep::test::npy_matrix(values, 3));
  const Words split{"--model.type=logistic", "--data.test_fraction=0.3", "--data.stratify=yes",
                    "--train.epochs=3"};
  const auto measured = [&](const Words& data) {
    const auto run = run_program(folder.path(), 2,
                                 Words{"train", "--output.dir=run", "--overwrite"} + split + data);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    const json result = result_of(folder, "run");
    EXPECT_EQ(result["test"]["rows"], 30);
    EXPECT_EQ(result["train"]["rows"], 70);
    const auto evaluated = run_program(
        folder.path(), 3, Words{"evaluate", "--model=run/model.safetensors", "--json"} + data);
    EXPECT_EQ(evaluated.exit_code, 0) << evaluated.err;
    EXPECT_EQ(json::parse(evaluated.out), result["test"]);
    return trained(folder, "run");
  };
  EXPECT_EQ(measured({"--data.train=a.csv", "--data.header=no"}), measured({"--data.train=a.npy"}));
  measured({"--data.train=images", "--data.train_labels=labels"});
  // The default test rows of the generator are not made beside those that are split off.
  measured({"--synthetic.kind=moons", "--synthetic.rows=100"});
}

TEST(SplitProgram, NumbersAreSplitToo) {
  const TestFolder folder;
  std::string text = "x,kind\n";
  for (int i = 0; i < 50; ++i) text += fmt::format("{},{}\n", i, 3 * i + 1);
  folder.write("all.csv", text);
  train(folder, "run",
        {"--model.type=linear", "--data.train=all.csv", "--data.test_fraction=0.2",
         "--preprocess.scale=standard", "--preprocess.target_scale=standard", "--train.epochs=300",
         "--train.learning_rate=0.05"});
  const json result = result_of(folder, "run");
  EXPECT_EQ(result["test"]["rows"], 10);
  EXPECT_GT(result["test"]["r2"].get<double>(), 0.99);
}

/// What the program says of a mistake, without the warnings before it.
std::string error_of(const TestFolder& folder, int exit_code, const Words& words) {
  const auto run = run_program(folder.path(), 0, words);
  EXPECT_EQ(run.exit_code, exit_code) << run.err;
  std::string text = run.err;
  while (text.starts_with("warning: ")) text.erase(0, text.find('\n') + 1);
  return text;
}

TEST(SplitProgram, RefusesSplitsThatCannotBe) {
  const TestFolder folder;
  folder.write("few.csv", "x,kind\n1,a\n2,b\n3,a\n");
  folder.write("lone.csv", "x,kind\n1,a\n2,a\n3,a\n4,a\n5,b\n");
  folder.write("numbers.csv", "x,y\n1,1\n2,3\n3,4\n");
  const Words softmax{"train", "--model.type=softmax", "--output.dir=run"};
  EXPECT_EQ(
      error_of(folder, 65, softmax + Words{"--data.train=few.csv", "--data.test_fraction=.9"}),
      "lockstep: error: data.test_fraction and data.validation_fraction split off 3 of 3 "
      "rows, and none is left to train on\n");
  EXPECT_EQ(error_of(folder, 65,
                     softmax + Words{"--data.train=few.csv", "--data.validation_fraction=0.1"}),
            "lockstep: error: data.validation_fraction: 0.1 of 3 rows is less than half a row; "
            "split off more\n");
  EXPECT_EQ(
      error_of(
          folder, 65,
          softmax + Words{"--data.train=lone.csv", "--data.test_fraction=.6", "--train.seed=2"}),
      "lockstep: error: target 'kind': the one row of the class 'b' is split off, and none is "
      "left to train on; leave it out, or find more rows of the class\n");
  EXPECT_EQ(
      error_of(folder, 78,
               {"train", "--model.type=linear", "--output.dir=run", "--data.train=numbers.csv",
                "--data.test_fraction=.3", "--data.stratify=yes"}),
      "command line: error: data.stratify: the target 'y' is a number, and rows are "
      "stratified by classes; remove the key\n");
  EXPECT_EQ(folder.names().size(), 3U);
}

TEST(SplitProgram, EvaluateDoesNotMeasureTrainingRowsUnasked) {
  const TestFolder folder;
  folder.write("all.csv", joined(plants()));
  folder.write("other.csv", joined(plants()) + "7,green,1,fern\n");
  const Words data{"--data.train=all.csv"};
  train(folder, "split", kNetwork + data + Words{"--data.test_fraction=0.2"});
  train(folder, "whole", kNetwork + data);
  const Words split{"evaluate", "--model=split/model.safetensors"};
  const Words whole{"evaluate", "--model=whole/model.safetensors"};
  EXPECT_EQ(error_of(folder, 65, split + Words{"--data.test=all.csv"}),
            "lockstep: error: data.test: the data that the model was trained on; name it with "
            "--data.train to measure the rows that its training has split off\n");
  EXPECT_EQ(error_of(folder, 65, split + Words{"--data.train=other.csv"}),
            "lockstep: error: data.train: not the data that the model was trained on, so that the "
            "rows it has not seen are not known; name test rows with --data.test FILE\n");
  EXPECT_EQ(error_of(folder, 2, split + Words{"--data.train=all.csv", "--data.test=all.csv"}),
            "lockstep: error: evaluate: --data.train and --data.test name two sets of rows; give "
            "one\n");
  EXPECT_EQ(
      error_of(folder, 2, split),
      "lockstep: error: evaluate: no test data; name it with --data.test FILE, or the training "
      "data, of which rows were split off, with --data.train FILE\n");
  EXPECT_EQ(error_of(folder, 2, whole + Words{"--data.train=all.csv"}),
            "lockstep: error: evaluate: --data.train: the model was trained on all of these rows "
            "(data.test_fraction = 0); name test rows with --data.test FILE\n");
  // A configuration file names the training data; rows of another file may be measured.
  folder.write("a.ini", "[data]\ntrain = all.csv\ntest_fraction = 0.2\nstratify = yes\n");
  const auto by_file = run_program(folder.path(), 0, split + Words{"--config=a.ini", "--json"});
  ASSERT_EQ(by_file.exit_code, 0) << by_file.err;
  EXPECT_EQ(json::parse(by_file.out), result_of(folder, "split")["test"]);
  const auto others = run_program(
      folder.path(), 0, split + Words{"--config=a.ini", "--data.test=other.csv", "--json"});
  ASSERT_EQ(others.exit_code, 0) << others.err;
  EXPECT_EQ(json::parse(others.out)["rows"], kRows + 1);
}

TEST(SplitProgram, TellsOfCategoriesThatAreSplitOffAndOfPlacesInTheFile) {
  const TestFolder folder;
  const Words lines = plants();
  folder.write("all.csv", joined(lines));
  // The first row that is split off with a color of its own.
  std::vector<Index> test = rows_by_hash(kRows);
  test.resize(201);
  std::sort(test.begin(), test.end());
  std::vector<Index> rare;
  for (const Index row : test) {
    if (row % 20 == 7) rare.push_back(row);
  }
  ASSERT_FALSE(rare.empty());
  const Words split = kNetwork + Words{"--data.train=all.csv", "--data.test_fraction=0.2"};
  const auto run = train(folder, "run", split);
  const std::string warning = fmt::format(
      "warning: all.csv:{}: column 'color': {} cells of rows that were split off are of "
      "categories that the training rows do not have, the first 'rare {}'\n",
      rare[0] + 2, rare.size(), rare[0]);
  EXPECT_NE(run.err.find(warning), std::string::npos) << run.err;
  const auto measured = run_program(
      folder.path(), 3, {"evaluate", "--model=run/model.safetensors", "--data.train=all.csv"});
  EXPECT_EQ(measured.err, warning);
  // A hash has a place for each.
  Words of_hashes = split;
  std::replace(of_hashes.begin(), of_hashes.end(), std::string("--preprocess.encode=onehot"),
               std::string("--preprocess.encode=hash"));
  const auto hashed = train(folder, "hashed", of_hashes);
  EXPECT_EQ(hashed.err.find("rare"), std::string::npos) << hashed.err;
  const auto of_hash = run_program(
      folder.path(), 0, {"evaluate", "--model=hashed/model.safetensors", "--data.train=all.csv"});
  EXPECT_EQ(of_hash.err, "");
  EXPECT_EQ(
      error_of(
          folder, 65,
          Words{"train", "--output.dir=error", "--data.target=kind", "--preprocess.unknown=error"} +
              split),
      fmt::format("lockstep: error: all.csv:{}: category 'rare {}' in column 'color' does not "
                  "occur in the training data\n",
                  rare[0] + 2, rare[0]));
}

/// The lines outside of the rows [begin, end) of `order`, in file order.
Words lines_but(const Words& lines, std::vector<Index> order, std::size_t begin, std::size_t end) {
  order.erase(order.begin() + static_cast<std::ptrdiff_t>(begin),
              order.begin() + static_cast<std::ptrdiff_t>(end));
  return lines_of(lines, order, 0, order.size());
}

TEST(FoldsProgram, TrainsTheModelsOfTheFilesThatLeaveAFoldOut) {
  const TestFolder folder;
  const Words lines = plants();
  const std::vector<Index> order = rows_by_hash(kRows);
  folder.write("all.csv", joined(lines));
  for (const Words& model : {kNetwork, kBayes}) {
    train(folder, "folds", model + Words{"--data.train=all.csv", "--data.folds=4"});
    const json result = result_of(folder, "folds");
    ASSERT_EQ(result["folds"].size(), 4U);
    std::size_t begin = 0;
    for (std::size_t fold = 0; fold < 4; ++fold) {
      const std::size_t end = begin + (fold < 3 ? 251 : 250);  // of 1003 rows
      folder.write("test.csv", joined(lines_of(lines, order, begin, end)));
      folder.write("train.csv", joined(lines_but(lines, order, begin, end)));
      begin = end;
      train(folder, "alone", model + Words{"--data.train=train.csv", "--data.test=test.csv"});
      const std::string run = fmt::format("folds/fold-{}", fold + 1);
      auto of_fold = trained(folder, run);
      EXPECT_EQ(of_fold["fold"], std::to_string(fold + 1));
      of_fold.erase("fold");
      EXPECT_EQ(of_fold, trained(folder, "alone"));
      json in_all = result["folds"][fold];
      json in_folder = result_of(folder, run);
      EXPECT_EQ(in_all, in_folder);
      json alone = result_of(folder, "alone");
      for (json* j : {&in_all, &alone}) j->erase("rows_per_second");
      EXPECT_EQ(in_all, alone);
    }
  }
}

TEST(FoldsProgram, ReportsMeanAndDeviationOfEachMetric) {
  const TestFolder folder;
  folder.write("all.csv", joined(plants()));
  const auto run = train(folder, "run", kNetwork + Words{"--data.train=all.csv", "--data.folds=3"});
  const json result = result_of(folder, "run");
  for (const char* set : {"train", "test"}) {
    EXPECT_EQ(result["mean"][set].size(), 3U);
    for (const char* metric : {"loss", "objective", "accuracy"}) {
      std::vector<double> values;
      for (const json& fold : result["folds"]) values.push_back(fold[set][metric].get<double>());
      const double mean = (values[0] + values[1] + values[2]) / 3;
      double squares = 0;
      for (const double v : values) squares += (v - mean) * (v - mean);
      EXPECT_NEAR(result["mean"][set][metric].get<double>(), mean, 1e-14);
      EXPECT_NEAR(result["std"][set][metric].get<double>(), std::sqrt(squares / 2), 1e-14);
    }
  }
  EXPECT_NE(run.err.find("fold 2/3\n"), std::string::npos);
  EXPECT_NE(
      run.err.find(fmt::format("3 folds  test  loss {:.5g} ± {:.2g}  accuracy {:.5g} ± {:.2g}\n",
                               result["mean"]["test"]["loss"].get<double>(),
                               result["std"]["test"]["loss"].get<double>(),
                               result["mean"]["test"]["accuracy"].get<double>(),
                               result["std"]["test"]["accuracy"].get<double>())),
      std::string::npos)
      << run.err;
  EXPECT_EQ(folder.names().size(), 1U + 1 + 3 + 3 * 9);
  // A run of fewer folds, or none, replaces all of it.
  train(folder, "run", kBayes + Words{"--data.train=all.csv", "--data.folds=2"});
  EXPECT_EQ(folder.names().size(), 1U + 1 + 3 + 2 * 5);
  train(folder, "run", kBayes + Words{"--data.train=all.csv"});
  EXPECT_EQ(folder.names().size(), 1U + 1 + 6);
}

TEST(FoldsProgram, AreTheSameOnAnyRanksAndAreMeasuredAgain) {
  const TestFolder folder;
  folder.write("all.csv", joined(plants()));
  for (const Words& model : {kNetwork, kBayes}) {
    std::set<std::string> models;
    std::set<std::string> evaluations;
    for (const auto& [ranks, threads] :
         std::vector<std::pair<int, int>>{{0, 2}, {2, 1}, {3, 2}, {7, 1}}) {
      train(folder, "run",
            model + Words{"--data.train=all.csv", "--data.folds=3", "--data.stratify=yes"}, ranks,
            threads);
      models.insert(folder.read("run/fold-1/model.safetensors") +
                    folder.read("run/fold-3/model.safetensors"));
      const auto evaluated = run_program(
          folder.path(), ranks,
          {"evaluate", "--model=run/fold-3/model.safetensors", "--data.train=all.csv", "--json"});
      ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
      evaluations.insert(evaluated.out);
    }
    EXPECT_EQ(models.size(), 1U);
    ASSERT_EQ(evaluations.size(), 1U);
    EXPECT_EQ(json::parse(*evaluations.begin()), result_of(folder, "run")["folds"][2]["test"]);
  }
  EXPECT_EQ(error_of(folder, 65,
                     {"evaluate", "--model=run/fold-3/model.safetensors", "--data.test=all.csv"}),
            "lockstep: error: data.test: the data that the model was trained on; name it with "
            "--data.train to measure the rows that its training has split off\n");
}

TEST(FoldsProgram, AFailureLeavesNothingAndMistakesAreNamed) {
  const TestFolder folder;
  folder.write("few.csv", "x,kind\n1,a\n2,b\n3,a\n");
  folder.write("lone.csv", "x,kind\n1,a\n2,a\n3,a\n4,b\n");
  const Words softmax{"train", "--model.type=softmax", "--output.dir=run"};
  EXPECT_EQ(error_of(folder, 65, softmax + Words{"--data.train=few.csv", "--data.folds=4"}),
            "lockstep: error: data.folds: 3 rows are too few for 4 folds\n");
  // Before the first fold is trained, though it is another one that lacks the class.
  EXPECT_EQ(
      error_of(folder, 65,
               softmax + Words{"--data.train=lone.csv", "--data.folds=2", "--data.stratify=yes"}),
      "lockstep: error: target 'kind': the one row of the class 'b' is in fold 2, and none is "
      "left to train on; leave it out, or find more rows of the class\n");
  std::string pairs = "x,kind\n";
  for (int i = 0; i < 40; ++i) pairs += fmt::format("{},k{}\n", i, i / 2);
  folder.write("pairs.csv", pairs);
  const std::string paired =
      error_of(folder, 65, softmax + Words{"--data.train=pairs.csv", "--data.folds=2"});
  EXPECT_EQ(paired.find("fold 1/2"), std::string::npos) << paired;
  EXPECT_NE(paired.find("are in fold 1, and none is left to train on; set data.stratify = yes, or "
                        "split off fewer rows\n"),
            std::string::npos)
      << paired;
}

}  // namespace
}  // namespace lockstep::trainer
