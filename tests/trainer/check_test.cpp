// `lockstep check` as a user meets it.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.hpp"
#include "tests/trainer/program_runner.hpp"

namespace lockstep::trainer {
namespace {

using nlohmann::json;
using test::ProgramRun;
using test::run_program;
using test::TestFolder;
using test::Words;
using test::operator+;

using Teams = std::vector<std::pair<int, int>>;

/// Ranks and threads that must all say the same.
const Teams kTeams{{0, 1}, {1, 2}, {2, 1}, {3, 2}, {4, 1}, {7, 1}};
/// Where less is at stake.
const Teams kFew{{0, 2}, {3, 1}};

/// The findings of a check: "warning constant 1 column with one value in all rows: 'x'".
std::set<std::string> findings_of(const json& report) {
  std::set<std::string> all;
  for (const json& finding : report["findings"]) {
    all.insert(fmt::format("{} {} {}", finding["severity"].get<std::string>(),
                           finding["check"].get<std::string>(),
                           finding["message"].get<std::string>()));
  }
  return all;
}

/// The one finding of this kind.
json finding_of(const json& report, const std::string& check) {
  json found;
  for (const json& finding : report["findings"]) {
    if (finding["check"] != check) continue;
    EXPECT_TRUE(found.is_null()) << "two findings of " << check;
    found = finding;
  }
  EXPECT_FALSE(found.is_null()) << "no finding of " << check;
  return found;
}

/// What `lockstep check --json` says, on one rank; it says it on any.
json check_of(const TestFolder& folder, const Words& keys, int exit_code,
              const Teams& teams = kFew) {
  // At once, for mpirun waits as long as they work; nothing is written.
  std::vector<std::future<ProgramRun>> runs;
  for (const auto& [ranks, threads] : teams) {
    runs.push_back(std::async(std::launch::async, [&, ranks = ranks, threads = threads] {
      return run_program(folder.path(), ranks, Words{"check", "--json"} + keys, threads);
    }));
  }
  std::set<std::string> outputs;
  for (std::future<ProgramRun>& each : runs) {
    const ProgramRun run = each.get();
    EXPECT_EQ(run.exit_code, exit_code) << run.err;
    outputs.insert(run.out);
  }
  EXPECT_EQ(outputs.size(), 1U);
  return json::parse(*outputs.begin());
}

/// Lines of flowers that nothing is wrong with; `shift` moves their heights.
std::string flowers(Index first, Index end, double shift = 0) {
  std::string text = "height,width,color,kind\n";
  for (Index i = first; i < end; ++i) {
    RandomSequence draws(RandomStream(3, Purpose::synthetic), static_cast<std::uint64_t>(i));
    const double height = draws.uniform(1, 2) + shift;
    const double width = draws.uniform(1, 2);
    const char* const colors[] = {"red", "blue", "white"};
    text += fmt::format("{},{},{},{}\n", height, width, colors[draws.below(3)],
                        height + width > 3 + shift ? "rose" : "moss");
  }
  return text;
}

const Words kClean{"--data.train=a.csv",         "--data.test=b.csv",
                   "--model.type=logistic",      "--preprocess.encode=onehot",
                   "--preprocess.impute=median", "--train.batch_size=64"};

TEST(CheckProgram, FindsNothingInGoodData) {
  const TestFolder folder;
  folder.write("a.csv", flowers(0, 1003));
  folder.write("b.csv", flowers(1003, 1400));
  const json report = check_of(folder, kClean, 0, kTeams);
  EXPECT_EQ(report["findings"], json::array());
  EXPECT_EQ(report["errors"], 0);
  EXPECT_EQ(report["rows"], json::parse(R"({"train": 1003, "test": 397})"));
  EXPECT_EQ(report["classes"].size(), 2U);
  EXPECT_EQ(
      report["classes"]["moss"]["train"].get<int>() + report["classes"]["rose"]["train"].get<int>(),
      1003);
  EXPECT_EQ(report["columns"]["color"]["type"], "category");
  EXPECT_EQ(report["columns"]["height"]["present"], 1003);
  EXPECT_LT(report["columns"]["height"]["drift"]["psi"].get<double>(), 0.1);
  EXPECT_GT(report["columns"]["height"]["drift"]["p"].get<double>(), 1e-3);
  const json& plan = report["plan"];
  EXPECT_EQ(plan["steps_per_epoch"], 16);
  EXPECT_EQ(plan["features"], 5);
  EXPECT_EQ(plan["lanes"], 2);
  EXPECT_EQ(plan["rows_per_lane"], json::parse("[501, 502]"));
  EXPECT_EQ(plan["memory_of_a_rank"].size(), 2U);

  const ProgramRun text = run_program(folder.path(), 3, Words{"check"} + kClean);
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_EQ(text.out, "");
  EXPECT_EQ(text.err.find("train 1003 rows, test 397 rows; 3 feature columns\n"), 0U) << text.err;
  EXPECT_NE(text.err.find("\n16 steps of 64 rows an epoch, 10 epochs: 160 steps; 2 lanes of "
                          "501–502 rows\n"),
            std::string::npos)
      << text.err;
  EXPECT_NE(text.err.find("\n1 of 3 ranks have no lane and are idle; raise train.lanes, or start "
                          "fewer\n"),
            std::string::npos)
      << text.err;
  EXPECT_NE(text.err.find("\n0 errors, 0 warnings, 0 notes\n"), std::string::npos);
}

/// What fills cells may be a category that none has.
TEST(CheckProgram, TakesAConstantThatTheDataDoesNotHave) {
  const TestFolder folder;
  folder.write("a.csv", "c,n,y\nred,1,p\n,2,q\nblue,1,p\nred,,q\n");
  const Words keys{"--data.train=a.csv",         "--data.categorical=n",
                   "--preprocess.encode=onehot", "--preprocess.impute=constant",
                   "--preprocess.c.fill=none",   "--preprocess.n.fill=55",
                   "--model.type=softmax"};
  EXPECT_EQ(run_program(folder.path(), 2, Words{"train"} + keys).exit_code, 0);
  const ProgramRun checked = run_program(folder.path(), 2, Words{"check"} + keys);
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
}

TEST(CheckProgram, TakesTheConfigurationOfATraining) {
  const TestFolder folder;
  folder.write("a.csv", flowers(0, 300));
  folder.write("a.ini",
               "[data]\ntrain = a.csv\ntarget = kind\ntest_fraction = 0.2\nstratify = yes\n"
               "[model]\ntype = softmax\n[preprocess]\nencode = onehot\n"
               "[preprocess.height]\nscale = standard\n[train]\nepochs = 3\nbatch_size = 32\n"
               "[output]\ndir = out\n");
  const json report = check_of(folder, {"--config=a.ini", "--train.seed=5"}, 0);
  EXPECT_EQ(report["rows"], json::parse(R"({"train": 240, "test": 60})"));
  EXPECT_EQ(report["plan"]["steps"], 24);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "out"));
  const json folds = check_of(
      folder, {"--config=a.ini", "--data.test_fraction=0", "--data.folds=3"}, 0, {{0, 1}, {4, 1}});
  EXPECT_EQ(folds["rows"], json::parse(R"({"train": 200, "test": 100})"));
  EXPECT_EQ(folds["plan"]["steps_per_epoch"], 7);
  folder.write("b.ini", "[data]\ntrain = a.csv\n[preprocess.heigth]\nscale = standard\n");
  const ProgramRun wrong =
      run_program(folder.path(), 2, {"check", "--config=b.ini", "--model.type=softmax"});
  EXPECT_EQ(wrong.exit_code, 78);
  EXPECT_NE(wrong.err.find("b.ini:4: error: [preprocess.heigth]: no feature column has this name, "
                           "or fits it; did you mean 'height'?\n"),
            std::string::npos)
      << wrong.err;
  const ProgramRun missing = run_program(folder.path(), 2, {"check", "--data.train=none.csv"});
  EXPECT_EQ(missing.exit_code, 66) << missing.err;
}

TEST(CheckProgram, LooksAtWhatTrainWouldGenerate) {
  const TestFolder folder;
  const json report = check_of(folder, {"--synthetic.rows=600", "--synthetic.test_rows=100"}, 0);
  EXPECT_EQ(report["rows"], json::parse(R"({"train": 600, "test": 100})"));
  EXPECT_EQ(report["plan"]["features"], 784);
}

const std::string kOdd =
    "height,color,note,twin,fixed,code,kind\n"
    "1,red,5,1,7,p,a\n"
    "2,blue,6,2,7,q,b\n"
    ",red,5,,7,p,a\n"
    "4,green,6,4,7,q,b\n"
    "1,red,5,1,7,p,a\n"
    "9e5,red,about 5,9e5,7,p,a\n"
    "3,red,5,3,7,p,a\n"
    "2,red,5,2,7,p,a\n";

TEST(CheckProgram, SaysWhatTrainingWouldRefuse) {
  const TestFolder folder;
  folder.write("a.csv", kOdd);
  const Words keys{"--data.train=a.csv", "--model.type=logistic"};
  const json report = check_of(folder, keys, 65);
  const auto found = findings_of(report);
  for (const char* expected :
       {"error text column 'color': 8 cells of text, the first 'red'; set preprocess.encode or "
        "data.ignore",
        "error text column 'note': 1 cell of text among numbers, the first 'about 5'; set "
        "preprocess.encode, data.missing or data.ignore",
        "error missing column 'height': 1 missing cell; set preprocess.impute or data.ignore"}) {
    EXPECT_EQ(found.count(expected), 1U) << expected;
  }
  EXPECT_EQ(report["errors"], 5);
  EXPECT_TRUE(report["plan"].is_null());
  EXPECT_EQ(report["findings"][1]["places"], json::parse(R"(["a.csv:7:3"])"));
  EXPECT_EQ(report["findings"][3]["places"], json::parse(R"(["a.csv:4:1"])"));
  EXPECT_EQ(report["findings"][0]["places"],
            json::parse(R"(["a.csv:2:2", "a.csv:3:2", "a.csv:4:2", "a.csv:5:2", "a.csv:6:2",
                            "a.csv:7:2", "a.csv:8:2", "a.csv:9:2"])"));
  const ProgramRun text = run_program(folder.path(), 2, Words{"check"} + keys);
  EXPECT_EQ(text.exit_code, 65);
  EXPECT_NE(text.err.find("\nerror: missing: column 'height': 1 missing cell; set "
                          "preprocess.impute or data.ignore (a.csv:4:1)\n"),
            std::string::npos)
      << text.err;
  const std::string last = "lockstep: error: check: 5 errors found\n";
  EXPECT_EQ(text.err.substr(text.err.size() - last.size()), last);

  // With text encoded, a column that mixes it with numbers must still be named.
  const json encoded = check_of(
      folder, keys + Words{"--preprocess.encode=onehot", "--preprocess.impute=median"}, 65);
  EXPECT_EQ(encoded["errors"], 1);
  EXPECT_EQ(
      finding_of(encoded, "text")["message"],
      "column 'note': 1 cell of text among numbers, the first 'about 5'; name it in "
      "data.categorical, data.numeric or data.ignore, or its texts in data.missing: here it is "
      "taken as categories");
  const json bayes = check_of(folder, {"--data.train=a.csv", "--model.type=naive_bayes"}, 0);
  EXPECT_EQ(finding_of(bayes, "mixed")["message"],
            "column 'note': 1 cell of text among numbers, the first 'about 5'; the column is taken "
            "as categories");
}

TEST(CheckProgram, NamesTheFirstOfManyColumns) {
  const TestFolder folder;
  std::string header;
  std::string row;
  for (int j = 0; j < 25; ++j) {
    header += fmt::format("t{},", j);
    row += "some,";
  }
  folder.write("a.csv", header + "kind\n" + row + "a\n" + row + "b\n");
  const json report = check_of(folder, {"--data.train=a.csv", "--model.type=logistic"}, 65);
  EXPECT_EQ(report["errors"], 21);
  const auto found = findings_of(report);
  EXPECT_EQ(found.count("error text column 't19': 2 cells of text, the first 'some'; set "
                        "preprocess.encode or data.ignore"),
            1U);
  EXPECT_EQ(found.count("error text the same of 5 columns more: 't20', 't21', 't22', 't23', 't24'"),
            1U);
  EXPECT_EQ(found.count("warning constant 25 columns with one value in all rows: 't0', 't1', 't2', "
                        "'t3', 't4' and 20 more"),
            1U);
}

TEST(CheckProgram, ReadsOnBehindRowsThatCannotBeRead) {
  const TestFolder folder;
  std::string rows = flowers(0, 300);
  for (int i = 0; i < 23; ++i) rows += i % 2 == 0 ? "1,2,red\n" : "1,2,red,\xff\n";
  folder.write("a.csv", rows);
  folder.write("b.csv", flowers(300, 400) + "1,2,red,rose,5\n");
  Words keys = kClean;
  const json report = check_of(folder, keys, 65, kTeams);
  EXPECT_EQ(report["errors"], 22);
  EXPECT_EQ(report["rows"], json::parse(R"({"train": 300, "test": 100})"));
  EXPECT_EQ(report["findings"][0]["message"],
            "expected 4 fields as in the header, found 3, in the row '1,2,red'");
  EXPECT_EQ(report["findings"][0]["places"], json::parse(R"(["a.csv:302"])"));
  EXPECT_EQ(report["findings"][1]["message"],
            "class '\\xff' in column 'kind' is not UTF-8; convert the file, in the row "
            "'1,2,red,\\xff'");
  EXPECT_EQ(report["findings"][1]["places"], json::parse(R"(["a.csv:303:4"])"));
  EXPECT_EQ(report["findings"][20]["message"], "3 rows more cannot be read");
  EXPECT_EQ(report["findings"][21]["places"], json::parse(R"(["b.csv:102"])"));
  // A training that leaves them out is warned, and planned.
  keys.insert(keys.end(), {"--data.on_bad_row=skip", "--data.quarantine=bad.jsonl"});
  const json skipped = check_of(folder, keys, 0);
  EXPECT_GE(skipped["warnings"], 22);
  EXPECT_FALSE(skipped["plan"].is_null());
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "bad.jsonl")) << "nothing is written";
}

/// A mixed column ends the training even where it leaves out bad rows, and is no reason to see
/// nothing else.
TEST(CheckProgram, LooksBehindAMixedColumnWhereBadRowsAreLeftOut) {
  const TestFolder folder;
  folder.write("a.csv",
               "x,color,kind\n1,red,a\n2,blue,b\nabout 5,red,a\n4,blue\n,red,b\n6,red,a\n");
  const Words keys{"--data.train=a.csv", "--model.type=softmax", "--preprocess.encode=onehot",
                   "--data.on_bad_row=skip"};
  const json report = check_of(folder, keys, 65);
  EXPECT_EQ(
      finding_of(report, "text")["message"],
      "column 'x': 1 cell of text among numbers, the first 'about 5'; name it in "
      "data.categorical, data.numeric or data.ignore, or its texts in data.missing: here it is "
      "taken as categories");
  EXPECT_EQ(finding_of(report, "text")["places"], json::parse(R"(["a.csv:4:1"])"));
  EXPECT_EQ(report["errors"], 1);
  const auto found = findings_of(report);
  EXPECT_EQ(found.count("warning unreadable expected 3 fields as in the header, found 2, in the "
                        "row '4,blue'"),
            1U);
  EXPECT_EQ(found.count("warning unreadable missing value in column 'x'; set preprocess.impute or "
                        "data.ignore, in the row ',red,b'"),
            1U);
  EXPECT_EQ(report["rows"], json::parse(R"({"train": 4})"));
  EXPECT_EQ(report["classes"]["a"]["train"], 3);
  EXPECT_TRUE(report["plan"].is_null());
  const json named = check_of(folder, keys + Words{"--data.categorical=x"}, 0);
  EXPECT_FALSE(named["plan"].is_null());
}

/// A user who has not asked to leave rows out is not told that they were.
TEST(CheckProgram, SaysThatNoRowCanBeRead) {
  const TestFolder folder;
  std::string rows = "a,b,kind\n";
  for (int i = 0; i < 30; ++i) rows += "1,p\n";
  folder.write("a.csv", rows);
  Words keys{"--data.train=a.csv", "--model.type=logistic"};
  const json report = check_of(folder, keys, 65);
  const json& findings = report["findings"];
  ASSERT_EQ(findings.size(), 22U);
  EXPECT_EQ(report["errors"], 22);
  EXPECT_EQ(report["rows"], json::object());
  EXPECT_EQ(findings[0]["message"],
            "expected 3 fields as in the header, found 2, in the row '1,p'");
  EXPECT_EQ(findings[0]["places"], json::parse(R"(["a.csv:2"])"));
  EXPECT_EQ(findings[20]["message"], "10 rows more cannot be read");
  EXPECT_EQ(findings[21]["message"], "none of 30 rows of data.train can be read");
  EXPECT_EQ(report.dump().find("on_bad_row"), std::string::npos);

  const json skipped = check_of(folder, keys + Words{"--data.on_bad_row=skip"}, 65);
  EXPECT_EQ(skipped["errors"], 1);
  EXPECT_EQ(skipped["warnings"], 21);
  EXPECT_EQ(skipped["findings"][21]["severity"], "error");

  folder.write("b.csv", flowers(0, 300));
  folder.write("c.csv", "height,width,color,kind\n1,2,red\n");
  keys = kClean + Words{"--data.train=b.csv", "--data.test=c.csv"};
  keys.erase(keys.begin(), keys.begin() + 2);
  const json test = check_of(folder, keys, 65);
  EXPECT_EQ(test["findings"][0]["places"], json::parse(R"(["c.csv:2"])"));
  EXPECT_EQ(test["findings"][1]["message"], "none of 1 row of data.test can be read");
}

TEST(CheckProgram, FindsOddColumnsAndRows) {
  const TestFolder folder;
  folder.write("a.csv", kOdd);
  const json report =
      check_of(folder,
               {"--data.train=a.csv", "--model.type=logistic", "--preprocess.encode=onehot",
                "--preprocess.impute=median", "--data.categorical=note"},
               0);
  const std::set<std::string> expected{
      "warning constant 1 column with one value in all rows: 'fixed'",
      "warning equal_columns column 'height': says the same in every row as 'twin'",
      "warning equal_to_target column 'code': says the same in every row as the target 'kind'",
      "warning extreme column 'height': 1 cell beyond 10 interquartile ranges of the quartiles 1.5 "
      "and 3.5, the first 9e+05",
      "warning extreme column 'twin': 1 cell beyond 10 interquartile ranges of the quartiles 1.5 "
      "and "
      "3.5, the first 9e+05",
      "note duplicates 1 of 8 train rows is the same as an earlier one",
      "warning batch train.batch_size = 256 is more than the 8 training rows; all of them make one "
      "step"};
  EXPECT_EQ(findings_of(report), expected);
  EXPECT_EQ(finding_of(report, "duplicates")["places"], json::parse(R"(["a.csv:6 as a.csv:2"])"));
  EXPECT_EQ(finding_of(report, "equal_to_target")["columns"], json::parse(R"(["code"])"));
}

/// The commonest leak: 0 and 1 beside a target in words.
TEST(CheckProgram, FindsNumbersThatAreTheTargetByOtherNames) {
  const TestFolder folder;
  std::string rows = "copy,almost,kind\n";
  for (int i = 0; i < 60; ++i) {
    const bool is_good = i % 7 < 3;
    rows += fmt::format("{:d},{:d},{}\n", is_good, is_good || i == 41, is_good ? "good" : "bad");
  }
  folder.write("a.csv", rows);
  const json report = check_of(folder, {"--data.train=a.csv", "--model.type=logistic"}, 0, kTeams);
  const json finding = finding_of(report, "equal_to_target");
  EXPECT_EQ(finding["columns"], json::parse(R"(["copy"])"));
  EXPECT_EQ(finding["message"], "column 'copy': says the same in every row as the target 'kind'");
}

TEST(CheckProgram, ComparesTrainingAndTestRows) {
  const TestFolder folder;
  folder.write("a.csv", flowers(0, 800) + "1.5,1.5,gray,fern\n");
  folder.write("b.csv", flowers(800, 1200, 0.4) + "1.5,1.5,pink,moss\n" +
                            flowers(0, 3).substr(std::string("height,width,color,kind\n").size()) +
                            "1.5,1.5,gray,moss\n");
  Words keys = kClean;
  keys[2] = "--model.type=softmax";
  const json report = check_of(folder, keys, 0, kTeams);
  const json drift = finding_of(report, "drift");
  EXPECT_EQ(drift["severity"], "warning");
  EXPECT_EQ(drift["columns"], json::parse(R"(["height"])"));
  EXPECT_EQ(drift["message"].get<std::string>().find(
                "column 'height': is distributed otherwise in the test rows: PSI "),
            0U);
  EXPECT_GT(report["columns"]["height"]["drift"]["psi"].get<double>(), 0.25);
  EXPECT_LT(report["columns"]["height"]["drift"]["p"].get<double>(), 1e-6);
  const json unknown = finding_of(report, "unknown");
  EXPECT_EQ(unknown["severity"], "warning");
  EXPECT_EQ(unknown["message"],
            "column 'color': 1 test cell of a category that no training row has, the first 'pink', "
            "is 0 in all features of the column");
  EXPECT_EQ(unknown["places"], json::parse(R"(["b.csv:402:3"])"));
  EXPECT_EQ(finding_of(report, "classes")["message"],
            "a class of the target 'kind' without test rows: 'fern'");
  const json duplicates = finding_of(report, "duplicates");
  EXPECT_EQ(duplicates["severity"], "warning");
  EXPECT_EQ(duplicates["message"], "3 of 405 test rows are the same as a training row");
  EXPECT_EQ(duplicates["places"], json::parse(R"(["b.csv:403 as a.csv:2", "b.csv:404 as a.csv:3",
                                                  "b.csv:405 as a.csv:4"])"));
  EXPECT_EQ(finding_of(report, "contradicting")["places"],
            json::parse(R"(["b.csv:406 as a.csv:802"])"));
  const json refused = check_of(folder, keys + Words{"--preprocess.unknown=error"}, 65);
  EXPECT_EQ(finding_of(refused, "unknown")["severity"], "error");
}

TEST(CheckProgram, FindsWhatReadersWarnOf) {
  const TestFolder folder;
  std::string years = "2019,2020,t\n";
  std::string cells;
  for (int i = 0; i < 60; ++i) {
    years += fmt::format("{},{},{}\n", i * 7 % 60, i * 11 % 60, i % 2);
    cells += fmt::format("{} 1:{} 2:{}\n", i % 2, i * 7 % 60 + 1, i * 11 % 60 + 1);
  }
  folder.write("years.csv", years);
  folder.write("a.svm", cells);
  folder.write("b.svm", cells + "1 1:2 9:1\n0 8:3 9:3\n");
  const Words logistic{"--model.type=logistic"};
  const json names =
      finding_of(check_of(folder, logistic + Words{"--data.train=years.csv"}, 0), "reading");
  EXPECT_EQ(names["severity"], "warning");
  EXPECT_EQ(names["message"],
            "the first line names the columns, and these are numbers: '2019, 2020'; if it is a "
            "row, set data.header = no");
  EXPECT_EQ(names["places"], json::parse(R"(["years.csv"])"));
  const json beyond = finding_of(
      check_of(folder, logistic + Words{"--data.train=a.svm", "--data.test=b.svm"}, 0), "reading");
  EXPECT_EQ(beyond["message"],
            "3 cells in features beyond the model's 2 are left out, the first of index 9");
  EXPECT_EQ(beyond["places"], json::parse(R"(["b.svm:61"])"));
}

/// As `train` says it, and once.
TEST(CheckProgram, SaysWhatBecomesOfUnknownCategories) {
  const TestFolder folder;
  folder.write("a.csv", flowers(0, 300));
  folder.write("b.csv", flowers(300, 400) + "1.5,1.5,pink,moss\n1.5,1.25,teal,moss\n");
  const Words files{"--data.train=a.csv", "--data.test=b.csv"};
  const Words logistic = files + Words{"--model.type=logistic"};
  const std::string cells =
      "column 'color': 2 test cells of 2 categories that no training row has, the first 'pink'";
  const auto unknown_in = [&](const Words& keys, int exit_code) {
    return finding_of(check_of(folder, keys, exit_code), "unknown");
  };
  const Words ordinal = logistic + Words{"--preprocess.encode=ordinal"};
  const Words filled = ordinal + Words{"--preprocess.impute=most_frequent"};
  EXPECT_EQ(unknown_in(filled, 0)["message"], cells + ", are taken as missing");
  EXPECT_EQ(unknown_in(files + Words{"--model.type=naive_bayes"}, 0)["message"],
            cells + ", are taken as missing");
  const json refused = unknown_in(ordinal, 65);
  EXPECT_EQ(refused["severity"], "error");
  EXPECT_EQ(refused["message"],
            cells + ", are refused; ordinal takes them as missing, so set preprocess.impute");
  EXPECT_EQ(unknown_in(filled + Words{"--preprocess.unknown=error"}, 65)["message"],
            cells + ", are refused; set preprocess.unknown = zero to take them");
  const json hashed = check_of(folder, logistic + Words{"--preprocess.encode=hash"}, 0);
  for (const json& finding : hashed["findings"]) EXPECT_NE(finding["check"], "unknown");

  // No row is bad for its category.
  EXPECT_EQ(unknown_in(filled + Words{"--data.on_bad_row=skip"}, 0)["message"],
            cells + ", are taken as missing");
  EXPECT_EQ(unknown_in(ordinal + Words{"--data.on_bad_row=skip"}, 65)["severity"], "error");

  const ProgramRun text = run_program(folder.path(), 2, Words{"check"} + filled);
  EXPECT_EQ(text.err.find("pink"), text.err.rfind("pink")) << text.err;
}

TEST(CheckProgram, SaysWhatBecomesOfUnknownCategoriesThatWereSplitOff) {
  const TestFolder folder;
  std::string rows = flowers(0, 100);
  for (int i = 0; i < 40; ++i) rows += fmt::format("{},1.5,only {},moss\n", 1 + i * 0.01, i);
  folder.write("a.csv", rows);
  const Words files{"--data.train=a.csv", "--data.validation_fraction=0.2"};
  const auto end_of = [&](const Words& keys, int exit_code) {
    const json unknown = finding_of(check_of(folder, files + keys, exit_code), "unknown");
    const std::string message = unknown["message"].get<std::string>();
    EXPECT_NE(message.find(" cells of rows that were split off, of categories that no training row "
                           "has, the first 'only "),
              std::string::npos)
        << message;
    return message.substr(message.rfind(','));
  };
  EXPECT_EQ(end_of({"--model.type=logistic", "--preprocess.encode=onehot"}, 0),
            ", are 0 in all features of the column");
  const Words ordinal{"--model.type=logistic", "--preprocess.encode=ordinal",
                      "--preprocess.impute=most_frequent"};
  EXPECT_EQ(end_of(ordinal, 0), ", are taken as missing");
  EXPECT_EQ(end_of(ordinal + Words{"--preprocess.unknown=error"}, 65),
            ", are refused; set preprocess.unknown = zero to take them");
}

TEST(CheckProgram, SaysWhatCannotBeRead) {
  const TestFolder folder;
  folder.write("a.csv", flowers(0, 300));
  folder.write("bad.csv", "height,width,color,kind\n1,2,red,rose\n1,2,\"red,oak\n");
  const json train = check_of(folder, {"--data.train=bad.csv", "--model.type=softmax"}, 65);
  EXPECT_EQ(train["findings"].size(), 1U);
  EXPECT_EQ(finding_of(train, "unreadable")["message"],
            "bad.csv:3:3: expected a closing quote in column 'color', found '\"red,oak'");
  EXPECT_EQ(train["rows"], json::object());

  // Test rows of a class that is not known: their features are compared nevertheless.
  folder.write("b.csv", flowers(300, 400) + "1,2,red,oak\n" + "1,2,red,\n");
  Words keys = kClean;
  const json test = check_of(folder, keys, 65);
  EXPECT_EQ(test["errors"], 1);
  EXPECT_NE(finding_of(test, "unreadable")["message"].get<std::string>().find("b.csv:102:4: "),
            std::string::npos);
  EXPECT_EQ(test["rows"]["test"], 102);
  EXPECT_EQ(test["duplicates"][1]["contradicting"], 0);
  EXPECT_FALSE(test["plan"].is_null());

  folder.write("b.csv", flowers(300, 400) + "1,,red,rose\n");
  keys[4] = "--preprocess.impute=none";
  const json missing = check_of(folder, keys, 65);
  EXPECT_EQ(finding_of(missing, "missing")["message"],
            "column 'width': 1 missing cell in data.test; set preprocess.impute or data.ignore");
  EXPECT_EQ(finding_of(missing, "missing")["places"], json::parse(R"(["b.csv:102:2"])"));
}

/// Where one rank alone meets the error, other commands name it and its host.
TEST(CheckProgram, SaysTheSameOnAnyRanksOfAFileThatCannotBeRead) {
  const TestFolder folder;
  folder.write("twice.csv", "x,y,x,kind\n1,2,3,a\n");
  folder.write("empty.csv", "");
  const auto message_of = [&](const std::string& file) {
    const Words keys{"--data.train=" + file, "--model.type=logistic"};
    return finding_of(check_of(folder, keys, 65), "unreadable")["message"].get<std::string>();
  };
  EXPECT_EQ(message_of("twice.csv"), "twice.csv:1:3: duplicate column name 'x', first at column 1");
  EXPECT_EQ(message_of("empty.csv"),
            "empty.csv: empty file (data.train; relative paths start in the working directory, "
            "data.root is not set)");
}

TEST(CheckProgram, KnowsWhatThePreparationOfATrainingRefuses) {
  const TestFolder folder;
  folder.write("a.csv", "x,y,kind\n1,1e300,a\n2,5,b\n3,6,c\n");
  const json classes = check_of(folder, {"--data.train=a.csv", "--model.type=logistic"}, 65);
  EXPECT_EQ(finding_of(classes, "training")["message"],
            "target 'kind': model.type = logistic with model.loss = logistic takes two classes, "
            "found 3: 'a', 'b', 'c'; model.type = softmax takes any number");
  const json large = check_of(folder, {"--data.train=a.csv", "--model.type=softmax"}, 65);
  EXPECT_EQ(finding_of(large, "training")["message"],
            "a.csv:2: the value in column 'y' is too large for train.precision = float; scale the "
            "column or set double");
  folder.write("b.csv", "x,y,kind\n1,1,a\n2,5,b\n3,6,a\n");
  const json split =
      check_of(folder, {"--data.train=b.csv", "--model.type=softmax", "--data.folds=3"}, 65);
  EXPECT_EQ(finding_of(split, "split")["message"],
            "target 'kind': the one row of the class 'b' is in fold 2, and none is left to train "
            "on; leave it out, or find more rows of the class");
}

TEST(CheckProgram, SaysThatScalesDiffer) {
  const TestFolder folder;
  std::string text = "small,large,kind\n";
  for (int i = 0; i < 100; ++i) {
    text += fmt::format("{},{},{}\n", i * 0.001, 7000 + 13 * i, i % 7 < 3 ? "a" : "b");
  }
  folder.write("a.csv", text);
  const Words keys{"--data.train=a.csv", "--model.type=logistic", "--train.batch_size=32"};
  EXPECT_EQ(finding_of(check_of(folder, keys, 0), "scale")["message"],
            "columns of very different sizes are not scaled: 'large' is 7.65e+03 in root mean "
            "square, 'small' is 0.0573; set preprocess.scale = standard");
  const json scaled = check_of(folder, keys + Words{"--preprocess.scale=standard"}, 0);
  EXPECT_EQ(scaled["findings"], json::array());
}

TEST(CheckProgram, LeavesSparseRowsSparse) {
  const TestFolder folder;
  std::string train;
  for (int i = 0; i < 40; ++i) {
    train += fmt::format("{} {}:1 {}:2 900000:{}\n", i % 2, 1 + i % 7, 10 + i % 5, i + 1);
  }
  folder.write("a.svm", train + "0 1:1 10:2 900000:1\n");
  folder.write("b.svm", "1 3:1 20:4\n0 1:1 10:2 900000:1\n1 1000000:1\n");
  const json report = check_of(folder,
                               {"--data.train=a.svm", "--data.test=b.svm", "--model.type=logistic",
                                "--data.index_base=1", "--train.batch_size=8"},
                               0, kTeams);
  EXPECT_EQ(report["columns"], json::object());
  const auto found = findings_of(report);
  EXPECT_EQ(found.count("note never_named 899987 columns that no training row names: 'c7', 'c8', "
                        "'c14', 'c15', 'c16' and 899982 more"),
            1U)
      << report["findings"].dump(1);
  EXPECT_EQ(found.count("warning never_named 1 column that test rows name and no training row "
                        "does: 'c19'"),
            1U);
  EXPECT_EQ(found.count("warning duplicates 1 of 3 test rows is the same as a training row"), 1U);
  EXPECT_EQ(found.count("note duplicates 1 of 41 train rows is the same as an earlier one"), 1U);
  EXPECT_EQ(report["plan"]["features"], 900000);
}

}  // namespace
}  // namespace lockstep::trainer
