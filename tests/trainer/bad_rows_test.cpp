// Rows that cannot be read, left out at a user's request, as a user meets them.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "core/format/safetensors.hpp"
#include "tests/core/format/npy_files.hpp"
#include "tests/trainer/program_runner.hpp"

namespace lockstep::trainer {
namespace {

using lockstep::test::npy_matrix;
using lockstep::test::npy_vector;
using nlohmann::json;
using test::run_program;
using test::TestFolder;
using test::Words;
using test::operator+;

/// Rows of a file, the bad ones at these places among them when they are wanted.
std::string rows(int count, bool with_bad) {
  std::string text = "x,y,kind\n";
  for (int i = 0; i < count; ++i) {
    if (with_bad && i == 3) text += "1,oops,b\n";
    if (with_bad && i == 40) text += "1,2\n";
    text += fmt::format("{},{},{}\n", i % 7, (i * 5) % 11, i % 3 == 0 ? "a" : "b");
  }
  return text;
}

class BadRowsProgram : public ::testing::Test {
 protected:
  BadRowsProgram() {
    folder_.write("train.csv", rows(100, true));
    folder_.write("clean.csv", rows(100, false));
    folder_.write("test.csv", "x,y,kind\n1,2,a\n\xff,2,b\n2,3,b\n");
  }

  test::ProgramRun run(const Words& words, int ranks = 0, int exit_code = 0) const {
    test::ProgramRun result = run_program(folder_.path(), ranks, words);
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    return result;
  }

  /// The places and rows in a quarantine.
  std::string quarantined(const std::string& name) const {
    std::istringstream lines(folder_.read(name));
    std::string text;
    for (std::string line; std::getline(lines, line);) {
      const json row = json::parse(line);
      EXPECT_FALSE(row.at("problem").get<std::string>().empty());
      text += fmt::format("{} {}\n", row.at("place").get<std::string>(),
                          row.at("row").get<std::string>());
    }
    return text;
  }

  TestFolder folder_;
};

const Words kTrain{"train", "--model.type=softmax", "--train.epochs=2", "--overwrite"};
const Words kSkip{"--data.on_bad_row=skip", "--data.quarantine=bad.jsonl"};

TEST_F(BadRowsProgram, AreLeftOutOfTrainingAndWrittenApart) {
  const Words train = kTrain + Words{"--data.train=train.csv", "--data.test=test.csv"} + kSkip;
  std::string model;
  for (int ranks = 1; ranks <= 4; ++ranks) {
    const test::ProgramRun result =
        run(train + Words{fmt::format("--output.dir=run{}", ranks)}, ranks);
    EXPECT_NE(
        result.err.find(
            "warning: train.csv:5:2: expected a number in column 'y', found "
            "'oops'; set preprocess.encode, data.missing or data.ignore; the row is left out\n"),
        std::string::npos)
        << result.err;
    EXPECT_NE(result.err.find("warning: 2 of 102 rows are left out (data.on_bad_row = skip); all "
                              "are in bad.jsonl\n"),
              std::string::npos)
        << result.err;
    EXPECT_EQ(quarantined("bad.jsonl"),
              "train.csv:5:2 1,oops,b\ntrain.csv:43 1,2\ntest.csv:3:1 \xef\xbf\xbd,2,b\n");
    const std::string bytes = folder_.read(fmt::format("run{}/model.safetensors", ranks));
    if (ranks == 1) model = bytes;
    EXPECT_EQ(bytes, model) << ranks << " ranks";
  }
  // The parameters are those of the file without these rows; the hash knows their numbers.
  run(kTrain + Words{"--data.train=clean.csv", "--output.dir=clean"});
  const auto result_of = [&](const std::string& folder) {
    return json::parse(folder_.read(folder + "/result.json"));
  };
  EXPECT_EQ(result_of("run1").at("parameters_sha256"), result_of("clean").at("parameters_sha256"));
  const auto hash_of = [&](const std::string& folder) {
    return read_safetensors(folder_.file(folder + "/model.safetensors")).metadata("data_hash");
  };
  EXPECT_NE(hash_of("run1"), hash_of("clean"));
}

TEST_F(BadRowsProgram, OfArraysAreLeftOutWithTheirLabels) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> numbers;
  std::vector<double> labels;
  const auto add = [&](double x, double y, double label) {
    numbers.insert(numbers.end(), {x, y});
    labels.push_back(label);
  };
  const auto write = [&](bool with_bad) {
    numbers.clear();
    labels.clear();
    for (int i = 0; i < 100; ++i) {
      if (with_bad && i == 3) add(1, kNan, 0);
      if (with_bad && i == 40) add(0.5, -2, kNan);
      add(i % 7, (i * 5) % 11, i % 3 == 0 ? 1 : 0);
    }
    const std::string name = with_bad ? "bad" : "good";
    folder_.write(name + ".npy", npy_matrix(numbers, 2));
    folder_.write(name + "_labels.npy", npy_vector<double>("<f8", labels));
    return Words{"--data.train=" + name + ".npy", "--data.train_labels=" + name + "_labels.npy"};
  };
  const Words bad = write(true);
  const Words good = write(false);
  std::string model;
  for (int ranks = 1; ranks <= 3; ++ranks) {
    run(kTrain + kSkip + bad + Words{"--output.dir=run"}, ranks);
    EXPECT_EQ(quarantined("bad.jsonl"), "bad.npy[3, 1] 1, nan\nbad_labels.npy[41] nan\n");
    const std::string bytes = folder_.read("run/model.safetensors");
    if (ranks == 1) model = bytes;
    EXPECT_EQ(bytes, model) << ranks << " ranks";
  }
  const std::string learnt = json::parse(folder_.read("run/result.json")).at("parameters_sha256");
  run(kTrain + good + Words{"--output.dir=run"});
  EXPECT_EQ(json::parse(folder_.read("run/result.json")).at("parameters_sha256"), learnt);
  EXPECT_EQ(
      run(kTrain + bad + Words{"--output.dir=run"}, 2, 65).err,
      "lockstep: error: bad.npy[3, 1]: expected a finite number in column 'c1', found nan; set "
      "preprocess.impute or data.ignore\n");
  // The data doctor tells of all of them.
  const std::string said = run(Words{"check", "--model.type=softmax"} + bad, 2, 65).err;
  EXPECT_NE(said.find("bad.npy[3, 1]"), std::string::npos) << said;
  EXPECT_NE(said.find("bad_labels.npy[41]"), std::string::npos) << said;
  // Where they are to be left out, it looks at the rows that a training has.
  const test::ProgramRun checked = run(
      Words{"check", "--model.type=softmax", "--json"} + bad + Words{"--data.on_bad_row=skip"}, 2);
  EXPECT_EQ(json::parse(checked.out).at("plan").at("rows"), 100) << checked.out;
  EXPECT_NE(checked.err.find("warning: unreadable: expected a finite number in column 'c1', found "
                             "nan"),
            std::string::npos)
      << checked.err;
}

TEST_F(BadRowsProgram, SplitRowsAreFoundAgain) {
  run(kTrain + kSkip +
      Words{"--data.train=train.csv", "--data.test_fraction=0.3", "--output.dir=run"});
  const json measured = json::parse(folder_.read("run/result.json")).at("test");
  const std::string again =
      run({"evaluate", "--model=run/model.safetensors", "--data.train=train.csv", "--json"}, 2).out;
  EXPECT_EQ(json::parse(again).at("loss"), measured.at("loss"));
  EXPECT_EQ(json::parse(again).at("rows"), 30);
}

TEST_F(BadRowsProgram, LookingAtARunWritesNothing) {
  run(kTrain + kSkip + Words{"--data.train=train.csv", "--output.dir=run"});
  folder_.write("bad.jsonl", "notes of a user\n");
  EXPECT_EQ(run({"verify", "run"}, 2).err.substr(0, 8), "warning:");
  run({"bisect", "run", "run"});
  EXPECT_EQ(folder_.read("bad.jsonl"), "notes of a user\n");
  EXPECT_EQ(run({"verify", "run", "--data.quarantine=more.jsonl"}, 0, 2).out, "");
}

TEST_F(BadRowsProgram, OtherCommandsLeaveThemOutToo) {
  run(kTrain + Words{"--data.train=clean.csv", "--output.dir=clean"});
  const Words evaluate{"evaluate", "--model=clean/model.safetensors", "--data.test=test.csv"};
  run(evaluate, 0, 65);
  EXPECT_EQ(run(evaluate + kSkip).out.substr(0, 7), "rows 2 ");
  EXPECT_EQ(quarantined("bad.jsonl"), "test.csv:3:1 \xef\xbf\xbd,2,b\n");
  // A prediction for each row would not be told from others, were some left out.
  const Words predict{"predict", "--model=clean/model.safetensors", "--data.test=test.csv",
                      "--output=p.csv", "--data.on_bad_row=skip"};
  EXPECT_EQ(run(predict, 0, 2).err,
            "lockstep: error: option '--data.on_bad_row' has no effect on predict; see 'lockstep "
            "predict --help'\n");
  const std::string described =
      run(Words{"describe", "--data.train=train.csv", "--data.numeric=y", "--json"} + kSkip).out;
  EXPECT_EQ(json::parse(described).at("rows"), 100);
}

TEST_F(BadRowsProgram, AnEmptyQuarantineSaysThatThereWereNone) {
  folder_.write("bad.jsonl", "of a run before\n");
  run(kTrain + kSkip + Words{"--data.train=clean.csv", "--output.dir=clean"});
  EXPECT_EQ(folder_.read("bad.jsonl"), "");
}

TEST_F(BadRowsProgram, WhatCannotBeMeantIsRefused) {
  const auto error_of = [&](const Words& words, int exit_code) {
    return run(kTrain + Words{"--output.dir=refused"} + words, 0, exit_code).err;
  };
  EXPECT_EQ(error_of({"--data.train=train.csv", "--data.quarantine=bad.jsonl"}, 78),
            "command line: error: data.quarantine: applies to data.on_bad_row = skip only, not to "
            "fail; remove it\n");
  EXPECT_EQ(error_of({"--data.train=train.csv", "--data.on_bad_row=skip",
                      "--data.quarantine=./train.csv"},
                     73),
            "lockstep: error: ./train.csv: is read (data.train) and would be replaced; choose "
            "another data.quarantine\n");
  EXPECT_EQ(folder_.read("train.csv"), rows(100, true));
  // Files that are read later, or were read before.
  const std::string test = folder_.read("test.csv");
  EXPECT_EQ(error_of({"--data.train=train.csv", "--data.test=t*.csv", "--data.on_bad_row=skip",
                      "--data.quarantine=test.csv"},
                     73),
            "lockstep: error: test.csv: is read (data.test) and would be replaced; choose another "
            "data.quarantine\n");
  EXPECT_EQ(folder_.read("test.csv"), test);
  run(kTrain + Words{"--data.train=clean.csv", "--output.dir=clean"});
  const std::string model = folder_.read("clean/model.safetensors");
  EXPECT_EQ(run({"evaluate", "--model=clean/model.safetensors", "--data.test=test.csv",
                 "--data.on_bad_row=skip", "--data.quarantine=clean/model.safetensors"},
                0, 73)
                .err,
            "lockstep: error: clean/model.safetensors: is read (--model) and would be replaced; "
            "choose another data.quarantine\n");
  EXPECT_EQ(folder_.read("clean/model.safetensors"), model);
  folder_.write("a.ini", "[data]\ntrain = train.csv\non_bad_row = skip\nquarantine = a.ini\n");
  EXPECT_EQ(error_of({"--config=a.ini"}, 73),
            "lockstep: error: a.ini: is read (--config) and would be replaced; choose another "
            "data.quarantine\n");
  EXPECT_EQ(error_of({"--data.train=train.csv", "--data.on_bad_row=skip",
                      "--data.quarantine=no/folder/bad.jsonl"},
                     73),
            "lockstep: error: no/folder/bad.jsonl: cannot create: No such file or directory\n");
  // What is in a binary file has been read.
  run({"convert", "clean.csv", "clean.lsd"});
  EXPECT_EQ(error_of({"--data.train=clean.lsd", "--data.on_bad_row=skip"}, 78),
            "command line: error: data.on_bad_row: has no effect on .lsd files; remove it\n");
  EXPECT_EQ(error_of({"--data.train=clean.csv", "--data.cache=auto", "--data.on_bad_row=skip"}, 78),
            "command line: error: data.cache: applies to data.on_bad_row = fail only, not to skip; "
            "remove it\n");
  EXPECT_EQ(error_of({"--synthetic.rows=100", "--data.on_bad_row=skip"}, 78),
            "command line: error: data.on_bad_row: has no effect on synthetic data; remove it\n");
}

}  // namespace
}  // namespace lockstep::trainer
