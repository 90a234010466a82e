// What the real data sets must give, by the configurations that ship.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "core/data/csv_fields.hpp"
#include "core/data/csv_records.hpp"
#include "core/format/safetensors.hpp"
#include "core/format/sha256.hpp"
#include "core/linalg/matrix.hpp"
#include "core/optimize/optimizer.hpp"
#include "core/parallel/ranges.hpp"
#include "tests/trainer/program_runner.hpp"

namespace lockstep::trainer {
namespace {

using nlohmann::json;
using test::run_program;
using test::TestFolder;

std::string config(const std::string& name) {
  return "--config=" + std::string(LOCKSTEP_SOURCE_DIR) + "/configs/" + name + ".ini";
}

json result_of(const TestFolder& folder, const std::string& name,
               const std::vector<std::string>& options = {}) {
  std::vector<std::string> arguments{"train", config(name), "--output.dir=" + name};
  arguments.insert(arguments.end(), options.begin(), options.end());
  // A busy machine takes long for five folds; only what hangs is to be ended.
  const test::ProgramRun run = run_program(folder.path(), 2, arguments, 1, 300);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return json::parse(folder.read(name + "/result.json"));
}

/// The white wines as numbers: 11 features and the quality.
Eigen::MatrixXd wines() {
  std::ifstream file(std::string(std::getenv("LOCKSTEP_DATA")) +
                     "/wine-quality/winequality-white.csv");
  std::string line;
  std::getline(file, line);
  std::vector<double> values;
  while (std::getline(file, line)) {
    std::stringstream cells(line);
    std::string cell;
    while (std::getline(cells, cell, ',')) values.push_back(std::stod(cell));
  }
  using Rows = Eigen::Matrix<double, Eigen::Dynamic, 12, Eigen::RowMajor>;
  return Eigen::Map<Rows>(values.data(), static_cast<Eigen::Index>(values.size()) / 12, 12);
}

/// The measures of wines, each with mean 0 and deviation 1.
Eigen::MatrixXd standardized(const Eigen::MatrixXd& data) {
  Eigen::MatrixXd x = data.leftCols(11).rowwise() - data.leftCols(11).colwise().mean();
  for (Eigen::Index c = 0; c < 11; ++c) {
    x.col(c) /= std::sqrt(x.col(c).squaredNorm() / static_cast<double>(x.rows()));
  }
  return x;
}

TEST(RealData, DescentOnWinesIsTheLeastSquaresSolution) {
  const TestFolder folder;
  const json result = result_of(folder, "wine-quality");
  EXPECT_NEAR(result["train"]["r2"].get<double>(), 0.28187, 1e-4);  // scikit-learn's
  const Eigen::MatrixXd data = wines();
  const Eigen::MatrixXd x = standardized(data);
  const Eigen::VectorXd y = data.col(11).array() - data.col(11).mean();
  const Eigen::VectorXd expected = x.colPivHouseholderQr().solve(y);
  const SafetensorsFile model = read_safetensors(folder.file("wine-quality/model.safetensors"));
  const std::vector<double> weights = model.tensor("layers.0.weight", {1, 11}).values();
  for (Eigen::Index c = 0; c < 11; ++c) {
    EXPECT_NEAR(weights[static_cast<std::size_t>(c)], expected[c], 1e-4) << "column " << c;
  }
  EXPECT_NEAR(model.tensor("layers.0.bias", {1}).values()[0], data.col(11).mean(), 1e-4);
}

TEST(RealData, RidgeOnWinesIsTheSolutionAndItsPenaltyIsCrossValidated) {
  const TestFolder folder;
  result_of(folder, "wine-ridge", {"--data.folds=none"});
  const Eigen::MatrixXd data = wines();
  const Eigen::MatrixXd x = standardized(data);
  const Eigen::VectorXd y = data.col(11).array() - data.col(11).mean();
  // The minimum of Σ(y − xw)²/(2n) + λ·Σw².
  const auto n = static_cast<double>(x.rows());
  const Eigen::MatrixXd normal =
      x.transpose() * x / n + 2 * 0.003 * Eigen::MatrixXd::Identity(11, 11);
  const Eigen::VectorXd expected = normal.ldlt().solve(x.transpose() * y / n);
  const SafetensorsFile model = read_safetensors(folder.file("wine-ridge/model.safetensors"));
  const std::vector<double> weights = model.tensor("layers.0.weight", {1, 11}).values();
  for (Eigen::Index c = 0; c < 11; ++c) {
    EXPECT_NEAR(weights[static_cast<std::size_t>(c)], expected[c], 1e-4) << "column " << c;
  }
  std::set<std::string> results;
  for (const int ranks : {1, 3}) {
    const std::string name = "sweep" + std::to_string(ranks);
    const auto run = run_program(folder.path(), ranks,
                                 {"sweep", config("wine-ridge"), "--output.dir=" + name}, 1, 300);
    ASSERT_EQ(run.exit_code, 0) << run.err;
    results.insert(folder.read(name + "/result.json"));
  }
  ASSERT_EQ(results.size(), 1U);
  const json trials = json::parse(*results.begin())["trials"];
  EXPECT_EQ(trials[0]["values"]["penalty.l2"], "0.003");
  EXPECT_NEAR(trials[0]["mean"].get<double>(), 0.7527, 1e-3);
  EXPECT_EQ(trials[5]["values"]["penalty.l2"], "3");
}

TEST(RealData, ASearchForANetworkFindsOne) {
  const TestFolder folder;
  const auto run =
      run_program(folder.path(), 2, {"sweep", config("wdbc-sweep"), "--output.dir=run"}, 1, 300);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const json result = json::parse(folder.read("run/result.json"));
  EXPECT_EQ(result["trials"].size(), 27U);
  // 27, 9 and 3 trials; at two epochs some are better than the last are in the end.
  for (std::size_t place = 0; place < 27; ++place) {
    EXPECT_EQ(result["trials"][place]["epochs"], place < 3 ? 18 : place < 9 ? 6 : 2) << place;
  }
  EXPECT_LT(result["trials"][0]["mean"], 0.1);
  EXPECT_EQ(result["paired_test"]["degrees_of_freedom"], 4);
}

TEST(RealData, EveryOptimizerLearnsWithItsDefaultRate) {
  for (const OptimizerEntry& optimizer : optimizer_entries()) {
    SCOPED_TRACE(optimizer.name);
    const TestFolder folder;
    const std::vector<std::string> options{"--train.optimizer=" + optimizer.name,
                                           "--train.learning_rate=auto"};
    EXPECT_GE(result_of(folder, "iris", options)["train"]["accuracy"].get<double>(), 0.9);
    EXPECT_GE(result_of(folder, "wdbc", options)["train"]["accuracy"].get<double>(), 0.97);
    EXPECT_GE(result_of(folder, "wine-quality", options)["train"]["r2"].get<double>(), 0.275);
  }
}

TEST(RealData, SmallSetsAreLearned) {
  const TestFolder folder;
  EXPECT_GE(result_of(folder, "iris")["train"]["accuracy"].get<double>(), 0.96);
  EXPECT_GE(result_of(folder, "wdbc")["train"]["accuracy"].get<double>(), 0.97);
  EXPECT_GE(result_of(folder, "magic04")["train"]["accuracy"].get<double>(), 0.86);
}

TEST(RealData, NaiveBayesLearnsFromTextAndGaps) {
  const TestFolder folder;
  const json result = result_of(folder, "titanic");
  EXPECT_EQ(result["train"]["rows"], 891);
  EXPECT_GE(result["train"]["accuracy"].get<double>(), 0.77);
  const test::ProgramRun predicted =
      run_program(folder.path(), 2,
                  {"predict", "--model=titanic/model.safetensors", "--data.test=titanic/test.csv",
                   "--output=survived.csv"});
  EXPECT_EQ(predicted.exit_code, 0) << predicted.err;
}

TEST(RealData, RegressionOnFilledAndEncodedColumnsIsLeastSquares) {
  const TestFolder folder;
  // scikit-learn's least squares: 0.64545 with one-hot ocean_proximity and median bedrooms, 0.68618
  // with one-hot season, month, hour, weekday and weather.
  const json houses = result_of(folder, "california-housing");
  EXPECT_NEAR(houses["train"]["r2"].get<double>(), 0.64545, 0.001);
  EXPECT_EQ(houses["parameters"], 8 + 5 + 1);
  EXPECT_NEAR(result_of(folder, "bike-sharing")["train"]["r2"].get<double>(), 0.68618, 0.001);
  const test::ProgramRun evaluated =
      run_program(folder.path(), 3,
                  {"evaluate", "--model=california-housing/model.safetensors", "--json",
                   "--data.test=california-housing/housing.csv"});
  ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
  EXPECT_NEAR(json::parse(evaluated.out)["r2"].get<double>(), 0.64545, 0.001);
}

TEST(RealData, LogisticRegressionLearnsFromTheTextOfAdult) {
  const TestFolder folder;
  const json result = result_of(folder, "adult");
  EXPECT_EQ(result["train"]["rows"], 32561 - 6512);
  EXPECT_EQ(result["test"]["rows"], 6512);  // round(0.2·32561)
  EXPECT_GE(result["test"]["accuracy"].get<double>(), 0.84);
  const test::ProgramRun evaluated = run_program(
      folder.path(), 3, {"evaluate", "--model=adult/model.safetensors", config("adult"), "--json"});
  ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
  EXPECT_EQ(json::parse(evaluated.out), result["test"]);
}

TEST(RealData, LogisticRegressionLearnsFromSparseRows) {
  const TestFolder folder;
  const json adult = result_of(folder, "a9a");
  EXPECT_EQ(adult["parameters"], 124);
  EXPECT_EQ(adult["test"]["rows"], 16281);
  EXPECT_GE(adult["test"]["accuracy"].get<double>(), 0.847);
  const json ads = result_of(folder, "farm-ads");
  EXPECT_EQ(ads["folds"].size(), 5U);
  EXPECT_GE(ads["mean"]["test"]["accuracy"].get<double>(), 0.89);
}

TEST(RealData, BinaryFilesGiveTheModelsOfTheirSources) {
  const TestFolder folder;
  // Configuration, and the files of its training rows.
  for (const auto& [name, rows] : std::vector<std::pair<std::string, std::string>>{
           {"adult", "adult/adult.csv"},
           {"titanic", "titanic/train.csv"},
           {"california-housing", "california-housing/housing.csv"},
           {"bike-sharing", "bike-sharing/Bike Sharing Dataset.csv"},
           {"a9a", "a9a/a9a"},
           {"farm-ads", "farm-ads/derived/farm-ads.svm"}}) {
    SCOPED_TRACE(name);
    const std::string binary = folder.file(name + ".lsd");
    const test::ProgramRun converted =
        run_program(folder.path(), 2, {"convert", rows, binary, config(name)});
    EXPECT_EQ(converted.exit_code, 0) << converted.err;
    std::vector<std::string> options{"--overwrite"};
    if (name != "titanic") options.emplace_back("--train.epochs=2");
    const json expected = result_of(folder, name, options);
    options.push_back("--data.train=" + binary);
    json found = result_of(folder, name, options);
    const auto facts = [](json result) {
      result.erase("rows_per_second");
      for (json& fold : result["folds"]) fold.erase("rows_per_second");
      return result;
    };
    EXPECT_EQ(facts(found), facts(expected));
  }
}

TEST(RealData, DescribesTextAndGaps) {
  const TestFolder folder;
  const test::ProgramRun run = run_program(
      folder.path(), 3,
      {"describe", "--data.train=titanic/train.csv", "--data.target=Survived", "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const json columns = json::parse(run.out)["columns"];
  EXPECT_EQ(columns["Age"]["missing"], 177);
  EXPECT_NEAR(columns["Age"]["mean"].get<double>(), 29.69911764705882, 1e-12);  // numpy's
  EXPECT_NEAR(columns["Age"]["std"].get<double>(), 14.526497332334042, 1e-12);
  EXPECT_EQ(columns["Cabin"]["distinct"], 147);
  EXPECT_NEAR(columns["Sex"]["mutual_information"].get<double>(), 0.2177, 1e-4);
}

/// The rows of a CSV file as objects, all values texts, from `parts` ranges of its bytes.
json objects_of(const std::string& path, Index parts) {
  const InputFile input{path, static_cast<Index>(std::filesystem::file_size(path))};
  CsvFieldReader fields;
  std::vector<CsvField> row;
  std::vector<std::string> names;
  json objects = json::array();
  bool quoted = false;
  for (Index part = 0; part < parts; ++part) {
    RangeFile file(input);
    const Range range = even_part(input.size, parts, part);
    CsvRecordReader records(file, range, 0, quoted);
    for (CsvRecord record; records.next(record);) {
      EXPECT_FALSE(fields.take_all(record.text, row));
      json object = json::object();
      for (std::size_t i = 0; i < row.size(); ++i) {
        if (names.size() < row.size() && objects.empty()) {
          names.emplace_back(row[i].text);
        } else {
          object[names.at(i)] = row[i].text;
        }
      }
      if (!object.empty()) objects.push_back(object);
    }
    quoted ^= count_csv(file, range).quotes % 2 != 0;
  }
  return objects;
}

TEST(RealData, CsvSpectrumReadsAsItsJsonSays) {
  const std::string folder = std::string(std::getenv("LOCKSTEP_DATA")) + "/csv-spectrum";
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/csvs")) {
    const std::string name = entry.path().stem().string();
    if (name == "location_coordinates") continue;  // its JSON is of another file
    std::ifstream expected(folder + "/json/" + name + ".json");
    const json rows = json::parse(expected);
    for (const Index parts : {1, 2, 3, 7}) {
      EXPECT_EQ(objects_of(entry.path().string(), parts), rows) << name << " in " << parts;
    }
    ++compared;
  }
  EXPECT_EQ(compared, 11);
  const TestFolder work;
  const test::ProgramRun run = run_program(
      work.path(), 2, {"describe", "--data.train=" + folder + "/csvs/location_coordinates.csv"});
  EXPECT_EQ(run.exit_code, 65);
  EXPECT_NE(run.err.find("expected no quote inside an unquoted field"), std::string::npos)
      << run.err;
}

/// What the model of these files is told by: the hash of all labels, columns and values.
std::string data_hash_of(const TestFolder& folder, const std::vector<std::string>& options) {
  std::vector<std::string> arguments{"train", "--model.type=softmax", "--train.epochs=1",
                                     "--output.dir=hashed", "--overwrite"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  const test::ProgramRun trained = run_program(folder.path(), 2, arguments);
  EXPECT_EQ(trained.exit_code, 0) << trained.err;
  const test::ProgramRun run =
      run_program(folder.path(), 0, {"inspect", "hashed/model.safetensors", "--json"});
  return json::parse(run.out)["data_hash"];
}

std::string refused_libsvm(const TestFolder& folder, const std::string& file) {
  const test::ProgramRun run = run_program(
      folder.path(), 2, {"describe", "--data.format=libsvm", "--data.train=svmlight-edge/" + file});
  EXPECT_EQ(run.exit_code, 65) << file;
  const std::string::size_type name = run.err.find(file);
  return name == std::string::npos ? run.err : run.err.substr(name + file.size());
}

TEST(RealData, SvmlightFilesAreReadAsScikitLearnReadsThem) {
  const TestFolder folder;
  // Rows and columns of load_svmlight_file.
  std::vector<std::vector<double>> rows(6, std::vector<double>(21));
  rows[0][2] = 2.5;
  rows[0][10] = -5.2;
  rows[0][15] = 1.5;
  rows[1][5] = 1.0;
  rows[1][12] = -3;
  rows[2][20] = 27;
  rows[3][1] = 1.234567890123456e10;
  const std::vector<int> labels{1, 2, 3, 4, 1, 2};
  std::string csv;
  for (std::size_t c = 0; c < 21; ++c) csv += fmt::format("c{},", c);
  csv += "label\n";
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (const double value : rows[r]) csv += fmt::format("{},", value);
    csv += fmt::format("{}\n", labels[r]);
  }
  folder.write("a.csv", csv);
  EXPECT_EQ(data_hash_of(folder, {"--data.train=svmlight-edge/svmlight_classification.txt"}),
            data_hash_of(folder, {"--data.train=" + folder.file("a.csv")}));

  EXPECT_EQ(refused_libsvm(folder, "svmlight_invalid.txt"),
            ":1:1: expected a number as the label, found 'python'\n");
  EXPECT_EQ(refused_libsvm(folder, "svmlight_multilabel.txt"),
            ":2:1: expected one label a row, found '1,0'\n");
  // Indices may stand in any order here.
  const test::ProgramRun run =
      run_program(folder.path(), 2,
                  {"describe", "--json", "--data.train=svmlight-edge/svmlight_invalid_order.txt"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const json columns = json::parse(run.out)["columns"];
  EXPECT_EQ(columns.size(), 16U);
  EXPECT_EQ(columns["c1"]["mean"], -5.2);
  EXPECT_EQ(columns["c4"]["mean"], 2.5);
  EXPECT_EQ(columns["c14"]["mean"], 1.5);
}

TEST(RealData, A9aHasItsSizesAndItsTestRowsFit) {
  const TestFolder folder;
  const test::ProgramRun run =
      run_program(folder.path(), 3,
                  {"train", "--data.train=a9a/a9a", "--data.test=a9a/a9a.t",
                   "--model.type=logistic", "--train.epochs=5", "--output.dir=a9a"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.err.find("left out"), std::string::npos) << run.err;
  const json result = json::parse(folder.read("a9a/result.json"));
  EXPECT_EQ(result["train"]["rows"], 32561);
  EXPECT_EQ(result["test"]["rows"], 16281);
  EXPECT_EQ(result["parameters"], 123 + 1);
  EXPECT_GE(result["test"]["accuracy"].get<double>(), 0.845);
  // a9a.t does not mention feature 123, and takes its width from the model.
  const test::ProgramRun evaluated =
      run_program(folder.path(), 2,
                  {"evaluate", "--model=a9a/model.safetensors", "--json", "--data.test=a9a/a9a.t"});
  ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
  EXPECT_EQ(evaluated.err, "");
  EXPECT_EQ(json::parse(evaluated.out), result["test"]);
  const test::ProgramRun described =
      run_program(folder.path(), 2, {"describe", "--json", "--data.train=a9a/a9a.t"});
  ASSERT_EQ(described.exit_code, 0) << described.err;
  const json columns = json::parse(described.out)["columns"];
  EXPECT_EQ(columns.size(), 122U + 1);
  double cells = 0;
  for (const auto& [name, column] : columns.items()) {
    if (name != "label") cells += column["mean"].get<double>() * 16281;
  }
  EXPECT_NEAR(cells, 225731, 1e-6);
  EXPECT_NEAR(columns["label"]["mean"].get<double>(), (3846.0 - 12435.0) / 16281, 1e-12);
}

std::string described(const TestFolder& folder, const std::string& file) {
  const test::ProgramRun run =
      run_program(folder.path(), 0, {"describe", "--data.train=" + file, "--json"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return run.out;
}

std::string refused(const TestFolder& folder, const std::string& file) {
  const test::ProgramRun run =
      run_program(folder.path(), 0, {"describe", "--data.train=npy-edge/" + file});
  EXPECT_EQ(run.exit_code, 65) << file;
  EXPECT_EQ(run.out, "");
  const std::string::size_type name = run.err.find(file);
  EXPECT_NE(name, std::string::npos) << run.err;
  return name == std::string::npos ? run.err : run.err.substr(name + file.size());
}

TEST(RealData, ArraysOfOtherProgramsAreRead) {
  const TestFolder folder;
  const auto csv = [&](const std::string& content) {
    folder.write("a.csv", content);
    return described(folder, folder.file("a.csv"));
  };
  const std::string one = csv("c0\n42\n");
  const std::string rows = csv("c0,c1,c2\n0,1,2\n3,4,5\n");
  const std::string rows_of_columns = csv("c0,c1,c2\n0,2,4\n1,3,5\n");  // the same elements
  const std::string column = csv("c0\n0\n1\n2\n3\n4\n5\n");
  for (const char* type : {"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
                           "float32", "float64"}) {
    for (const char order : {'c', 'f'}) {
      const auto name = [&](const char* shape) {
        return fmt::format("npyio/data_{}_{}_{}order.npy", type, shape, order);
      };
      SCOPED_TRACE(name("2x3"));
      EXPECT_EQ(described(folder, "npy-edge/" + name("1x1")), one);
      EXPECT_EQ(described(folder, "npy-edge/" + name("2x3")),
                order == 'c' ? rows : rows_of_columns);
      EXPECT_EQ(described(folder, "npy-edge/" + name("6x1")), column);
      EXPECT_EQ(refused(folder, name("scalar")),
                ": expected an array of rows, found a single number, of shape ()\n");
    }
  }
  const std::string ones = csv("c0\n1\n1\n");
  EXPECT_EQ(described(folder, "npy-edge/numpy/python3.npy"), ones);
  EXPECT_EQ(described(folder, "npy-edge/numpy/win64python2.npy"), ones);  // the shape is (2L,)
}

TEST(RealData, ArraysThatAreNoTablesOfNumbersAreRefused) {
  const TestFolder folder;
  EXPECT_EQ(refused(folder, "npyio/data_float64_2x3x4_corder.npy"),
            ": expected one dimension or two, found 3, of shape (2, 3, 4); save "
            "a.reshape(len(a), -1)\n");
  EXPECT_EQ(refused(folder, "npyio/nans_inf.npy"),
            "[1]: expected a finite number or nan in column 'c0', found -inf\n");
  const std::vector<std::pair<const char*, const char*>> objects{
      {"numpy/py2-objarr.npy", "|O8"},
      {"numpy/py3-objarr.npy", "|O8"},
      {"npyio/ragged-array.npy", "|O"},
      {"npyio/ragged-array-mixed.npy", "|O"}};
  for (const auto& [name, descr] : objects) {
    EXPECT_EQ(refused(folder, name),
              std::string(": expected numbers, found Python objects (dtype '") + descr +
                  "'); pickles are never opened; save "
                  "a.astype('f8')\n");
  }
  for (const char* name : {"numpy/py2-objarr.npz", "numpy/py3-objarr.npz",
                           "npyio/data_float64_corder.npz", "npyio/data_float64_forder.npz"}) {
    EXPECT_EQ(refused(folder, name),
              ": a zip archive, as .npz files are; save each array in a .npy file of its own, with "
              "numpy.save\n");
  }
}

TEST(RealData, SoftmaxRegressionLearnsMnistWithEqualBytes) {
  const TestFolder folder;
  std::set<std::string> models;
  for (const int ranks : {1, 2, 3}) {
    const std::string name = "mnist" + std::to_string(ranks);
    const test::ProgramRun run = run_program(folder.path(), ranks,
                                             {"train", config("mnist"), "--model.type=softmax",
                                              "--train.epochs=2", "--output.dir=" + name});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    models.insert(sha256_hex(folder.read(name + "/model.safetensors")));
    const json result = json::parse(folder.read(name + "/result.json"));
    EXPECT_GE(result["test"]["accuracy"].get<double>(), 0.90);
  }
  EXPECT_EQ(models.size(), 1U);
}

TEST(RealData, FashionMnistEndsEarlyAndKeepsTheBest) {
  const TestFolder folder;
  const test::ProgramRun run =
      run_program(folder.path(), 2, {"train", config("fashion-mnist"), "--output.dir=run"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const json result = json::parse(folder.read("run/result.json"));
  EXPECT_LT(result["epochs"], 30);
  EXPECT_EQ(result["epochs"], result["best"]["epoch"].get<int>() + 5);
  EXPECT_GE(result["test"]["accuracy"].get<double>(), 0.89);
  EXPECT_GE(result["best"]["value"].get<double>(), 0.89);
}

/// C = 1, the intercept penalised as liblinear does: Σ of its objective is known.
TEST(RealData, LbfgsFindsTheMinimumOfLiblinearOnA9a) {
  const TestFolder folder;
  constexpr double kRows = 32561;
  std::set<std::string> models;
  for (const int ranks : {1, 2, 3}) {
    const std::string name = "a9a" + std::to_string(ranks);
    const test::ProgramRun run =
        run_program(folder.path(), ranks,
                    {"train", config("a9a-lbfgs"), "--penalty.bias=true", "--output.dir=" + name});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_NE(run.err.find("lbfgs has converged after iteration "), std::string::npos) << run.err;
    models.insert(sha256_hex(folder.read(name + "/model.safetensors")));
    const json result = json::parse(folder.read(name + "/result.json"));
    EXPECT_NEAR(result["train"]["objective"].get<double>() * kRows / 10529.311404, 1, 1e-6);
    EXPECT_NEAR(result["test"]["accuracy"].get<double>(), 0.8499, 1e-3);
  }
  EXPECT_EQ(models.size(), 1U);
}

TEST(RealData, LargeBatchesByLambAreAsGoodAsSmallOnes) {
  const TestFolder folder;
  const auto accuracy = [&](const char* name) {
    const test::ProgramRun run =
        run_program(folder.path(), 2, {"train", config(name), std::string("--output.dir=") + name});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    const json result = json::parse(folder.read(std::string(name) + "/result.json"));
    return result["test"]["accuracy"].get<double>();
  };
  EXPECT_GE(accuracy("mnist-large-batch"), accuracy("mnist") - 0.003);
}

}  // namespace
}  // namespace lockstep::trainer
