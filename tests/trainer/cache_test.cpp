// Binary files as a user meets them: what models come from them, and what is said of those that are
// damaged or old.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/core/data/idx_files.hpp"
#include "tests/core/format/npy_files.hpp"
#include "tests/trainer/program_runner.hpp"

namespace lockstep::trainer {
namespace {

namespace fs = std::filesystem;
using test::run_program;
using test::TestFolder;
using test::Words;

constexpr int kRows = 211;

/// Numbers, some missing, categories, some missing, weights, and classes in odd spellings.
std::string csv(int rows = kRows) {
  std::string text = "x,z,color,w,kind\n";
  for (int i = 0; i < rows; ++i) {
    text += i % 11 == 3 ? "?," : fmt::format("{}.50,", i * 7 % 23);
    text += fmt::format("{},{},", i % 5 - 2,
                        i % 7 == 0   ? ""
                        : i % 3 == 0 ? "red"
                                     : "\"deep blue\"");
    text += fmt::format("{},{}\n", 1 + i % 3, i * 7 % 23 < 11 ? "01" : "2.0");
  }
  return text;
}

std::string svm(int rows = kRows) {
  std::string text;
  for (int i = 0; i < rows; ++i) {
    text += fmt::format("{} {}:1 {}:0.{} # {}\n", i % 3 == 0 ? "+1" : "-1", 1 + i % 4, 6 + i % 9,
                        1 + i % 8, i);
  }
  return text;
}

class CacheProgram : public ::testing::Test {
 protected:
  CacheProgram() {
    std::vector<double> x;
    std::vector<std::int64_t> y;
    for (int i = 0; i < kRows; ++i) {
      for (int j = 0; j < 5; ++j) x.push_back((i * (j + 3)) % 17 / 4.0);
      y.push_back(i % 3);
    }
    folder_.write("a.csv", csv());
    folder_.write("a.csv.gz", lockstep::test::gzip(csv()));
    folder_.write("a.svm", svm());
    folder_.write("x.npy", lockstep::test::npy_matrix(x, 5));
    folder_.write("y.npy", lockstep::test::npy_vector<std::int64_t>("<i8", y));
    std::string labels;
    for (int i = 0; i < kRows; ++i) labels += static_cast<char>(i % 10);
    folder_.write("images",
                  lockstep::test::idx_text({kRows, 4, 4}, lockstep::test::some_bytes(kRows * 16)));
    folder_.write("labels", lockstep::test::idx_text({kRows}, labels));
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

  static Words with(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  /// The bytes of the model that these words train; `said` gets what is said of it.
  std::string model(const Words& words, int ranks = 0, std::string* said = nullptr) const {
    const test::ProgramRun result =
        run(with({"train", "--output.dir=run", "--overwrite"}, words), ranks);
    if (said != nullptr) *said = result.err;
    return folder_.read("run/model.safetensors");
  }

  /// The hidden file of a data file.
  std::string cache_of(const std::string& name) const {
    std::string found;
    for (const std::string& each : folder_.names()) {
      if (!each.starts_with("." + name + ".") || !each.ends_with(".lsd")) continue;
      EXPECT_EQ(found, "");
      found = each;
    }
    return found;
  }

  void flip(const std::string& name, std::size_t at) const {
    std::string bytes = folder_.read(name);
    bytes.at(at) = static_cast<char>(bytes.at(at) ^ 1);
    folder_.write(name, bytes);
  }

  const TestFolder folder_;
  const Words of_csv_{"--model.type=logistic",      "--train.epochs=2",
                      "--data.missing=?",           "--preprocess.impute=most_frequent",
                      "--preprocess.encode=onehot", "--data.weight=w"};
  const Words steps_{"--model.type=softmax", "--train.epochs=2"};
};

TEST_F(CacheProgram, ConvertedFilesGiveTheModelsOfTheirSources) {
  struct Case {
    Words inputs;
    Words labels;
    Words how;
  };
  const std::vector<Case> cases{
      {{"a.csv"}, {}, of_csv_},
      {{"a.csv.gz"}, {}, with(of_csv_, {"--data.test_fraction=0.2", "--data.stratify=yes"})},
      {{"a.csv", "a.csv.gz"}, {}, {"--model.type=naive_bayes", "--data.missing=?"}},
      {{"a.csv"}, {}, with(steps_, {"--data.ignore=x,color"})},
      {{"a.svm"}, {}, steps_},
      {{"x.npy"}, {"y.npy"}, steps_},
      {{"x.npy"}, {}, with(steps_, {"--data.target=c2", "--data.ignore=c0"})},
      {{"images"}, {"labels"}, steps_},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.inputs.front());
    Words source{fmt::format("--data.train={}", fmt::join(each.inputs, ","))};
    Words convert = with({"convert"}, each.inputs);
    convert.push_back("a.lsd");
    convert.push_back("--overwrite");
    for (const std::string& labels : each.labels) {
      source.push_back("--data.train_labels=" + labels);
      convert.push_back("--data.train_labels=" + labels);
    }
    const bool missing = std::count(each.how.begin(), each.how.end(), "--data.missing=?") > 0;
    if (missing) convert.push_back("--data.missing=?");
    const std::string expected = model(with(source, each.how));
    std::string bytes;
    for (const int ranks : {0, 1, 2, 3, 4}) {
      run(convert, ranks);
      if (bytes.empty()) bytes = folder_.read("a.lsd");
      EXPECT_TRUE(folder_.read("a.lsd") == bytes) << ranks << " ranks";
      EXPECT_TRUE(model(with({"--data.train=a.lsd"}, each.how), ranks) == expected)
          << ranks << " ranks";
    }
  }
}

TEST_F(CacheProgram, IsMeasuredDescribedAndPredictedAsItsSource) {
  run({"convert", "a.csv", "a.lsd", "--data.missing=?"}, 2);
  model(with({"--data.train=a.csv"}, of_csv_));
  for (const Words& words :
       {Words{"evaluate", "--model=run/model.safetensors", "--json"},
        Words{"predict", "--model=run/model.safetensors", "--output=out.csv"}}) {
    const std::string of_source = run(with(words, {"--data.test=a.csv"})).out;
    const std::string predicted = words[0] == "predict" ? folder_.read("out.csv") : "";
    EXPECT_EQ(run(with(words, {"--data.test=a.lsd"}), 3).out, of_source);
    EXPECT_EQ(run(with(words, {"--data.test=a.csv", "--data.cache=auto"}), 2).out, of_source);
    if (words[0] == "predict") {
      EXPECT_EQ(folder_.read("out.csv"), predicted);
    }
  }
  const Words describe{"describe", "--json", "--data.target=kind"};
  EXPECT_EQ(run(with(describe, {"--data.train=a.lsd"}), 2).out,
            run(with(describe, {"--data.train=a.csv", "--data.missing=?"})).out);
}

TEST_F(CacheProgram, ReadsFromACacheThatItMakes) {
  for (const std::string name : {"a.csv", "a.csv.gz", "a.svm"}) {
    SCOPED_TRACE(name);
    const Words words = with(name == "a.svm" ? steps_ : of_csv_, {"--data.train=" + name});
    const std::string expected = model(words);
    const Words cached = with(words, {"--data.cache=auto"});
    std::string said;
    EXPECT_TRUE(model(cached, 3, &said) == expected);
    const std::string cache = cache_of(name);
    ASSERT_NE(cache, "");
    EXPECT_EQ(said.find(cache + ": is being made of " + name + "\n"), 0U) << said;
    const fs::file_time_type made = fs::last_write_time(folder_.path() / cache);
    for (const int ranks : {0, 1, 2, 3, 4}) {
      EXPECT_TRUE(model(cached, ranks, &said) == expected);
      EXPECT_EQ(said.find("being made of"), std::string::npos) << said;
    }
    EXPECT_EQ(fs::last_write_time(folder_.path() / cache), made);
    // A byte of the header, then one of the last block, then another source.
    flip(cache, 70);
    EXPECT_TRUE(model(cached, 2, &said) == expected);
    EXPECT_EQ(said.find(cache + ": is being made of " + name + ", anew: " + cache +
                        ": the header is damaged (its hash differs); convert the data again\n"),
              0U)
        << said;
    flip(cache, folder_.read(cache).size() - 1);
    EXPECT_TRUE(model(cached, 2, &said) == expected);
    EXPECT_EQ(said.find(cache + ": is being made of " + name + ", anew: " + cache +
                        ": block 0 is damaged (its hash differs); convert the data again\n"),
              0U)
        << said;
    EXPECT_TRUE(model(cached, 2, &said) == expected);
    EXPECT_EQ(said.find("being made of"), std::string::npos) << said;
  }
}

TEST_F(CacheProgram, ACacheFollowsItsSource) {
  const Words words = with(of_csv_, {"--data.train=a.csv"});
  const Words cached = with(words, {"--data.cache=auto"});
  model(cached);
  const fs::path path = folder_.path() / "a.csv";
  const fs::file_time_type before = fs::last_write_time(path);
  std::string said;
  // Of the same size, with another time; then with a time that is older.
  std::string content = csv();
  content[content.find("7.50")] = '8';
  folder_.write("a.csv", content);
  fs::last_write_time(path, before + std::chrono::nanoseconds(1));
  EXPECT_TRUE(model(cached, 2, &said) == model(words));
  EXPECT_NE(said.find("made of a.csv, anew: a.csv has changed\n"), std::string::npos) << said;
  folder_.write("a.csv", csv());
  fs::last_write_time(path, before - std::chrono::hours(1));
  EXPECT_TRUE(model(cached, 2, &said) == model(words));
  EXPECT_NE(said.find("anew: a.csv has changed\n"), std::string::npos) << said;
}

TEST_F(CacheProgram, OtherKeysHaveAnotherCache) {
  const Words words = with(steps_, {"--data.train=a.csv", "--data.cache=auto", "--data.ignore=x"});
  model(with(words, {"--preprocess.encode=onehot", "--preprocess.impute=most_frequent"}));
  const std::size_t files = folder_.names().size();
  const Words other{"--preprocess.encode=onehot", "--preprocess.impute=most_frequent",
                    "--data.missing=red"};
  model(with(words, other));
  EXPECT_EQ(folder_.names().size(), files + 1);
}

TEST_F(CacheProgram, RunsThatMakeTheSameCacheLeaveEachOtherAlone) {
  folder_.write("a.csv", csv(20000));
  const Words words = with(of_csv_, {"--data.train=a.csv", "--train.shuffle=blocks",
                                     "--data.cache=auto", "--data.stream=yes"});
  std::vector<test::ProgramRun> results(3);
  std::vector<std::thread> users;
  for (std::size_t i = 0; i < results.size(); ++i) {
    users.emplace_back([&, i] {
      results[i] = run_program(folder_.path(), 2,
                               with({"train", fmt::format("--output.dir=run{}", i)}, words));
    });
  }
  for (std::thread& user : users) user.join();
  const auto model_of = [&](std::size_t i) {
    return folder_.read(fmt::format("run{}/model.safetensors", i));
  };
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].exit_code, 0) << results[i].err;
    EXPECT_EQ(results[i].err.find("data.cache"), std::string::npos) << results[i].err;
    EXPECT_TRUE(model_of(i) == model_of(0)) << i;
  }
  // What others write is left alone, unless nobody does any more.
  const std::string cache = cache_of("a.csv");
  fs::remove(folder_.path() / cache);
  const std::vector<std::string> written{cache + ".tmp", cache + ".node7.11.tmp"};
  const std::string left = cache + ".node7.12.tmp";
  for (const std::string& name : written) folder_.write(name, "half of a cache");
  folder_.write(left, "half of a cache");
  fs::last_write_time(folder_.path() / left,
                      fs::file_time_type::clock::now() - std::chrono::hours(2));
  EXPECT_TRUE(model(words, 2) == model_of(0));
  for (const std::string& name : written) EXPECT_EQ(folder_.read(name), "half of a cache");
  for (const std::string& name : folder_.names()) {
    const bool is_known = name == written[0] || name == written[1];
    EXPECT_TRUE(is_known || name.find(".tmp") == std::string::npos) << name;
  }
}

TEST_F(CacheProgram, NamesThatAreNumbersAreToldOfEachTime) {
  folder_.write("years.csv", "2019,2020,t\n1,2,0\n3,4,1\n5,7,0\n6,1,1\n");
  // The name of the target is one, too.
  folder_.write("places.csv", "0,1,2\n1,2,0\n3,4,1\n5,7,0\n6,1,1\n");
  run({"convert", "years.csv", "years.lsd"});
  for (const std::string data :
       {"years.csv", "years.csv", "years.lsd", "places.csv", "places.csv"}) {
    std::string said;
    Words words = with(steps_, {"--data.train=" + data});
    if (data != "years.lsd") words.push_back("--data.cache=auto");
    model(words, 2, &said);
    const std::string names = data == "places.csv" ? "0, 1" : "2019, 2020";
    const std::size_t at = said.find("these are numbers: '" + names + "'; if it is a row");
    ASSERT_NE(at, std::string::npos) << said;
    EXPECT_EQ(said.find("these are numbers"), said.rfind("these are numbers")) << said;
  }
}

TEST_F(CacheProgram, WhatCannotBeCachedIsReadAnyway) {
  // The name of the cache is taken.
  const Words words = with(of_csv_, {"--data.train=a.csv"});
  const Words cached = with(words, {"--data.cache=auto"});
  const std::string expected = model(words);
  model(cached);
  const std::string cache = cache_of("a.csv");
  fs::remove(folder_.path() / cache);
  fs::create_directory(folder_.path() / cache);
  std::string said;
  EXPECT_TRUE(model(cached, 2, &said) == expected);
  EXPECT_EQ(said.find("warning: data.cache: " + cache +
                      ": cannot create: Is a directory; the files are read without\n"),
            0U)
      << said;
}

TEST_F(CacheProgram, ErrorsOfCachedFilesNameTheFiles) {
  const Words words{"train", "--data.train=a.csv", "--output.dir=run", "--data.missing=?"};
  const std::string expected = error_of(words, 65);
  EXPECT_NE(expected.find("a.csv:"), std::string::npos) << expected;
  const std::string found = error_of(with(words, {"--data.cache=auto"}), 65, 2);
  EXPECT_NE(found.find(expected), std::string::npos) << found;
  run({"convert", "a.csv", "a.lsd", "--data.missing=?"});
  EXPECT_EQ(error_of({"train", "--data.train=a.lsd", "--output.dir=run"}, 65, 2), expected);
  const Words no_column{"train", "--data.train=a.csv", "--output.dir=run", "--data.target=kinds",
                        "--data.missing=?"};
  EXPECT_EQ(error_of(with(no_column, {"--data.cache=auto"}), 78), error_of(no_column, 78));
}

TEST_F(CacheProgram, AnOldFileIsRefused) {
  run({"convert", "x.npy", "a.lsd", "--data.train_labels=y.npy"});
  const Words words =
      with(with({"train", "--data.train=a.lsd", "--output.dir=run"}, steps_), {"--overwrite"});
  const fs::path labels = folder_.path() / "y.npy";
  const fs::file_time_type before = fs::last_write_time(labels);
  fs::last_write_time(labels, before - std::chrono::hours(1));
  run(words);
  fs::last_write_time(labels, before + std::chrono::nanoseconds(1));
  EXPECT_EQ(error_of(words, 65),
            "lockstep: error: a.lsd: older than y.npy, which it was made of; convert it again\n");
  fs::last_write_time(labels, before);
  run(words);
  // Without its sources, and elsewhere, it is as good.
  fs::remove(labels);
  fs::create_directory(folder_.path() / "other");
  fs::rename(folder_.path() / "a.lsd", folder_.path() / "other/data");  // known by its first bytes
  run(with(with({"train", "--data.train=other/data", "--output.dir=run"}, steps_),
           {"--overwrite"}));
}

TEST_F(CacheProgram, KeysThatWereChosenCannotBeChanged) {
  run({"convert", "a.csv", "a.lsd", "--data.missing=?"});
  const Words words{"train", "--data.train=a.lsd", "--output.dir=run"};
  EXPECT_EQ(error_of(with(words, {"--data.delimiter=tab"}), 78),
            "command line: error: data.delimiter: has no effect on .lsd files; remove it\n");
  EXPECT_EQ(
      error_of(with(words, {"--data.index_base=1"}), 78),
      "command line: error: data.index_base: has no effect on .lsd files of csv; remove it\n");
  EXPECT_EQ(error_of(with(words, {"--data.missing=NA"}), 78),
            "lockstep: error: data.missing: a.lsd was made with '?', but here it is 'NA'; convert "
            "the data again with the same\n");
  // What a model takes for missing, test data must take so too.
  model(with({"--data.train=a.csv"}, of_csv_));
  run({"convert", "a.csv", "b.lsd"});
  EXPECT_EQ(error_of({"evaluate", "--model=run/model.safetensors", "--data.test=b.lsd"}, 78),
            "lockstep: error: data.missing: b.lsd was made with '', but here it is '?'; convert "
            "the data again with the same\n");
  EXPECT_EQ(error_of({"train", "--data.train=a.lsd,b.lsd", "--output.dir=other"}, 78),
            "lockstep: error: data.train: expected one .lsd file, found 2; convert what they were "
            "made of to one\n");
}

TEST_F(CacheProgram, AConfigurationIsThatOfTheSource) {
  std::string tabs = csv();
  std::replace(tabs.begin(), tabs.end(), ',', '\t');
  folder_.write("a.tsv", tabs);
  folder_.write("a.ini",
                "[data]\ntrain = a.tsv\ndelimiter = tab\nheader = yes\nmissing = ?\nweight = w\n"
                "cache = auto\n[preprocess]\nimpute = most_frequent\nencode = onehot\n"
                "[model]\ntype = logistic\n[train]\nepochs = 2\n");
  run({"convert", "--config=a.ini", "--output=a.lsd"}, 2);
  const std::string expected = model({"--config=a.ini", "--data.cache=off"});
  EXPECT_TRUE(model({"--config=a.ini", "--data.train=a.lsd"}, 2) == expected);
  EXPECT_TRUE(model({"--config=a.ini"}, 3) == expected);
}

/// Two rows of blocks for each lane, and more than a window of them in all.
std::string long_csv(int rows) {
  std::string text = "a,b,kind,c,w,y\n";
  for (int i = 0; i < rows; ++i) {
    const std::string kind =
        i % 5003 == 4 ? fmt::format("seldom {}", i) : fmt::format("k{}", i % 7);
    text += i % 97 == 5 ? "," : fmt::format("{},", i * 7919 % 1013);
    text += fmt::format("{},{},{}.5,{},{}\n", i * 31 % 17, kind, i % 23, 1 + i % 3,
                        i * 7919 % 1013 + 20 * (i * 31 % 17) < 650 ? "low" : "high");
  }
  return text;
}

TEST_F(CacheProgram, StreamedRowsGiveTheModelOfThoseInMemory) {
  folder_.write("long.csv", long_csv(40000));
  run({"convert", "long.csv", "long.lsd"}, 2);
  const Words how{"--data.train=long.lsd",     "--model.type=mlp",
                  "--model.hidden=8",          "--train.epochs=2",
                  "--train.lanes=2",           "--train.batch_size=500",
                  "--preprocess.impute=mean",  "--preprocess.scale=standard",
                  "--preprocess.encode=onehot"};
  for (const Words& more :
       {Words{"--train.shuffle=blocks"},
        Words{"--train.shuffle=none", "--data.weight=w", "--train.precision=double"},
        Words{"--train.shuffle=blocks", "--data.test_fraction=0.2", "--data.stratify=yes",
              "--data.validation_fraction=0.1", "--preprocess.scale=robust"}}) {
    Words words = with(how, more);
    // The last of two equal keys would be refused.
    if (more.back() == "--preprocess.scale=robust") {
      words.erase(std::find(words.begin(), words.end(), "--preprocess.scale=standard"));
    }
    const std::string expected = model(words);
    const std::string result = folder_.read("run/result.json");
    for (const int ranks : {0, 1, 2, 3, 4}) {
      SCOPED_TRACE(fmt::format("{} on {} ranks", more.front(), ranks));
      EXPECT_TRUE(model(with(words, {"--data.stream=yes"}), ranks) == expected);
      const auto of = [](const std::string& text) { return nlohmann::json::parse(text); };
      EXPECT_EQ(of(folder_.read("run/result.json"))["test"], of(result)["test"]);
    }
  }
  Words words = with(how, {"--train.shuffle=blocks", "--data.stream=yes", "--data.cache=auto"});
  words.front() = "--data.train=long.csv";
  const std::string streamed = model(words, 2);
  words.erase(words.end() - 2, words.end());
  EXPECT_TRUE(model(words) == streamed);
}

/// Rows of a few cells of many columns, words or numbers; some have none.
std::string long_svm(int rows, bool words) {
  std::string text;
  for (int i = 0; i < rows; ++i) {
    const int first = i * 7919 % 1013;
    text += first + i % 17 * 20 < 650 ? "+1" : "-1";
    for (int k = 0; k < (i % 41 == 7 ? 0 : 3 + i % 4); ++k) {
      const int number = words ? 1 : 1 + (i + k) % 9;
      text += fmt::format(" {}:{}", 1 + first + k * (200 + i % 50), number);
    }
    text += "\n";
  }
  return text;
}

TEST_F(CacheProgram, StreamedSparseRowsGiveTheModelOfThoseInMemory) {
  folder_.write("words.svm", long_svm(40000, true));
  folder_.write("numbers.svm", long_svm(40000, false));
  run({"convert", "words.svm", "words.lsd"}, 2);
  run({"convert", "numbers.svm", "numbers.lsd"}, 3);
  const Words how{"--train.epochs=2", "--train.lanes=2", "--train.batch_size=500"};
  for (const Words& more :
       {Words{"--data.train=words.lsd", "--model.type=logistic", "--train.shuffle=blocks"},
        Words{"--data.train=numbers.lsd", "--model.type=mlp", "--model.hidden=8",
              "--train.shuffle=none", "--preprocess.scale=log1p", "--train.precision=double",
              "--train.micro_batch=200"},
        Words{"--data.train=numbers.lsd", "--model.type=svm", "--train.optimizer=adam",
              "--train.shuffle=blocks", "--data.test_fraction=0.2", "--data.stratify=yes",
              "--data.validation_fraction=0.1", "--train.class_weight=balanced"}}) {
    const Words words = with(how, more);
    const std::string expected = model(words);
    const std::string result = folder_.read("run/result.json");
    for (const int ranks : {0, 1, 2, 3, 4}) {
      SCOPED_TRACE(fmt::format("{} on {} ranks", more[1], ranks));
      EXPECT_TRUE(model(with(words, {"--data.stream=yes"}), ranks) == expected);
      const auto of = [](const std::string& text) { return nlohmann::json::parse(text); };
      EXPECT_EQ(of(folder_.read("run/result.json"))["test"], of(result)["test"]);
    }
  }
  Words words = with(how, {"--model.type=logistic", "--train.shuffle=blocks"});
  const std::string expected = model(with(words, {"--data.train=words.svm"}));
  EXPECT_TRUE(
      model(with(words, {"--data.train=words.svm", "--data.cache=auto", "--data.stream=yes"}), 2) ==
      expected);
}

TEST_F(CacheProgram, StreamedImagesGiveTheModelOfThoseInMemory) {
  run({"convert", "images", "i.lsd", "--data.train_labels=labels"});
  const Words words = with(steps_, {"--data.train=i.lsd", "--train.shuffle=blocks",
                                    "--preprocess.scale=standard", "--train.batch_size=50"});
  const std::string expected = model(words);
  EXPECT_TRUE(model(with(steps_, {"--data.train=images", "--data.train_labels=labels",
                                  "--train.shuffle=blocks", "--preprocess.scale=standard",
                                  "--train.batch_size=50"})) == expected);
  for (const int ranks : {1, 2, 3}) {
    EXPECT_TRUE(model(with(words, {"--data.stream=yes"}), ranks) == expected) << ranks;
  }
}

TEST_F(CacheProgram, StreamedModelsAreVerifiedAndTrainedAgainFromTheFile) {
  run({"convert", "a.svm", "s.lsd"});
  model(with(steps_, {"--data.train=s.lsd", "--train.shuffle=blocks", "--checkpoint.every_epochs=1",
                      "--data.stream=yes"}),
        2);
  EXPECT_NE(run({"verify", "run", "--data.stream=yes"}, 3).out.find("identical"),
            std::string::npos);
  const Words rerun{"rerun", "run/model.safetensors", "--output.dir=again", "--overwrite"};
  const Words streamed = with(rerun, {"--data.stream=yes"});
  EXPECT_NE(run(with(streamed, {"--data.train=s.lsd"})).out.find("identical"), std::string::npos);
  // They do stream: rows in memory need no .lsd file.
  EXPECT_NE(run(with(rerun, {"--data.train=a.svm"})).out.find("identical"), std::string::npos);
  EXPECT_EQ(error_of(with(streamed, {"--data.train=a.svm"}), 65),
            "lockstep: error: a.svm: no .lsd file, as data.stream needs; convert it, or set "
            "data.cache = auto\n");
  // What the model was trained with decides.
  model(with(steps_, {"--data.train=s.lsd"}));
  EXPECT_EQ(error_of(with(streamed, {"--data.train=s.lsd"}), 78),
            "command line: error: data.stream: train.shuffle = rows jumps all over the file; set "
            "it to blocks\n");
}

TEST_F(CacheProgram, AFileThatChangesWhileItIsReadEndsTheTraining) {
  run({"convert", "a.csv", "c.lsd", "--data.missing=?"});
  run({"convert", "a.svm", "s.lsd"});
  const Words endless{"train",
                      "--output.dir=run",
                      "--overwrite",
                      "--data.stream=yes",
                      "--train.shuffle=blocks",
                      "--train.epochs=1000000"};
  const Words dense = with(of_csv_, {"--data.train=c.lsd"});
  const Words sparse{"--model.type=logistic", "--data.train=s.lsd"};
  const std::string changed =
      " was changed while the training read it; train again, and leave the file as it is until the "
      "training has ended (data.stream)\n";
  const std::string lost = " cannot be read any more: it became shorter, or its disk fails\n";
  const auto touch = [&](const std::string& name) {
    fs::last_write_time(folder_.file(name), fs::file_time_type::clock::now());
  };
  const auto cut = [&](const std::string& name) { fs::resize_file(folder_.file(name), 0); };
  const auto error_when = [&](const Words& how, int ranks, const auto& change) {
    Words words = with(endless, how);
    words.erase(std::remove(words.begin(), words.end(), "--train.epochs=2"), words.end());
    const std::string metrics = folder_.file("run/metrics.jsonl");
    fs::remove(metrics);
    std::thread other([&] {
      for (int i = 0; i < 2000 && !fs::exists(metrics); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
      change();
    });
    std::string error = error_of(words, 74, ranks);
    other.join();
    return error;
  };
  for (const int ranks : {0, 2}) {
    EXPECT_NE(error_when(dense, ranks, [&] { touch("c.lsd"); }).find("c.lsd:" + changed),
              std::string::npos);
    EXPECT_NE(error_when(sparse, ranks, [&] { touch("s.lsd"); }).find("s.lsd:" + changed),
              std::string::npos);
    const std::string bytes = folder_.read("s.lsd");
    // A page that is lost may be noticed first.
    const std::string error = error_when(sparse, ranks, [&] { cut("s.lsd"); });
    EXPECT_TRUE(error.find("s.lsd:" + lost) != std::string::npos ||
                error.find("s.lsd:" + changed) != std::string::npos)
        << error;
    folder_.write("s.lsd", bytes);
  }
}

TEST_F(CacheProgram, MakingACacheSaysNothingOfColumnsThatAreNamed) {
  std::string text = "a,b,y\n";
  for (int i = 0; i < 60; ++i) text += fmt::format("{},{},{}\n", i % 3 == 1 ? "x" : "1", i, i % 2);
  folder_.write("mixed.csv", text);
  const Words words{"train",
                    "--data.train=mixed.csv",
                    "--data.cache=auto",
                    "--output.dir=run",
                    "--data.categorical=a",
                    "--overwrite",
                    "--preprocess.encode=onehot",
                    "--model.type=softmax"};
  for (const char* run_number : {"makes it", "uses it"}) {
    const test::ProgramRun result = run_program(folder_.path(), 2, words);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err.find("other texts"), std::string::npos) << run_number << result.err;
  }
}

TEST_F(CacheProgram, StreamingSaysWhatItCannotTake) {
  run({"convert", "a.csv", "a.lsd", "--data.missing=?"});
  const Words words{"train", "--output.dir=run", "--data.stream=yes", "--model.type=softmax"};
  EXPECT_EQ(error_of(with(words, {"--data.train=a.lsd"}), 78),
            "command line: error: data.stream: train.shuffle = rows jumps all over the file; set "
            "it to blocks\n");
  const Words blocks = with(words, {"--train.shuffle=blocks"});
  EXPECT_EQ(error_of(blocks, 78),
            "command line: error: data.stream: the rows are generated; name those of a file in "
            "data.train, or remove it\n");
  EXPECT_EQ(error_of(with(blocks, {"--data.train=a.csv"}), 65),
            "lockstep: error: a.csv: no .lsd file, as data.stream needs; convert it, or set "
            "data.cache = auto\n");
  folder_.write("a.npy", lockstep::test::npy_matrix({1, 2, 3, 4}, 2));
  EXPECT_EQ(error_of(with(blocks, {"--data.train=a.npy"}), 65),
            "lockstep: error: a.npy: no .lsd file, as data.stream needs; convert it\n");
  std::string lost = "a,b,y\n";
  for (int i = 0; i < 20; ++i)
    lost += fmt::format("{}{},{},{}\n", i % 3, i < 9 ? ".0" : "", i, i % 2);
  folder_.write("lost.csv", lost);
  const Words odd{"--data.train=lost.csv",          "--data.cache=auto",
                  "--data.categorical=a",           "--preprocess.encode=onehot",
                  "--preprocess.a.impute=constant", "--preprocess.a.fill=none"};
  EXPECT_NE(
      error_of(with(blocks, odd), 65, 2)
          .find("lockstep: error: lost.csv: how the numbers in column 'a' are written is lost, and "
                "tells classes or categories apart; give the file that it was made of, and read it "
                "into memory (data.stream = no)\n"),
      std::string::npos);
  // Errors in cells are those of rows in memory.
  const Words numbers = with(blocks, {"--data.train=a.lsd", "--data.ignore=color"});
  Words in_memory = numbers;
  in_memory.erase(std::find(in_memory.begin(), in_memory.end(), "--data.stream=yes"));
  EXPECT_EQ(error_of(numbers, 65, 2), error_of(in_memory, 65, 2));
  const std::string bytes = folder_.read("a.lsd");
  flip("a.lsd", bytes.size() - 1);
  EXPECT_EQ(error_of(numbers, 65),
            "lockstep: error: a.lsd: block 0 is damaged (its hash differs); convert the data "
            "again\n");
}

TEST_F(CacheProgram, ConvertSaysWhatItCannotDo) {
  const std::string help = "; see 'lockstep convert --help'\n";
  EXPECT_EQ(error_of({"convert"}, 2), "lockstep: error: convert needs --output=FILE" + help);
  EXPECT_EQ(error_of({"convert", "a.lsd"}, 2),
            "lockstep: error: convert: no data; name the files to convert\n");
  EXPECT_EQ(error_of({"convert", "a,b", "a.lsd"}, 2),
            "lockstep: error: expected a file name without a comma, found 'a,b'" + help);
  EXPECT_EQ(error_of({"convert", "a.csv", "a.lsd", "--data.train=a.csv"}, 2),
            "lockstep: error: unexpected argument 'a.csv'" + help);
  EXPECT_EQ(error_of({"convert", "none.csv", "a.lsd"}, 66),
            "lockstep: error: none.csv: no such file (data.train; relative paths start in the "
            "working directory, data.root is not set)\n");
  folder_.write("a.lsd", "mine");
  EXPECT_EQ(error_of({"convert", "a.csv", "a.lsd"}, 73),
            "lockstep: error: a.lsd: exists; name another file, or replace it with --overwrite\n");
  EXPECT_EQ(error_of({"convert", "a.csv", "a.csv", "--overwrite"}, 73),
            "lockstep: error: a.csv: is read (data.train) and would be replaced; choose another "
            "--output\n");
  EXPECT_EQ(error_of({"convert", "a.svm", "b.lsd", "--data.train_labels=y.npy"}, 78),
            "lockstep: error: data.train_labels: a.svm has its labels beside its features\n");
  EXPECT_EQ(error_of({"convert", "a.lsd", "b.lsd"}, 65),
            "lockstep: error: a.lsd: an .lsd file already\n");
  const std::vector<std::string> names = folder_.names();
  EXPECT_EQ(std::count(names.begin(), names.end(), "b.lsd"), 0);
  EXPECT_EQ(error_of({"train", "--data.train=a.lsd", "--output.dir=run"}, 65),
            "lockstep: error: a.lsd: truncated: no whole header; convert the data again\n");
}

}  // namespace
}  // namespace lockstep::trainer
