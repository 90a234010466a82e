// LIBSVM files as a user meets them: what CSV and .npy files of the same numbers give.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "core/base/options.hpp"
#include "tests/core/data/idx_files.hpp"
#include "tests/core/format/npy_files.hpp"
#include "tests/trainer/program_runner.hpp"

namespace lockstep::trainer {
namespace {

using nlohmann::json;
using test::run_program;
using test::TestFolder;
using test::Words;
using test::operator+;

using Numbers = std::vector<double>;

constexpr Index kRows = 203;
constexpr Index kColumns = 9;

double cell(Index row, Index column) {
  const Index draw = (row * 37 + column * 101 + row * column * 7) % 23;
  return draw > 6 ? 0 : static_cast<double>(draw) / 4 - 0.5;
}

/// What is predicted: 0, 1, and 2 unless there are `classes` of them alone.
double label(Index row, Index classes) {
  double sum = 0;
  for (Index c = 0; c < kColumns; ++c) sum += cell(row, c) * static_cast<double>(c - 3);
  return sum < 0 ? 0 : classes == 2 || sum < 2 ? 1 : 2;
}

/// The rows as LIBSVM, the first feature at `base`.
std::string libsvm(Index base, Index classes, Index rows = kRows) {
  std::string text;
  for (Index r = 0; r < rows; ++r) {
    text += format_real(label(r, classes));
    for (Index c = 0; c < kColumns; ++c) {
      if (cell(r, c) != 0) text += fmt::format(" {}:{}", c + base, format_real(cell(r, c)));
    }
    text += r % 10 == 0 ? " # ten\n" : "\n";
  }
  return text;
}

std::string csv(Index classes) {
  std::string text = "c0,c1,c2,c3,c4,c5,c6,c7,c8,label\n";
  for (Index r = 0; r < kRows; ++r) {
    for (Index c = 0; c < kColumns; ++c) text += format_real(cell(r, c)) + ",";
    text += format_real(label(r, classes)) + "\n";
  }
  return text;
}

class LibsvmProgram : public ::testing::Test {
 protected:
  LibsvmProgram() {
    Numbers x;
    Numbers y;
    for (Index r = 0; r < kRows; ++r) {
      for (Index c = 0; c < kColumns; ++c) x.push_back(cell(r, c));
      y.push_back(label(r, 2));
    }
    folder_.write("a.svm", libsvm(1, 2));
    folder_.write("zero", libsvm(0, 2));
    folder_.write("a.csv", csv(2));
    folder_.write("x.npy", lockstep::test::npy_matrix(x, kColumns));
    folder_.write("y.npy", lockstep::test::npy_vector<double>("<f8", y));
  }

  test::ProgramRun run(const Words& words, int ranks = 0) const {
    test::ProgramRun result = run_program(folder_.path(), ranks, words);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result;
  }

  std::string error_of(const Words& words, int exit_code, int ranks = 0) const {
    const test::ProgramRun result = run_program(folder_.path(), ranks, words);
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    return result.err;
  }

  /// The result of a training with these words.
  json fit(const Words& words, int ranks = 0) const {
    Words all{"train", "--output.dir=run", "--overwrite"};
    all.insert(all.end(), words.begin(), words.end());
    run(all, ranks);
    return json::parse(folder_.read("run/result.json"));
  }

  /// The same in a few steps.
  json train(Words words, int ranks = 0) const {
    words.insert(words.end(), {"--train.epochs=2", "--train.batch_size=32", "--train.lanes=8"});
    return fit(words, ranks);
  }

  std::string parameters(const Words& words, int ranks = 0) const {
    return train(words, ranks)["parameters_sha256"];
  }

  std::string model_option(const std::string& key) const {
    return json::parse(run({"inspect", "run/model.safetensors", "--json"}).out)["options"][key];
  }

  const TestFolder folder_;
};

TEST_F(LibsvmProgram, ModelsAreThoseOfDenseFilesOnAnyRanks) {
  for (const char* type : {"linear", "logistic", "softmax", "svm", "mlp", "naive_bayes"}) {
    SCOPED_TRACE(type);
    const bool descends = type != std::string("naive_bayes");
    const auto of = [&](Words words, int ranks) -> std::string {
      words.push_back(std::string("--model.type=") + type);
      return (descends ? train(words, ranks) : fit(words, ranks))["parameters_sha256"];
    };
    const std::string expected = of({"--data.train=a.csv"}, 0);
    EXPECT_EQ(of({"--data.train=x.npy", "--data.train_labels=y.npy"}, 2), expected);
    EXPECT_EQ(of({"--data.train=zero"}, 2), expected);
    for (const int ranks : {0, 1, 2, 3, 4, 7}) {
      EXPECT_EQ(of({"--data.train=a.svm"}, ranks), expected) << ranks << " ranks";
    }
  }
}

// Blocks of 1024 parameters hold pieces of the panels of 16 units that the weights of the first
// layer are stored in, and none of their borders coincide here.
TEST_F(LibsvmProgram, HiddenLayersLearnFromSparseRowsAsFromDenseOnes) {
  std::string dense;
  std::string sparse;
  for (Index c = 0; c < 300; ++c) dense += fmt::format("c{},", c);
  dense += "label\n";
  for (Index r = 0; r < 90; ++r) {
    sparse += std::to_string(r % 3);
    for (Index c = 0; c < 300; ++c) {
      const double value = (r * 31 + c * 17 + r * c) % 29 == 0 || (c == 299 && r == 0) ? 0.5 : 0;
      dense += format_real(value) + ",";
      if (value != 0) sparse += fmt::format(" {}:{}", c + 1, format_real(value));
    }
    dense += fmt::format("{}\n", r % 3);
    sparse += "\n";
  }
  folder_.write("dense.csv", dense);
  folder_.write("sparse.svm", sparse);
  for (const char* hidden : {"17", "37", "100"}) {
    for (const char* optimizer : {"adam", "sgd"}) {
      std::set<std::string> parameters;
      for (const char* file : {"dense.csv", "sparse.svm"}) {
        for (const int ranks : {0, 3}) {
          run({"train", "--model.type=mlp", std::string("--model.hidden=") + hidden,
               std::string("--train.optimizer=") + optimizer, "--train.epochs=3",
               "--train.batch_size=8", std::string("--data.train=") + file, "--output.dir=hidden",
               "--overwrite"},
              ranks);
          parameters.insert(
              json::parse(folder_.read("hidden/result.json")).at("parameters_sha256"));
        }
      }
      EXPECT_EQ(parameters.size(), 1U) << hidden << ' ' << optimizer;
    }
  }
}

TEST_F(LibsvmProgram, FoldsAndWeightsOfClassesAreThoseOfDenseFiles) {
  for (const Words& how : {Words{"--data.folds=3", "--data.stratify=yes"},
                           Words{"--data.validation_fraction=0.2", "--data.test_fraction=0.1"}}) {
    const auto of = [&](const std::string& file, int ranks) {
      json result = train(
          Words{"--model.type=softmax", "--train.class_weight=0:3,1:0.5", "--data.train=" + file} +
              how,
          ranks);
      for (json& fold : result["folds"]) fold.erase("rows_per_second");
      result.erase("rows_per_second");
      return result;
    };
    const json expected = of("a.csv", 0);
    for (const int ranks : {0, 2, 3, 4}) EXPECT_EQ(of("a.svm", ranks), expected) << ranks;
  }
}

TEST_F(LibsvmProgram, PreprocessesAsOfCsv) {
  // All keys that have nothing to do, as no cell is missing or text.
  const Words how{"--model.type=softmax", "--preprocess.impute=mean", "--preprocess.encode=onehot"};
  std::set<std::string> models;
  for (const char* file : {"--data.train=a.csv", "--data.train=a.svm"}) {
    Words words = how;
    words.emplace_back(file);
    models.insert(parameters(words, 2));
  }
  EXPECT_EQ(models.size(), 1U);
}

TEST_F(LibsvmProgram, ZerosStayZeros) {
  folder_.write("p.csv", "c0,c1,label\n0,2.5,0\n1,0,1\n0,0,1\n7,3,0\n");
  folder_.write("p.svm", "0 2:2.5\n1 1:1\n1\n0 1:7 2:3\n");
  EXPECT_EQ(
      parameters({"--data.train=p.svm", "--preprocess.scale=log1p", "--model.type=softmax"}, 2),
      parameters({"--data.train=p.csv", "--preprocess.scale=log1p", "--model.type=softmax"}));
  for (const char* scale : {"standard", "minmax", "robust"}) {
    EXPECT_EQ(error_of({"train", "--data.train=p.svm", "--model.type=softmax",
                        std::string("--preprocess.scale=") + scale},
                       78, 3),
              std::string("command line: error: preprocess.scale: ") + scale +
                  " would fill the zeros of sparse rows; take none or log1p, or data that is not "
                  "sparse\n");
  }
  // A model of dense rows takes sparse ones to be measured, whatever its scale.
  run({"train", "--data.train=p.csv", "--model.type=softmax", "--preprocess.scale=standard",
       "--output.dir=run", "--overwrite"});
  const Words evaluate{"evaluate", "--model=run/model.safetensors", "--json"};
  const auto with = [&](const char* file) {
    Words words = evaluate;
    words.emplace_back(file);
    return words;
  };
  EXPECT_EQ(run(with("--data.test=p.svm"), 2).out, run(with("--data.test=p.csv")).out);
}

TEST_F(LibsvmProgram, GzipIsReadAsItsContent) {
  folder_.write("b.gz", lockstep::test::gzip(folder_.read("a.svm")));
  const Words how{"--model.type=logistic", "--data.train=a.svm"};
  const std::string expected = parameters(how);
  for (const int ranks : {0, 3}) {
    EXPECT_EQ(parameters({"--model.type=logistic", "--data.train=b.gz"}, ranks), expected);
  }
}

TEST_F(LibsvmProgram, TheModelRemembersTheIndexBase) {
  train({"--model.type=logistic", "--data.train=zero"});
  EXPECT_EQ(model_option("data.index_base"), "0");
  const std::string model = folder_.read("run/model.safetensors");
  EXPECT_NE(folder_.read("run/config.ini").find("index_base = 0"), std::string::npos);
  train({"--model.type=logistic", "--data.train=zero", "--data.index_base=0"}, 2);
  EXPECT_EQ(folder_.read("run/model.safetensors"), model);
  // No index of these rows is 0, but those of the training rows begin there.
  folder_.write("t", "1 1:5 2:-3\n0 8:1\n");
  folder_.write("t.svm", "1 2:5 3:-3\n0 9:1\n");
  const Words evaluate{"evaluate", "--model=run/model.safetensors", "--json"};
  const auto evaluated = [&](const Words& more) {
    Words words = evaluate;
    words.insert(words.end(), more.begin(), more.end());
    return run(words, 2).out;
  };
  const std::string expected = evaluated({"--data.test=t"});
  EXPECT_EQ(evaluated({"--data.test=t", "--data.index_base=auto"}), expected);
  // Other files may begin elsewhere, when that is said.
  EXPECT_EQ(evaluated({"--data.test=t.svm", "--data.index_base=1"}), expected);

  train({"--model.type=logistic", "--data.train=a.svm", "--data.test=t.svm"});
  EXPECT_EQ(model_option("data.index_base"), "1");
  EXPECT_EQ(json::parse(evaluated({"--data.test=t.svm"})),
            json::parse(folder_.read("run/result.json"))["test"]);
  EXPECT_EQ(error_of({"evaluate", "--model=run/model.safetensors", "--data.test=zero"}, 65, 2)
                .substr(0, 21),
            "lockstep: error: zero");
}

TEST_F(LibsvmProgram, EvaluatesAndPredictsAsOfCsv) {
  train({"--model.type=softmax", "--data.train=a.csv"});
  const Words evaluate{"evaluate", "--model=run/model.safetensors", "--json"};
  const std::string expected =
      run({"evaluate", "--model=run/model.safetensors", "--json", "--data.test=a.csv"}).out;
  const auto evaluated =
      run({"evaluate", "--model=run/model.safetensors", "--json", "--data.test=a.svm"}, 3);
  EXPECT_EQ(evaluated.out, expected);
  // A model of CSV does not know where indices begin.
  EXPECT_EQ(evaluated.err, "a.svm: indices begin at 1 (data.index_base)\n");
  run({"predict", "--model=run/model.safetensors", "--data.test=a.csv", "--output=p.csv"});
  for (const char* file : {"a.svm", "zero"}) {
    run({"predict", "--model=run/model.safetensors", std::string("--data.test=") + file,
         "--output=q.csv"},
        3);
    EXPECT_EQ(folder_.read("q.csv"), folder_.read("p.csv"));
  }
  train({"--model.type=softmax", "--data.train=a.svm"});
  EXPECT_EQ(run({"evaluate", "--model=run/model.safetensors", "--json", "--data.test=a.csv"}).out,
            expected);
}

TEST_F(LibsvmProgram, SplitRowsAreFoundAgainInOtherFormats) {
  for (const char* trained_on : {"a.csv", "a.svm"}) {
    train({"--model.type=softmax", std::string("--data.train=") + trained_on,
           "--data.test_fraction=0.2"});
    std::set<std::string> measured;
    for (const char* file : {"a.csv", "a.svm"}) {
      measured.insert(run({"evaluate", "--model=run/model.safetensors", "--json",
                           std::string("--data.train=") + file})
                          .out);
    }
    EXPECT_EQ(measured.size(), 1U) << trained_on;
  }
}

TEST_F(LibsvmProgram, FilesAreKnownByContentAndName) {
  folder_.write("marked", "\xEF\xBB\xBF" + libsvm(1, 2));
  folder_.write("zeros.svm.gz", lockstep::test::gzip("0\n1\n0\n1 1:1\n"));
  const std::string expected = run({"describe", "--json", "--data.train=a.svm"}).out;
  EXPECT_EQ(run({"describe", "--json", "--data.train=marked"}).out, expected);
  // Its first rows could be a CSV file of one column.
  EXPECT_EQ(json::parse(run({"describe", "--json", "--data.train=zeros.svm.gz"}).out)
                .at("columns")
                .size(),
            2U);
}

TEST_F(LibsvmProgram, AnIndexThatMakesATableTooWideIsTold) {
  folder_.write("wide.svm", "1 1:1\n2 1100000:1\n1 2:1\n2 1100000:1\n");
  for (const int ranks : {0, 3}) {
    const std::string said = run({"train", "--model.type=softmax", "--train.epochs=1",
                                  "--data.train=wide.svm", "--output.dir=wide", "--overwrite"},
                                 ranks)
                                 .err;
    EXPECT_EQ(said.substr(0, said.find('\n')),
              "warning: wide.svm:2: the index 1100000 makes 1100000 features, more than there are "
              "cells; each takes some 0.5 KB of memory on each rank");
  }
}

TEST_F(LibsvmProgram, CellsBeyondTheModelAreCounted) {
  train({"--model.type=logistic", "--data.train=a.svm"});
  folder_.write("t.svm", "# rows\n1 1:2\n0 3:1 40:1 12:3\n1 10:1 11:0\n");
  const auto evaluated =
      run({"evaluate", "--model=run/model.safetensors", "--data.test=t.svm", "--json"}, 2);
  EXPECT_EQ(evaluated.err,
            "warning: t.svm:3: 3 cells in features beyond the model's 9 are left out, the first of "
            "index 12\n");
  folder_.write("u.svm", "1 1:2\n0 3:1\n1\n");
  EXPECT_EQ(run({"evaluate", "--model=run/model.safetensors", "--data.test=u.svm", "--json"}).out,
            evaluated.out);
}

TEST_F(LibsvmProgram, DescribesAndDecomposesAsCsv) {
  const std::string expected =
      run({"describe", "--json", "--data.train=a.csv", "--data.target=label"}).out;
  for (const int ranks : {0, 3}) {
    EXPECT_EQ(run({"describe", "--json", "--data.train=a.svm"}, ranks).out, expected);
  }
  EXPECT_EQ(run({"describe", "--json", "--data.train=zero"}).err,
            "zero: indices begin at 0 (data.index_base)\n");
  std::set<std::string> summaries;
  for (const Words& data :
       {Words{"--data.train=a.csv", "--data.target=label"}, Words{"--data.train=a.svm"}}) {
    Words words{"decompose", "--method=pca", "--components=2", "--output.dir=out", "--overwrite"};
    words.insert(words.end(), data.begin(), data.end());
    run(words, 2);
    summaries.insert(folder_.read("out/summary.json"));
  }
  EXPECT_EQ(summaries.size(), 1U);
}

TEST_F(LibsvmProgram, KeysWithoutEffectAreRefused) {
  const auto refused = [&](const Words& words) {
    Words all{"train", "--model.type=softmax"};
    all.insert(all.end(), words.begin(), words.end());
    return error_of(all, 78);
  };
  for (const char* key :
       {"data.target=label", "data.ignore=c1", "data.categorical=c1", "data.numeric=c1",
        "data.missing=?", "data.train_labels=y.npy", "data.delimiter=tab", "data.header=no"}) {
    const std::string name(key, std::string(key).find('='));
    EXPECT_EQ(refused({"--data.train=a.svm", std::string("--") + key}),
              "command line: error: " + name + ": has no effect on LIBSVM files; remove it\n");
  }
  EXPECT_EQ(refused({"--data.train=a.csv", "--data.index_base=0"}),
            "command line: error: data.index_base: has no effect on CSV files; remove it\n");
  EXPECT_EQ(refused({"--data.train=x.npy", "--data.index_base=0"}),
            "command line: error: data.index_base: has no effect on .npy files; remove it\n");
  EXPECT_EQ(refused({"--data.index_base=1"}),
            "command line: error: data.index_base: has no effect on synthetic data; remove it\n");
}

TEST_F(LibsvmProgram, TheFormatThatIsAskedForIsNotGuessed) {
  EXPECT_EQ(error_of({"train", "--data.train=a.csv", "--data.format=libsvm"}, 65),
            "lockstep: error: a.csv:1:1: expected one label a row, found "
            "'c0,c1,c2,c3,c4,c5,c6,c7,c8,label'\n");
  EXPECT_EQ(error_of({"train", "--data.train=zero", "--data.format=csv"}, 65).substr(0, 22),
            "lockstep: error: zero:");
  folder_.write("times.csv", "1 10:30\n2 11:45\n");
  EXPECT_EQ(
      json::parse(
          run({"describe", "--json", "--data.train=times.csv", "--data.format=csv"}).out)["columns"]
          .size(),
      1U);
}

TEST_F(LibsvmProgram, ModelsOfOtherColumnsAreRefused) {
  folder_.write("b.csv", "x,z,y\n1,2,0\n2,1,1\n3,3,0\n");
  train({"--model.type=logistic", "--data.train=b.csv"});
  EXPECT_EQ(error_of({"evaluate", "--model=run/model.safetensors", "--data.test=a.svm"}, 65),
            "lockstep: error: a.svm: the features of a LIBSVM file are c0, c1, …, but the model "
            "has 'x' in place of c0; give it a CSV file\n");
  folder_.write("k.csv", "c0,c1,y\nred,2,0\nblue,1,1\nred,3,0\n");
  run({"train", "--model.type=naive_bayes", "--data.train=k.csv", "--output.dir=run",
       "--overwrite"});
  EXPECT_EQ(error_of({"evaluate", "--model=run/model.safetensors", "--data.test=a.svm"}, 65),
            "lockstep: error: the model has categories in the column 'c0', which a LIBSVM file "
            "cannot hold\n");
  EXPECT_EQ(
      error_of({"decompose", "--method=ratings", "--data.train=a.svm", "--output.dir=out"}, 65),
      "lockstep: error: a.svm: a LIBSVM file, where CSV or .npy is needed\n");
}

}  // namespace
}  // namespace lockstep::trainer
