// The program as a user runs it: commands, files, and equal bytes over MPI.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <future>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "core/format/sha256.hpp"
#include "tests/trainer/program_runner.hpp"

namespace lockstep::trainer {
namespace {

using nlohmann::json;
using test::run_program;
using test::TestFolder;

std::vector<std::string> operator+(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

const std::vector<std::string> kBlobs{"train",
                                      "--synthetic.kind=blobs",
                                      "--synthetic.rows=600",
                                      "--synthetic.test_rows=100",
                                      "--model.type=softmax",
                                      "--train.epochs=3",
                                      "--preprocess.scale=standard"};

void expect_ok(const test::ProgramRun& run) { ASSERT_EQ(run.exit_code, 0) << run.err; }

TEST(Program, TheModelIsTheSameForAnyRanksAndThreads) {
  const std::vector<std::vector<std::string>> runs{
      {"--model.hidden=24", "--train.batch_size=100", "--train.lanes=8"},
      {"--model.type=softmax", "--train.optimizer=sgd", "--train.momentum=0.9",
       "--train.precision=double", "--train.lanes=8", "--train.batch_size=48"},
  };
  for (const auto& options : runs) {
    const TestFolder folder;
    std::set<std::string> models;
    std::set<std::string> metrics;
    for (const int ranks : {0, 1, 2, 3, 4, 5, 8, 9}) {
      for (const int threads : {1, 2}) {
        const std::string name = "r" + std::to_string(ranks) + "t" + std::to_string(threads);
        expect_ok(run_program(
            folder.path(), ranks,
            std::vector<std::string>{"train", "--synthetic.rows=1003", "--synthetic.test_rows=200",
                                     "--train.epochs=2", "--output.dir=" + name} +
                options,
            threads));
        models.insert(sha256_hex(folder.read(name + "/model.safetensors")));
        metrics.insert(folder.read(name + "/metrics.jsonl"));
      }
    }
    EXPECT_EQ(models.size(), 1U);
    EXPECT_EQ(metrics.size(), 1U);
  }
}

TEST(Program, TheRateFollowsItsScheduleAndTheBatch) {
  const TestFolder folder;
  // 600 rows in 6 steps an epoch: three steps up, then down by a line to 0 behind the last.
  const std::vector<std::string> words =
      kBlobs + std::vector<std::string>{"--train.batch_size=100",      "--train.learning_rate=0.01",
                                        "--train.base_batch=50",       "--train.warmup_epochs=0.5",
                                        "--train.schedule=polynomial", "--output.dir=run"};
  std::set<std::string> models;
  for (const int ranks : {0, 1, 2, 3}) {
    expect_ok(run_program(folder.path(), ranks, words + std::vector<std::string>{"--overwrite"}));
    models.insert(folder.read("run/model.safetensors"));
    std::istringstream lines(folder.read("run/metrics.jsonl"));
    int epoch = 0;
    for (std::string line; std::getline(lines, line);) {
      const double rest = 15 - (6 * ++epoch - 3 - 1);  // of 15 steps behind the warm-up
      EXPECT_NEAR(json::parse(line)["learning_rate"].get<double>(), 0.02 * rest / 15, 1e-15);
    }
    EXPECT_EQ(epoch, 3);
  }
  EXPECT_EQ(models.size(), 1U);
  const test::ProgramRun constant = run_program(
      folder.path(), 0,
      kBlobs + std::vector<std::string>{"--output.dir=other", "--train.learning_rate=0.02"});
  expect_ok(constant);
  EXPECT_EQ(models.count(folder.read("other/model.safetensors")), 0U);
}

TEST(Program, TrainWritesARunAndEvaluateAgreesWithIt) {
  const TestFolder folder;
  expect_ok(run_program(folder.path(), 2, kBlobs + std::vector<std::string>{"--output.dir=run"}));
  EXPECT_EQ(
      folder.names(),
      (std::vector<std::string>{
          "run", "run/checkpoints", "run/checkpoints/step-9", "run/checkpoints/step-9/arrays.bin",
          "run/checkpoints/step-9/manifest.json", "run/config.ini", "run/metrics.jsonl",
          "run/model.safetensors", "run/provenance.json", "run/result.json", "run/timings.jsonl"}));
  const json result = json::parse(folder.read("run/result.json"));
  EXPECT_EQ(result["epochs"], 3);
  EXPECT_EQ(result["steps"], 3 * 3);
  EXPECT_EQ(result["train"]["rows"], 600);
  EXPECT_EQ(result["test"]["rows"], 100);
  EXPECT_GT(result["test"]["accuracy"].get<double>(), 0.9);
  EXPECT_GT(result["rows_per_second"].get<double>(), 0);

  const std::vector<std::string> evaluate{"evaluate",
                                          "--model=run/model.safetensors",
                                          "--json",
                                          "--synthetic.kind=blobs",
                                          "--synthetic.rows=600",
                                          "--synthetic.test_rows=100"};
  for (const int ranks : {0, 3}) {
    const auto run = run_program(folder.path(), ranks, evaluate);
    expect_ok(run);
    EXPECT_EQ(json::parse(run.out), result["test"]);
  }
  const auto inspected = run_program(folder.path(), 0, {"inspect", "run/model.safetensors"});
  expect_ok(inspected);
  EXPECT_NE(inspected.out.find(result["parameters_sha256"].get<std::string>()), std::string::npos);
}

TEST(Program, AResolvedConfigurationTrainsTheSameModel) {
  const TestFolder folder;
  expect_ok(run_program(folder.path(), 0, kBlobs + std::vector<std::string>{"--output.dir=a"}));
  expect_ok(run_program(folder.path(), 0, {"train", "--config=a/config.ini", "--output.dir=b"}));
  EXPECT_EQ(folder.read("a/model.safetensors"), folder.read("b/model.safetensors"));
}

TEST(Program, GeneratedFilesTrainTheModelOfTheGenerator) {
  const TestFolder folder;
  const std::vector<std::string> digits{"--synthetic.rows=300", "--synthetic.test_rows=50"};
  const std::vector<std::string> model{"train", "--model.hidden=8", "--train.epochs=1"};
  expect_ok(run_program(folder.path(), 0,
                        model + digits + std::vector<std::string>{"--output.dir=direct"}));
  expect_ok(
      run_program(folder.path(), 2,
                  std::vector<std::string>{"generate", "--output=data", "--format=idx"} + digits));
  expect_ok(run_program(
      folder.path(), 3,
      model + std::vector<std::string>{"--data.train=data/train-images-idx3-ubyte",
                                       "--data.train_labels=data/train-labels-idx1-ubyte",
                                       "--data.test=data/test-images-idx3-ubyte",
                                       "--data.test_labels=data/test-labels-idx1-ubyte",
                                       "--output.dir=idx"}));
  const json direct = json::parse(folder.read("direct/result.json"));
  const json from_files = json::parse(folder.read("idx/result.json"));
  EXPECT_EQ(direct["parameters_sha256"], from_files["parameters_sha256"]);
  EXPECT_EQ(direct["test"], from_files["test"]);
  const auto evaluated = run_program(folder.path(), 2,
                                     {"evaluate", "--model=idx/model.safetensors", "--json",
                                      "--data.test=data/test-images-idx3-ubyte",
                                      "--data.test_labels=data/test-labels-idx1-ubyte"});
  expect_ok(evaluated);
  EXPECT_EQ(json::parse(evaluated.out)["accuracy"], direct["test"]["accuracy"]);
}

TEST(Program, PredictionsComeInFileOrderWhateverTheRanks) {
  const TestFolder folder;
  expect_ok(run_program(folder.path(), 0, kBlobs + std::vector<std::string>{"--output.dir=run"}));
  expect_ok(run_program(folder.path(), 0,
                        {"generate", "--output=data", "--synthetic.kind=blobs",
                         "--synthetic.rows=600", "--synthetic.test_rows=1000"}));
  std::set<std::string> predictions;
  for (const int ranks : {0, 2, 3}) {
    expect_ok(run_program(folder.path(), ranks,
                          {"predict", "--model=run/model.safetensors", "--data.test=data/test.csv",
                           "--output=p.csv"}));
    predictions.insert(folder.read("p.csv"));
  }
  ASSERT_EQ(predictions.size(), 1U);
  std::istringstream predicted(*predictions.begin());
  std::istringstream actual(folder.read("data/test.csv"));
  std::string line;
  std::string truth;
  std::getline(actual, truth);
  std::getline(predicted, line);
  EXPECT_EQ(line, "prediction,p_0,p_1,p_2");
  int rows = 0;
  int right = 0;
  while (std::getline(predicted, line) && std::getline(actual, truth)) {
    ++rows;
    right += line.substr(0, line.find(',')) == truth.substr(truth.rfind(',') + 1) ? 1 : 0;
  }
  EXPECT_EQ(rows, 1000);
  EXPECT_GT(right, 950);
}

TEST(Program, WarnsWhereTheUserCouldDoBetter) {
  const TestFolder folder;
  const auto run = run_program(
      folder.path(), 3,
      {"train", "--synthetic.kind=moons", "--synthetic.rows=2", "--synthetic.test_rows=0",
       "--model.hidden=4", "--train.lanes=2", "--train.epochs=1", "--output.dir=run"});
  expect_ok(run);
  EXPECT_NE(run.err.find("warning: 1 of 3 ranks have no lane"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("train.lanes = 4"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("warning: train.batch_size = 256 is more than the 2 training rows"),
            std::string::npos)
      << run.err;
}

TEST(Program, OverwriteReplacesARunAndInitFromContinuesFromAModel) {
  const TestFolder folder;
  const auto train = kBlobs + std::vector<std::string>{"--output.dir=run"};
  expect_ok(run_program(folder.path(), 0, train));
  const json first = json::parse(folder.read("run/result.json"));
  expect_ok(
      run_program(folder.path(), 0,
                  kBlobs + std::vector<std::string>{"--output.dir=more",
                                                    "--train.init_from=run/model.safetensors"}));
  const json more = json::parse(folder.read("more/result.json"));
  EXPECT_LT(more["train"]["loss"].get<double>(), first["train"]["loss"].get<double>());
  expect_ok(run_program(folder.path(), 2, train + std::vector<std::string>{"--overwrite"}));
  EXPECT_EQ(json::parse(folder.read("run/result.json"))["parameters_sha256"],
            first["parameters_sha256"]);
}

TEST(Program, RunsThatStartTogetherTakeDirectoriesOfTheirOwn) {
  const TestFolder folder;
  const auto train = [&] { return run_program(folder.path(), 2, kBlobs); };
  auto other = std::async(std::launch::async, train);
  expect_ok(train());
  expect_ok(other.get());
  for (const std::string name : {"runs/default", "runs/default-2"}) {
    const std::string metrics = folder.read(name + "/metrics.jsonl");
    EXPECT_EQ(std::count(metrics.begin(), metrics.end(), '\n'), 3) << name;
    EXPECT_EQ(folder.read(name + "/model.safetensors"),
              folder.read("runs/default/model.safetensors"));
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "runs/default-3"));
}

TEST(Program, AModelStatesTheParametersItStartedFrom) {
  const TestFolder folder;
  expect_ok(run_program(folder.path(), 0, kBlobs + std::vector<std::string>{"--output.dir=a"}));
  const std::vector<std::string> again{"--train.init_from=a/model.safetensors", "--output.dir=b"};
  expect_ok(run_program(folder.path(), 2, kBlobs + again));
  const auto inspected = [&](const std::string& run) {
    return json::parse(
        run_program(folder.path(), 0, {"inspect", run + "/model.safetensors", "--json"}).out);
  };
  EXPECT_EQ(inspected("a")["initial_parameters"], "");
  EXPECT_EQ(inspected("b")["initial_parameters"], inspected("a")["parameters_sha256"]);

  const std::vector<std::string> deeper{"train", "--synthetic.kind=blobs", "--model.hidden=3",
                                        "--train.epochs=1", "--output.dir=c"};
  expect_ok(run_program(folder.path(), 2, deeper));
  const std::vector<std::string> from{"--train.init_from=c/model.safetensors", "--output.dir=d"};
  const auto shallower = run_program(folder.path(), 2, kBlobs + from);
  EXPECT_EQ(shallower.exit_code, 65);
  EXPECT_EQ(shallower.err,
            "lockstep: error: c/model.safetensors: 4 tensors, but this network has 2; "
            "train.init_from takes a network with the same hidden layers, normalisation, features "
            "and outputs\n");
}

TEST(Program, WarnsOfAnInitialModelOfOtherFeatures) {
  const TestFolder folder;
  folder.write("a.csv", "x,c,y\n1,r,p\n2,s,q\n3,r,p\n");
  folder.write("names.csv", "x,d,y\n1,r,p\n2,s,q\n3,r,p\n");
  folder.write("categories.csv", "x,c,y\n1,r,p\n2,t,q\n3,r,p\n");
  const auto train = [&](const std::string& data, const std::vector<std::string>& more) {
    const auto run = run_program(
        folder.path(), 2,
        std::vector<std::string>{"train", "--data.train=" + data, "--preprocess.encode=onehot",
                                 "--model.type=softmax", "--train.epochs=1"} +
            more);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return run.err;
  };
  train("a.csv", {"--output.dir=a"});
  const std::vector<std::string> from{"--train.init_from=a/model.safetensors", "--output.dir=b",
                                      "--overwrite"};
  EXPECT_EQ(train("a.csv", from).find("warning: a/"), std::string::npos);
  EXPECT_NE(train("names.csv", from)
                .find("warning: a/model.safetensors: was trained on other features: column 2 of "
                      "the features is 'd' here\n"),
            std::string::npos);
  EXPECT_NE(train("categories.csv", from)
                .find("warning: a/model.safetensors: was trained on other features: column 'c' has "
                      "other categories here\n"),
            std::string::npos);
}

TEST(Program, EvaluateRefusesDataThatTheModelWasNotMadeFor) {
  const TestFolder folder;
  expect_ok(run_program(folder.path(), 0, kBlobs + std::vector<std::string>{"--train.seed=5"}));
  const std::string model = "--model=runs/default/model.safetensors";
  const auto error_of = [&](const std::vector<std::string>& keys, int exit_code) {
    const auto run =
        run_program(folder.path(), 2, std::vector<std::string>{"evaluate", model} + keys);
    EXPECT_EQ(run.exit_code, exit_code) << run.err;
    return run.err;
  };
  EXPECT_EQ(error_of({}, 2),
            "lockstep: error: evaluate: no test data; name it with --data.test FILE\n");
  const std::string message = error_of({"--synthetic.kind=blobs", "--synthetic.classes=5"}, 65);
  EXPECT_EQ(message.rfind("lockstep: error: class '3' of the synthetic data does not occur in the "
                          "training data",
                          0),
            0U)
      << message;
  EXPECT_EQ(error_of({"--synthetic.kind=linear"}, 78),
            "lockstep: error: synthetic.kind: linear makes a number to predict, but the model "
            "predicts classes\n");

  const std::vector<std::string> rows{"--synthetic.kind=blobs", "--synthetic.rows=600",
                                      "--synthetic.test_rows=100", "--json"};
  const auto run =
      run_program(folder.path(), 2, std::vector<std::string>{"evaluate", model} + rows);
  expect_ok(run);
  EXPECT_EQ(json::parse(run.out), json::parse(folder.read("runs/default/result.json"))["test"])
      << "the seed is the model's";
  const auto itself = run_program(
      folder.path(), 2,
      {"predict", model, "--output=runs/default/model.safetensors", "--synthetic.kind=blobs"});
  EXPECT_EQ(itself.exit_code, 73);
  EXPECT_EQ(
      itself.err.rfind("lockstep: error: runs/default/model.safetensors: --output is the model "
                       "itself",
                       0),
      0U)
      << itself.err;
  expect_ok(run_program(folder.path(), 0, {"generate", "--output=.", "--synthetic.kind=blobs"}));
  const std::string data = folder.read("test.csv");
  const auto over_data = run_program(
      folder.path(), 2, {"predict", model, "--output=./test.csv", "--data.test=t*.csv"});
  EXPECT_EQ(over_data.exit_code, 73);
  EXPECT_EQ(over_data.err.rfind("lockstep: error: ./test.csv: is read (data.test) and would be "
                                "replaced; choose another --output",
                                0),
            0U)
      << over_data.err;
  EXPECT_EQ(folder.read("test.csv"), data);
}

TEST(Program, SaysWhichColumnsItLeavesOutAndWhatItFindsOutOfFiles) {
  const TestFolder folder;
  folder.write("a.csv", "x,y\n1,a\n2,b\n3,a\n");
  folder.write("b.csv", "x,z,y,u\n1,1,a,1\n");
  folder.write("c.csv", "0.5,a\n1,a\n2,b\n3,a\n");
  const std::vector<std::string> train{"train", "--model.type=softmax", "--train.epochs=1"};
  const auto known =
      run_program(folder.path(), 2,
                  train + std::vector<std::string>{"--data.train=a.csv", "--data.test=b.csv"});
  expect_ok(known);
  EXPECT_NE(known.err.find("warning: b.csv: the model does not know, and leaves out, 'z, u'\n"),
            std::string::npos)
      << known.err;
  const auto row =
      run_program(folder.path(), 2, train + std::vector<std::string>{"--data.train=c.csv"});
  expect_ok(row);
  EXPECT_NE(
      row.err.find("c.csv: the first line is taken for a row, and columns are named c0, c1, …; "
                   "set data.header = yes if it names them\n"),
      std::string::npos)
      << row.err;
  const auto header =
      run_program(folder.path(), 2,
                  train + std::vector<std::string>{"--data.train=c.csv", "--data.header=yes"});
  expect_ok(header);
  EXPECT_NE(header.err.find("warning: c.csv: the first line names the columns, and these are "
                            "numbers: '0.5'; if it is a row, set data.header = no\n"),
            std::string::npos)
      << header.err;
  folder.write("d.csv", "x;y\n1;a\n2;b\n3;a\n");
  const auto semicolons =
      run_program(folder.path(), 2, train + std::vector<std::string>{"--data.train=d.csv"});
  expect_ok(semicolons);
  EXPECT_NE(semicolons.err.find("d.csv: columns are separated by a semicolon (data.delimiter)\n"),
            std::string::npos)
      << semicolons.err;
}

// What a model states of its training data holds for evaluate and predict too: to give it again is
// idle, to contradict it an error, or a warning where the file may be that of another training.
TEST(Program, TheModelStatesItsTargetAndTheColumnsItIgnores) {
  const TestFolder folder;
  const std::string rows = "x,id,z,y\n1,1,0,a\n2,2,0,b\n3,3,1,a\n";
  folder.write("a.csv", rows);
  expect_ok(run_program(folder.path(), 0,
                        {"train", "--model.type=softmax", "--train.epochs=1", "--data.train=a.csv",
                         "--data.ignore=z,id", "--output.dir=run"}));
  const std::vector<std::string> evaluate{"evaluate", "--model=run/model.safetensors",
                                          "--data.test=a.csv"};
  const auto evaluated = [&](const std::vector<std::string>& more) {
    return run_program(folder.path(), 2, evaluate + more);
  };
  const auto plain = evaluated({});
  expect_ok(plain);
  EXPECT_EQ(plain.err, "") << "z and id are left out as the model asks";
  for (const std::vector<std::string>& same : std::vector<std::vector<std::string>>{
           {"--data.target=y"}, {"--data.target="}, {"--data.ignore=id, z"}}) {
    const auto run = evaluated(same);
    expect_ok(run);
    EXPECT_EQ(run.out, plain.out);
    EXPECT_EQ(run.err, "");
  }
  const std::string error = "command line: error: ";
  const auto other_target = evaluated({"--data.target=z"});
  EXPECT_EQ(other_target.exit_code, 78);
  EXPECT_EQ(other_target.err,
            error + "data.target: run/model.safetensors states 'y', found 'z'; remove it\n");
  const auto other_columns = evaluated({"--data.ignore=x"});
  EXPECT_EQ(other_columns.exit_code, 78);
  EXPECT_EQ(other_columns.err,
            error + "data.ignore: run/model.safetensors states 'z,id', found 'x'; remove it\n");

  folder.write("same.ini", "[data]\ntarget = y\nignore = id,z\n");
  EXPECT_EQ(evaluated({"--config=same.ini"}).err, "");
  folder.write("other.ini", "[data]\ntarget = id\nignore = x\n");
  const auto other = evaluated({"--config=other.ini"});
  expect_ok(other);
  EXPECT_EQ(other.out, plain.out);
  EXPECT_EQ(other.err,
            "warning: other.ini:2: data.target: run/model.safetensors states 'y', found 'id', "
            "which has no effect\n"
            "warning: other.ini:3: data.ignore: run/model.safetensors states 'z,id', found 'x', "
            "which has no effect\n");
  const auto predicted = run_program(folder.path(), 0,
                                     {"predict", "--model=run/model.safetensors",
                                      "--data.test=a.csv", "--output=p.csv", "--data.target=z"});
  EXPECT_EQ(predicted.err, other_target.err);
}

/// The exit code of a shell command in the folder; what it prints goes to the files out and err.
int exit_code_of(const TestFolder& folder, const std::string& command) {
  const std::string line = "cd '" + folder.path().string() +
                           "' && PROGRAM='" LOCKSTEP_PROGRAM "' && (" + command +
                           ") >out 2>err </dev/null";
  const int status = std::system(line.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

TEST(Program, AFullStandardOutputIsAnError) {
  const TestFolder folder;
  EXPECT_EQ(exit_code_of(folder, "$PROGRAM --help >/dev/full"), 74);
  EXPECT_EQ(folder.read("err"), "lockstep: error: standard output: cannot write\n");
}

/// What a run leaves that meets a full disk when its files are beyond `kilobytes`.
std::vector<std::string> names_after_full_disk(int kilobytes, const std::string& options) {
  const TestFolder folder;
  std::string rows = "y";
  for (int column = 0; column < 400; ++column) rows += ",x" + std::to_string(column);
  for (int row = 0; row < 9; ++row) {
    rows += row % 2 == 0 ? "\na" : "\nb";
    for (int column = 0; column < 400; ++column) rows += row % 3 == 0 ? ",1" : ",2";
  }
  folder.write("a.csv", rows + "\n");
  const std::string limit = "ulimit -f " + std::to_string(2 * kilobytes);  // blocks of 512 bytes
  EXPECT_EQ(exit_code_of(folder, limit +
                                     " && $PROGRAM train --data.train=a.csv --data.target=y "
                                     "--output.dir=run " +
                                     options),
            74);
  const std::string err = folder.read("err");
  EXPECT_NE(err.find("lockstep: error: run/"), std::string::npos) << err;
  EXPECT_NE(err.find(": cannot write: File too large\n"), std::string::npos) << err;
  std::vector<std::string> names = folder.names();
  for (const std::string own : {"a.csv", "err", "out"}) std::erase(names, own);
  return names;
}

// A file is there whole or not at all; the epochs that a run has finished stay on record.
TEST(Program, AFullDiskLeavesFinishedEpochsAndNothingElse) {
  const std::vector<std::string> nothing;
  const std::vector<std::string> epochs{"run", "run/config.ini", "run/metrics.jsonl",
                                        "run/provenance.json", "run/timings.jsonl"};
  EXPECT_EQ(names_after_full_disk(4, "--model.type=softmax --train.epochs=2"), epochs);
  EXPECT_EQ(names_after_full_disk(1, "--model.type=softmax --train.epochs=2"), nothing);
  EXPECT_EQ(names_after_full_disk(4, "--model.type=naive_bayes"), nothing);
  EXPECT_EQ(names_after_full_disk(1, "--model.type=naive_bayes"), nothing);
}

TEST(Program, RanksWithOtherArgumentsAreFoundEvenWhenTheseAreWrong) {
  const TestFolder folder;
  EXPECT_EQ(exit_code_of(folder,
                         "timeout 20 mpirun -q --oversubscribe -n 1 $PROGRAM train : -n 1 $PROGRAM "
                         "train --bogus=1"),
            2);
  const std::string err = folder.read("err");
  EXPECT_EQ(err.rfind("lockstep: error: rank 1 on ", 0), 0U) << err;
  EXPECT_NE(err.find(" was started with other arguments than rank 0\n"), std::string::npos) << err;
}

TEST(Program, HelpAndVersionGoToStandardOutputOnce) {
  const TestFolder folder;
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--help"}, {"--version"}, {"train", "--help"}}) {
    const auto alone = run_program(folder.path(), 0, arguments);
    const auto two = run_program(folder.path(), 2, arguments);
    EXPECT_EQ(alone.exit_code, 0);
    EXPECT_EQ(alone.err, "");
    EXPECT_EQ(alone.out, two.out);
    EXPECT_NE(alone.out, "");
  }
}

}  // namespace
}  // namespace lockstep::trainer
