// .npy files as a user meets them: what CSV files of the same numbers give.

#include "core/format/npy.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "core/base/options.hpp"
#include "core/format/sha256.hpp"
#include "tests/core/data/idx_files.hpp"
#include "tests/core/format/npy_files.hpp"
#include "tests/trainer/program_runner.hpp"

namespace lockstep::trainer {
namespace {

using lockstep::test::bytes_of;
using lockstep::test::npy_dictionary;
using lockstep::test::npy_file;
using lockstep::test::npy_matrix;
using lockstep::test::npy_vector;
using nlohmann::json;
using test::run_program;
using test::TestFolder;
using test::Words;

using Numbers = std::vector<double>;

constexpr Index kRows = 303;
constexpr Index kColumns = 4;

/// Rows of three features and a class of 0, 1, 2 that follows from them; small integers, which all
/// types of elements hold.
Numbers example() {
  Numbers rows;
  for (Index i = 0; i < kRows; ++i) {
    const Index a = i * 7 % 11;
    const Index b = i * i % 13;
    const Index c = i % 5;
    for (const Index x : {a, b, c, (a + b) / 8}) rows.push_back(static_cast<double>(x));
  }
  return rows;
}

/// NaN is an empty cell.
std::string csv_of(const Numbers& rows, const std::string& header) {
  const auto columns = static_cast<std::size_t>(std::count(header.begin(), header.end(), ',') + 1);
  std::string text = header + "\n";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!std::isnan(rows[i])) text += format_real(rows[i]);
    text += (i + 1) % columns == 0 ? '\n' : ',';
  }
  return text;
}

/// Column `c` of the example, or all but this one.
Numbers column(const Numbers& rows, Index c) {
  Numbers values;
  for (Index i = c; i < static_cast<Index>(rows.size()); i += kColumns) {
    values.push_back(rows[static_cast<std::size_t>(i)]);
  }
  return values;
}

Numbers without_last(const Numbers& rows) {
  Numbers values;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i % kColumns != kColumns - 1) values.push_back(rows[i]);
  }
  return values;
}

template <class T>
std::string matrix_of_type(const char* descr, const Numbers& rows) {
  const std::vector<T> elements(rows.begin(), rows.end());
  return npy_file(npy_dictionary(descr, npy_shape({kRows, kColumns})), bytes_of(elements));
}

/// The numbers behind the header of a file of doubles.
Numbers numbers_in(const std::string& file) {
  const std::size_t begin =
      10 + static_cast<unsigned char>(file[8]) + 256U * static_cast<unsigned char>(file[9]);
  Numbers numbers((file.size() - begin) / sizeof(double));
  std::memcpy(numbers.data(), file.data() + begin, numbers.size() * sizeof(double));
  return numbers;
}

class NpyProgram : public ::testing::Test {
 protected:
  NpyProgram() {
    const Numbers rows = example();
    folder_.write("a.csv", csv_of(rows, "c0,c1,c2,c3"));
    folder_.write("a.npy", npy_matrix(rows, kColumns));
    folder_.write("x.npy", npy_matrix(without_last(rows), kColumns - 1, true));
    folder_.write("y.npy", npy_vector<double>("<f8", column(rows, 3)));
  }

  test::ProgramRun run(const Words& words, int ranks = 0, int threads = 1) const {
    test::ProgramRun result = run_program(folder_.path(), ranks, words, threads);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result;
  }

  /// Trains with these words and returns the hash of the model.
  std::string fitted(const Words& words, int ranks = 0, int threads = 1) const {
    Words all{"train", "--output.dir=run", "--overwrite"};
    all.insert(all.end(), words.begin(), words.end());
    run(all, ranks, threads);
    return sha256_hex(folder_.read("run/model.safetensors"));
  }

  /// The same in a few steps.
  std::string model_of(const Words& words, int ranks = 0, int threads = 1) const {
    Words all{"--train.epochs=2", "--train.batch_size=32", "--train.lanes=8"};
    all.insert(all.end(), words.begin(), words.end());
    return fitted(all, ranks, threads);
  }

  std::string error_of(const Words& words, int exit_code) const {
    const auto result = run_program(folder_.path(), 0, words);
    EXPECT_EQ(result.exit_code, exit_code);
    return result.err;
  }

  const TestFolder folder_;
};

TEST_F(NpyProgram, ModelsAreThoseOfCsvForAnyTypeAndOrder) {
  const Numbers rows = example();
  for (const char* type : {"softmax", "linear"}) {
    const std::string model = std::string("--model.type=") + type;
    const std::string expected = model_of({"--data.train=a.csv", model});
    const std::vector<std::string> files{npy_matrix(rows, kColumns),
                                         npy_matrix(rows, kColumns, true),
                                         matrix_of_type<std::int8_t>("|i1", rows),
                                         matrix_of_type<std::int16_t>("<i2", rows),
                                         matrix_of_type<std::int32_t>("<i4", rows),
                                         matrix_of_type<std::int64_t>("<i8", rows),
                                         matrix_of_type<std::uint8_t>("|u1", rows),
                                         matrix_of_type<std::uint16_t>("<u2", rows),
                                         matrix_of_type<std::uint32_t>("<u4", rows),
                                         matrix_of_type<std::uint64_t>("<u8", rows),
                                         matrix_of_type<float>("<f4", rows)};
    for (const std::string& file : files) {
      folder_.write("b.npy", file);
      EXPECT_EQ(model_of({"--data.train=b.npy", model}), expected) << file.substr(0, 60);
    }
    // The target may be another column, and some may be left out.
    const Words others{"--data.target=c1", "--data.ignore=c2", model};
    const auto with = [&](const char* file) {
      Words words = others;
      words.emplace_back(file);
      return words;
    };
    EXPECT_EQ(model_of(with("--data.train=a.npy")), model_of(with("--data.train=a.csv")));
    // Columns of CSV without names are numbered too.
    const std::string unnamed = csv_of(rows, "c0,c1,c2,c3");
    folder_.write("h.csv", unnamed.substr(unnamed.find('\n') + 1));
    EXPECT_EQ(model_of({"--data.train=h.csv", "--data.header=no", model}), expected);
    // A file of labels is a column of that name.
    folder_.write("l.csv", csv_of(rows, "c0,c1,c2,label"));
    EXPECT_EQ(model_of({"--data.train=x.npy", "--data.train_labels=y.npy", model}),
              model_of({"--data.train=l.csv", model}));
  }
}

TEST_F(NpyProgram, ModelsAreTheSameForAnyRanksAndThreads) {
  std::set<std::string> whole;
  std::set<std::string> labelled;
  for (const int ranks : {0, 1, 2, 3, 4, 7}) {
    for (const int threads : {1, 2}) {
      whole.insert(model_of({"--data.train=a.npy", "--model.type=softmax"}, ranks, threads));
      labelled.insert(
          model_of({"--data.train=x.npy", "--data.train_labels=y.npy", "--model.type=softmax"},
                   ranks, threads));
    }
  }
  EXPECT_EQ(whole.size(), 1U);
  EXPECT_EQ(labelled.size(), 1U);
}

TEST_F(NpyProgram, EvaluatesAndPredictsAsOfCsv) {
  model_of({"--data.train=a.npy", "--data.test=a.npy", "--model.type=softmax"});
  const std::string expected =
      run({"evaluate", "--model=run/model.safetensors", "--data.test=a.csv", "--json"}).out;
  EXPECT_EQ(json::parse(expected), json::parse(folder_.read("run/result.json"))["test"]);
  EXPECT_EQ(
      run({"evaluate", "--model=run/model.safetensors", "--data.test=a.npy", "--json"}, 3).out,
      expected);
  EXPECT_EQ(run({"evaluate", "--model=run/model.safetensors", "--data.test=x.npy",
                 "--data.test_labels=y.npy", "--json"},
                2)
                .out,
            expected);
  EXPECT_EQ(error_of({"evaluate", "--model=run/model.safetensors", "--data.test=x.npy"}, 78),
            "lockstep: error: data.test_labels: x.npy has no column 'c3', the target of the model; "
            "name files of labels\n");

  run({"predict", "--model=run/model.safetensors", "--data.test=a.csv", "--output=p.csv"});
  const std::string predictions = folder_.read("p.csv");
  for (const char* file : {"--data.test=a.npy", "--data.test=x.npy"}) {
    run({"predict", "--model=run/model.safetensors", file, "--output=q.csv"}, 3);
    EXPECT_EQ(folder_.read("q.csv"), predictions);
  }
}

TEST_F(NpyProgram, PredictionsOfClassesAreTheColumnsOfCsv) {
  model_of({"--data.train=a.npy", "--model.type=softmax"});
  const Words predict{"predict", "--model=run/model.safetensors", "--data.test=x.npy"};
  const auto predict_to = [&](const Words& more, int ranks) {
    Words words = predict;
    words.insert(words.end(), more.begin(), more.end());
    return run(words, ranks);
  };
  std::set<std::string> files;
  for (const int ranks : {0, 2, 3}) {
    EXPECT_EQ(predict_to({"--output=p.npy"}, ranks).err, "303 predictions in p.npy\n");
    files.insert(folder_.read("p.npy"));
  }
  ASSERT_EQ(files.size(), 1U);
  const std::string& file = *files.begin();
  EXPECT_TRUE(file.starts_with(npy_header(NpyType::f64, {kRows, 4})));
  predict_to({"--output=p.csv"}, 2);
  EXPECT_EQ(csv_of(numbers_in(file), "prediction,p_0,p_1,p_2"), folder_.read("p.csv"));
  // --format says it whatever the name is.
  predict_to({"--output=other", "--format=npy"}, 1);
  EXPECT_EQ(folder_.read("other"), file);
  predict_to({"--output=other.npy", "--format=csv"}, 1);
  EXPECT_EQ(folder_.read("other.npy"), folder_.read("p.csv"));
  EXPECT_EQ(error_of({"predict", "--model=run/model.safetensors", "--output=o", "--format=idx"}, 2),
            "lockstep: error: --format: unknown value 'idx'; known: csv, npy; see 'lockstep "
            "predict --help'\n");
}

TEST_F(NpyProgram, PredictionsOfNumbersAreAVector) {
  model_of({"--data.train=a.npy", "--model.type=linear", "--preprocess.target_scale=standard"});
  run({"predict", "--model=run/model.safetensors", "--data.test=a.npy", "--output=p.npy"}, 2);
  const std::string file = folder_.read("p.npy");
  EXPECT_TRUE(file.starts_with(npy_header(NpyType::f64, {kRows})));
  run({"predict", "--model=run/model.safetensors", "--data.test=a.npy", "--output=p.csv"});
  EXPECT_EQ(csv_of(numbers_in(file), "prediction"), folder_.read("p.csv"));
  // They may be the targets of another run.
  EXPECT_EQ(json::parse(run({"evaluate", "--model=run/model.safetensors", "--data.test=x.npy",
                             "--data.test_labels=p.npy", "--json"})
                            .out)["mse"],
            0.0);
}

TEST_F(NpyProgram, ClassesWithNamesAreNumbered) {
  folder_.write("t.csv", "c0,kind\n1,b\n2,a\n3,b\n4,c\n1,a\n");
  model_of({"--data.train=t.csv", "--model.type=softmax"});
  const auto result =
      run({"predict", "--model=run/model.safetensors", "--data.test=t.csv", "--output=p.npy"}, 2);
  EXPECT_EQ(result.err,
            "column 0 numbers the classes, from 'a' = 0 to 'c' = 2, as lockstep inspect --json "
            "lists them\n5 predictions in p.npy\n");
  const Numbers numbers = numbers_in(folder_.read("p.npy"));
  run({"predict", "--model=run/model.safetensors", "--data.test=t.csv", "--output=p.csv"});
  std::istringstream lines(folder_.read("p.csv"));
  std::string line;
  std::getline(lines, line);
  for (std::size_t i = 0; std::getline(lines, line); ++i) {
    EXPECT_EQ(std::string("abc").find(line[0]), static_cast<std::size_t>(numbers[4 * i])) << line;
  }
  // Numbers that a double cannot tell apart are names.
  folder_.write("t.csv", "c0,id\n1,9007199254740993\n2,9007199254740992\n");
  model_of({"--data.train=t.csv", "--model.type=softmax"});
  EXPECT_EQ(
      run({"predict", "--model=run/model.safetensors", "--data.test=t.csv", "--output=p.npy"}).err,
      "column 0 numbers the classes, from '9007199254740992' = 0 to '9007199254740993' = 1, as "
      "lockstep inspect --json lists them\n2 predictions in p.npy\n");
}

TEST_F(NpyProgram, SupportVectorsHaveAScore) {
  folder_.write("s.csv", "c0,c1\n1,5\n2,5\n3,7\n4,7\n1,5\n");
  model_of({"--data.train=s.csv", "--model.type=svm"});
  run({"predict", "--model=run/model.safetensors", "--data.test=s.csv", "--output=p.npy"}, 2);
  run({"predict", "--model=run/model.safetensors", "--data.test=s.csv", "--output=p.csv"});
  EXPECT_EQ(csv_of(numbers_in(folder_.read("p.npy")), "prediction,score"), folder_.read("p.csv"));
}

TEST_F(NpyProgram, DescribesAndDecomposesAsCsv) {
  Numbers rows = example();
  for (std::size_t i = 1; i < rows.size(); i += 17) rows[i] = std::nan("");
  folder_.write("g.csv", csv_of(rows, "c0,c1,c2,c3"));
  folder_.write("g.npy", npy_matrix(rows, kColumns, true));
  for (const Words& more :
       {Words{"describe", "--json"}, Words{"describe", "--json", "--data.target=c2"},
        Words{"describe", "--data.ignore=c1"}}) {
    Words words = more;
    words.emplace_back("--data.train=g.csv");
    const std::string expected = run(words).out;
    words.back() = "--data.train=g.npy";
    for (const int ranks : {0, 3}) EXPECT_EQ(run(words, ranks).out, expected);
  }
  // A file of labels is described as a column, missing cells and all.
  folder_.write("l.csv", csv_of(rows, "c0,c1,c2,label"));
  folder_.write("gx.npy", npy_matrix(without_last(rows), kColumns - 1));
  folder_.write("gy.npy", npy_vector<double>("<f8", column(rows, 3)));
  EXPECT_EQ(run({"describe", "--json", "--data.train=gx.npy", "--data.train_labels=gy.npy"}, 2).out,
            run({"describe", "--json", "--data.train=l.csv", "--data.target=label"}).out);

  for (const char* method : {"--method=pca", "--method=kmeans"}) {
    std::set<std::string> summaries;
    for (const char* file : {"--data.train=g.csv", "--data.train=g.npy"}) {
      run({"decompose", method, "--components=2", file, "--data.target=c3", "--output.dir=out",
           "--overwrite"},
          2);
      summaries.insert(folder_.read("out/summary.json"));
    }
    EXPECT_EQ(summaries.size(), 1U);
  }
}

TEST_F(NpyProgram, FactorsAreReadAgain) {
  run({"decompose", "--method=pca", "--data.train=a.csv", "--data.target=c3", "--output.dir=out"});
  const json summary = json::parse(
      run({"describe", "--json", "--data.train=out/scores.npy", "--data.format=npy"}, 2).out);
  EXPECT_EQ(summary["rows"], kRows);
  EXPECT_EQ(summary["columns"].size(), 3U);
  EXPECT_NEAR(summary["columns"]["c0"]["mean"].get<double>(), 0, 1e-12);
}

TEST_F(NpyProgram, PreprocessesAsOfCsv) {
  Numbers rows = example();
  for (std::size_t i = 0; i < rows.size(); i += 4 * 7) rows[i] = std::nan("");
  for (std::size_t i = 2; i < rows.size(); i += 4 * 11) rows[i] = std::nan("");
  folder_.write("g.csv", csv_of(rows, "c0,c1,c2,c3"));
  folder_.write("g.npy", npy_matrix(rows, kColumns));
  folder_.write("h.npy", npy_matrix(rows, kColumns, true));
  const auto words = [](const char* file) {
    return Words{std::string("--data.train=") + file,
                 "--data.categorical=c2",
                 "--model.type=softmax",
                 "--preprocess.scale=standard",
                 "--preprocess.impute=most_frequent",
                 "--preprocess.encode=onehot",
                 "--preprocess.unknown=error",
                 "--preprocess.c0.indicator=yes"};
  };
  const std::string expected = model_of(words("g.csv"));
  EXPECT_EQ(model_of(words("g.npy")), expected);
  EXPECT_EQ(model_of(words("h.npy"), 3, 2), expected);

  Numbers odd = rows;
  odd[6] = 9;
  folder_.write("o.npy", npy_matrix(odd, kColumns));
  EXPECT_EQ(error_of({"evaluate", "--model=run/model.safetensors", "--data.test=o.npy"}, 65),
            "lockstep: error: o.npy[1, 2]: category '9' in column 'c2' does not occur in the "
            "training data\n");
  EXPECT_EQ(error_of({"train", "--data.train=g.npy", "--model.type=softmax"}, 65),
            "lockstep: error: g.npy[0, 0]: expected a finite number in column 'c0', found nan; set "
            "preprocess.impute or data.ignore\n");
  EXPECT_EQ(error_of({"train", "--data.train=g.npy", "--data.missing=-1"}, 78),
            "command line: error: data.missing: has no effect on .npy files; remove it\n");
}

TEST_F(NpyProgram, NaiveBayesTakesNanForMissing) {
  Numbers rows = example();
  for (std::size_t i = 2; i < rows.size(); i += 20) rows[i] = std::nan("");
  folder_.write("g.csv", csv_of(rows, "c0,c1,c2,c3"));
  folder_.write("g.npy", npy_matrix(rows, kColumns));
  const std::string type = "--model.type=naive_bayes";
  EXPECT_EQ(fitted({"--data.train=g.npy", type}, 3), fitted({"--data.train=g.csv", type}));
  run({"predict", "--model=run/model.safetensors", "--data.test=g.npy", "--output=p.csv"}, 2);
  run({"predict", "--model=run/model.safetensors", "--data.test=g.csv", "--output=q.csv"});
  EXPECT_EQ(folder_.read("p.csv"), folder_.read("q.csv"));
  EXPECT_EQ(error_of({"train", "--data.train=g.npy", "--model.type=softmax"}, 65),
            "lockstep: error: g.npy[0, 2]: expected a finite number in column 'c2', found nan; set "
            "preprocess.impute or data.ignore\n");

  // A model with categories looks its numbers up among them.
  folder_.write("k.csv", "c0,c1,kind\n1,red,a\n2,7,b\n3,red,b\n4,7,a\n");
  fitted({"--data.train=k.csv", type});
  folder_.write("k.npy", npy_matrix({1, 7, 2, 8}, 2));
  const auto result =
      run({"predict", "--model=run/model.safetensors", "--data.test=k.npy", "--output=p.csv"}, 2);
  EXPECT_EQ(result.err,
            "warning: k.npy[1, 1]: column 'c1': 1 cells of categories that the training data does "
            "not have, the first '8', are taken as missing\n2 predictions in p.csv\n");
}

TEST_F(NpyProgram, RatingsAreThoseOfCsv) {
  Numbers known;
  Numbers asked;
  for (int u = 0; u < 12; u += 2) {
    for (int i = 0; i < 7; ++i) {
      if ((u + i) % 3 == 1) {
        asked.insert(asked.end(), {1.0 * u, 100.0 + i});
      } else {
        known.insert(known.end(), {1.0 * u, 100.0 + i, 3 + (u - 5) * (i - 3) / 8.0});
      }
    }
  }
  folder_.write("known.csv", csv_of(known, "c0,c1,c2"));
  folder_.write("asked.csv", csv_of(asked, "c0,c1"));
  folder_.write("known.npy", npy_matrix(known, 3));
  folder_.write("asked.npy", npy_matrix(asked, 2, true));
  std::set<std::string> predictions;
  std::set<std::string> users;
  for (const std::string ending : {".csv", ".npy"}) {
    run({"decompose", "--method=ratings", "--data.train=known" + ending,
         "--data.test=asked" + ending, "--output.dir=out", "--overwrite"},
        2);
    predictions.insert(folder_.read("out/predictions.npy"));
    users.insert(folder_.read("out/users.csv"));
  }
  EXPECT_EQ(predictions.size(), 1U);
  EXPECT_EQ(users, std::set<std::string>{"c0\n0\n2\n4\n6\n8\n10\n"});
}

TEST_F(NpyProgram, RefusesKeysWithoutEffect) {
  EXPECT_EQ(error_of({"train", "--data.train=x.npy", "--data.train_labels=y.npy",
                      "--data.target=c1", "--model.type=softmax"},
                     78),
            "command line: error: data.target: has no effect on .npy files with data.train_labels; "
            "remove it\n");
  EXPECT_EQ(error_of({"train", "--data.train=a.csv", "--data.train_labels=y.npy",
                      "--data.format=csv", "--model.type=softmax"},
                     78),
            "command line: error: data.train_labels: has no effect on CSV files; remove it\n");
  EXPECT_EQ(
      error_of({"train", "--data.train=a.npy", "--data.header=no", "--model.type=softmax"}, 78),
      "command line: error: data.header: has no effect on .npy files; remove it\n");
}

TEST_F(NpyProgram, TheFormatThatIsAskedForIsNotGuessed) {
  EXPECT_EQ(
      error_of({"train", "--data.train=a.csv", "--data.format=npy", "--model.type=softmax"}, 65),
      "lockstep: error: a.csv: not a .npy file: expected the magic bytes 93 4e 55 4d 50 59, "
      "found 63 30 2c 63 31 2c\n");
  EXPECT_EQ(error_of({"train", "--data.train=a.npy", "--data.format=idx",
                      "--data.train_labels=y.npy", "--model.type=softmax"},
                     65),
            "lockstep: error: a.npy: not an IDX file: expected the magic number 00 00 08 dd, found "
            "93 4e 55 4d\n");
  // Nor is one that cannot be read taken for another.
  folder_.write("a.npy.gz", lockstep::test::gzip(folder_.read("a.npy")));
  EXPECT_EQ(error_of({"train", "--data.train=a.npy.gz", "--model.type=softmax"}, 65),
            "lockstep: error: a.npy.gz: a gzip file, but .npy is read uncompressed; run gunzip on "
            "it\n");
}

}  // namespace
}  // namespace lockstep::trainer
