// `lockstep describe` as a user meets it.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/trainer/program_runner.hpp"

namespace lockstep::trainer {
namespace {

using nlohmann::json;
using test::run_program;
using test::TestFolder;

const std::string kFlowers =
    "height,color,note,kind\n"
    "1,red,,a\n"
    "2,\"light, blue\",,b\n"
    ",red,,a\n"
    "4,,,b\n";

TEST(DescribeProgram, WritesWhatTheColumnsHold) {
  const TestFolder folder;
  folder.write("a.csv", kFlowers);
  const auto run = run_program(folder.path(), 0,
                               {"describe", "--data.train=a.csv", "--data.target=kind", "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.err, "");
  const json all = json::parse(run.out);
  EXPECT_EQ(all["rows"], 4);
  EXPECT_EQ(all["columns"].size(), 4U);
  const json height = all["columns"]["height"];
  EXPECT_EQ(height["type"], "number");
  EXPECT_EQ(height["count"], 3);
  EXPECT_EQ(height["missing"], 1);
  EXPECT_DOUBLE_EQ(height["mean"].get<double>(), 7.0 / 3);
  EXPECT_DOUBLE_EQ(height["std"].get<double>(), std::sqrt(7.0 / 3));
  EXPECT_EQ(height["min"], 1);
  EXPECT_EQ(height["q25"], 1.5);
  EXPECT_EQ(height["median"], 2);
  EXPECT_EQ(height["q75"], 3);
  EXPECT_EQ(height["max"], 4);
  EXPECT_TRUE(height["distinct"].is_null());
  // The bins of {1, 2, 4} tell a from b over three rows: log₂3 − ⅔.
  EXPECT_NEAR(height["mutual_information"].get<double>(), std::log2(3) - 2.0 / 3, 1e-12);
  const json color = all["columns"]["color"];
  EXPECT_EQ(color["type"], "category");
  EXPECT_EQ(color["distinct"], 2);
  EXPECT_EQ(color["missing"], 1);
  EXPECT_TRUE(color["mean"].is_null());
  EXPECT_EQ(all["columns"]["note"]["count"], 0);
  EXPECT_TRUE(all["columns"]["note"]["median"].is_null());
  EXPECT_EQ(all["columns"]["kind"]["mutual_information"], 1);
  EXPECT_EQ(all["correlation"]["columns"], json::parse(R"(["height", "note"])"));
  EXPECT_EQ(all["correlation"]["matrix"], json::parse("[[1, null], [null, null]]"));
}

TEST(DescribeProgram, PrintsTheSameForAnyRanksAndThreads) {
  const TestFolder folder;
  ASSERT_EQ(run_program(folder.path(), 0,
                        {"generate", "--synthetic.kind=blobs", "--synthetic.rows=3000",
                         "--synthetic.test_rows=0", "--output=data"})
                .exit_code,
            0);
  std::set<std::string> outputs;
  for (const auto& [ranks, threads] :
       std::vector<std::pair<int, int>>{{0, 2}, {1, 1}, {2, 1}, {3, 2}, {4, 1}, {7, 2}}) {
    const auto run = run_program(
        folder.path(), ranks,
        {"describe", "--data.train=data/train.csv", "--data.target=class", "--json"}, threads);
    ASSERT_EQ(run.exit_code, 0) << run.err;
    outputs.insert(run.out);
  }
  EXPECT_EQ(outputs.size(), 1U);
}

TEST(DescribeProgram, SaysWhichColumnsItTakesForCategories) {
  const TestFolder folder;
  folder.write("a.csv", "x,y\n1,2\nabout 3,4\n5,6\n");
  const auto run = run_program(folder.path(), 2, {"describe", "--data.train=a.csv"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.err,
            "warning: a.csv:3:1: column 'x': 2 numbers and 1 other texts, the first 'about 3', are "
            "taken as categories; a missing cell is an empty one\n");
  EXPECT_EQ(run.out.find("3 rows, 2 columns: 1 numbers, 1 categories\n"), 0U) << run.out;
  // Of several files, and where the numbers are the fewer.
  folder.write("b.csv", "x,y\n6,7\n8,c\n9,d\n");
  folder.write("c.csv", "x,y\n6,e\n8,f\n9,g\n");
  const auto several = run_program(folder.path(), 3, {"describe", "--data.train=[abc].csv"});
  EXPECT_EQ(several.err,
            "warning: a.csv:3:1: column 'x': 8 numbers and 1 other texts, the first 'about 3', are "
            "taken as categories; a missing cell is an empty one\n"
            "warning: a.csv:2:2: column 'y': 4 numbers, the first '2', and 5 other texts are taken "
            "as categories; a missing cell is an empty one\n");
}

// Squares of the first two, and sums of the third, are no doubles; what is said of them is.
TEST(DescribeProgram, DescribesHugeAndTinyNumbersAsOthers) {
  const TestFolder folder;
  folder.write("a.csv",
               "huge,tiny,large,most,x\n"
               "1e200,1e-200,1.7e308,-1.7e308,1\n"
               "2e200,2e-200,1.6e308,1.7e308,2\n"
               "3e200,3e-200,1.5e308,-1.7e308,3\n"
               "6e200,6e-200,1.2e308,1.7e308,6\n");
  std::set<std::string> outputs;
  for (const int ranks : {0, 3}) {
    const auto run =
        run_program(folder.path(), ranks, {"describe", "--data.train=a.csv", "--json"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(run.err,
              "warning: column 'most': its standard deviation is beyond the largest double\n");
    outputs.insert(run.out);
  }
  EXPECT_EQ(outputs.size(), 1U);
  const json all = json::parse(*outputs.begin());
  const json& x = all["columns"]["x"];
  for (const auto& [name, scale] :
       {std::pair{"huge", 1e200}, std::pair{"tiny", 1e-200}, std::pair{"large", 1e307}}) {
    const json& column = all["columns"][name];
    EXPECT_NEAR(column["std"].get<double>() / scale, x["std"].get<double>(), 1e-14);
    const double sign = name == std::string("large") ? -1 : 1;
    EXPECT_NEAR(column["skewness"].get<double>(), sign * x["skewness"].get<double>(), 1e-14);
    EXPECT_NEAR(column["kurtosis"].get<double>(), x["kurtosis"].get<double>(), 1e-14);
  }
  EXPECT_NEAR(all["columns"]["large"]["mean"].get<double>() / 1.5e308, 1, 1e-15);
  EXPECT_EQ(all["columns"]["most"]["mean"], 0);
  EXPECT_EQ(all["columns"]["most"]["median"], 0);
  EXPECT_TRUE(all["columns"]["most"]["std"].is_null());
  EXPECT_EQ(all["columns"]["most"]["kurtosis"], -2);
  const json& rho = all["correlation"]["matrix"];
  EXPECT_NEAR(rho[0][1].get<double>(), 1, 1e-15);
  EXPECT_NEAR(rho[1][2].get<double>(), -1, 1e-15);
  EXPECT_EQ(rho[3][3], 1);
}

TEST(DescribeProgram, TakesWhatTrainTakes) {
  const TestFolder folder;
  const auto digits = run_program(folder.path(), 2, {"describe", "--json", "--synthetic.rows=300"});
  ASSERT_EQ(digits.exit_code, 0) << digits.err;
  const json all = json::parse(digits.out);
  EXPECT_EQ(all["columns"].size(), 785U);
  EXPECT_EQ(all["columns"]["label"]["distinct"], 10);
  EXPECT_EQ(all["columns"]["p0"]["count"], 300);
}

// What train needs beside the data is no mistake in a file that commands share.
TEST(DescribeProgram, TakesTheConfigurationOfTrainButNotItsOptions) {
  const TestFolder folder;
  folder.write("a.csv", kFlowers);
  folder.write("a.ini",
               "[data]\ntrain = a.csv\ntest = none.csv\ntarget = kind\n"
               "[model]\ntype = naive_bayes\n[synthetic]\nrows = 7\n");
  const auto run = run_program(folder.path(), 2, {"describe", "--config=a.ini"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out.find("4 rows, 4 columns"), 0U) << run.out;
  const auto error_of = [&](const std::string& option) {
    const auto refused = run_program(folder.path(), 2, {"describe", "--config=a.ini", option});
    EXPECT_NE(refused.exit_code, 0);
    return refused.err;
  };
  for (const std::string key : {"data.test", "model.type", "synthetic.test_rows"}) {
    EXPECT_EQ(error_of("--" + key + "=1"), "lockstep: error: option '--" + key +
                                               "' has no effect on describe; see 'lockstep "
                                               "describe --help'\n");
  }
  EXPECT_EQ(error_of("--synthetic.rows=9"),
            "command line: error: synthetic.rows: has no effect on data files; remove it\n");
}

TEST(DescribeProgram, RefusesFilesBesideTheGenerator) {
  const TestFolder folder;
  folder.write("a.csv", kFlowers);
  const auto run =
      run_program(folder.path(), 2, {"describe", "--data.format=synthetic", "--data.train=a.csv"});
  EXPECT_EQ(run.exit_code, 78);
  EXPECT_EQ(run.err,
            "command line: error: data.train: has no effect on synthetic data; remove it\n");
}

TEST(DescribeProgram, AFullStandardOutputIsAnError) {
  const TestFolder folder;
  const std::string command = "cd '" + folder.path().string() + "' && '" + LOCKSTEP_PROGRAM +
                              "' describe --synthetic.rows=20 --json >/dev/full 2>err";
  const int status = std::system(command.c_str());
  EXPECT_EQ(WEXITSTATUS(status), 74);
  EXPECT_EQ(folder.read("err"), "lockstep: error: standard output: cannot write\n");
}

TEST(DescribeProgram, WantsToBeToldOfData) {
  const TestFolder folder;
  const auto run = run_program(folder.path(), 2, {"describe"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.err, "lockstep: error: describe: no data; name it with --data.train FILE\n");
}

TEST(DescribeProgram, RefusesATargetThatIsNotThere) {
  const TestFolder folder;
  folder.write("a.csv", kFlowers);
  const auto run =
      run_program(folder.path(), 2, {"describe", "--data.train=a.csv", "--data.target=knid"});
  EXPECT_EQ(run.exit_code, 78);
  EXPECT_EQ(run.err,
            "lockstep: error: data.target: no column 'knid' in the header of a.csv; did you mean "
            "'kind'?\n");
}

}  // namespace
}  // namespace lockstep::trainer
