// Sweeps and cross-validation as a user meets them: the same numbers on any ranks and after an
// interruption, each trial a run by itself, mistakes named before anything is trained.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "tests/trainer/program_runner.hpp"

namespace lockstep::trainer {
namespace {

using nlohmann::json;
using test::ProgramRun;
using test::run_program;
using test::TestFolder;
using test::Words;
using test::operator+;

const Words kTask{"--synthetic.kind=blobs", "--synthetic.rows=300", "--synthetic.features=2",
                  "--synthetic.noise=3",    "--model.type=softmax", "--train.epochs=4",
                  "--train.batch_size=60"};
const Words kRates{"--sweep.train.learning_rate=0.3,0.01,0.001"};
const Words kFolds{"--data.folds=3"};
const Words kValidation{"--data.validation_fraction=0.3"};

Words sweep_to(const std::string& folder, const Words& more) {
  return Words{"sweep", "--output.dir=" + folder} + kTask + kRates + more;
}

json json_of(const TestFolder& folder, const std::string& name) {
  return json::parse(folder.read(name));
}

TEST(Sweep, ComparesTrialsBestFirst) {
  const TestFolder folder;
  const ProgramRun run = run_program(folder.path(), 2, sweep_to("run", kFolds));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const json result = json_of(folder, "run/result.json");
  ASSERT_EQ(result["trials"].size(), 3U);
  EXPECT_EQ(result["metric"], "accuracy");
  EXPECT_GE(result["trials"][0]["mean"], result["trials"][1]["mean"]);
  EXPECT_GE(result["trials"][1]["mean"], result["trials"][2]["mean"]);
  for (const json& trial : result["trials"]) {
    // Each is a run of its own.
    const std::string name = "run/trial-" + std::to_string(trial["trial"].get<int>());
    const json alone = json_of(folder, name + "/result.json");
    EXPECT_EQ(trial["mean"], alone["mean"]["test"]["accuracy"]);
    EXPECT_EQ(trial["std"], alone["std"]["test"]["accuracy"]);
    EXPECT_EQ(run_program(folder.path(), 0, {"verify", name}).exit_code, 0);
  }
  EXPECT_EQ(result["paired_test"]["trial"], result["trials"][0]["trial"]);
  EXPECT_TRUE(run.out.starts_with("trial  train.learning_rate  epochs  accuracy  ")) << run.out;
  EXPECT_NE(run.err.find("trial 2/3  train.learning_rate=0.01  accuracy 0."), std::string::npos);
  EXPECT_NE(run.err.find("corrected paired t-test over 3 folds"), std::string::npos);
  EXPECT_EQ(run.err.find("epoch 1/4"), std::string::npos) << "trials are quiet";

  // The trial that one trains by hand.
  const ProgramRun by_hand = run_program(
      folder.path(), 0,
      Words{"train", "--output.dir=alone", "--train.learning_rate=0.01"} + kTask + kFolds);
  ASSERT_EQ(by_hand.exit_code, 0) << by_hand.err;
  EXPECT_EQ(folder.read("alone/fold-2/model.safetensors"),
            folder.read("run/trial-2/fold-2/model.safetensors"));
}

TEST(Sweep, GivesTheSameOnAnyRanksAlsoSideBySide) {
  const TestFolder folder;
  for (const Words& rows : {kFolds, kValidation}) {
    std::set<std::string> results;
    std::set<std::string> tables;
    for (const int ranks : {0, 1, 3, 4}) {
      // One lane a trial: as many teams as ranks, but not more than trials.
      const ProgramRun run = run_program(
          folder.path(), ranks,
          sweep_to("run", rows + Words{"--overwrite", "--train.lanes=1", "--sweep.metric=f1"}));
      ASSERT_EQ(run.exit_code, 0) << run.err;
      results.insert(folder.read("run/result.json") + folder.read("run/trials.csv"));
      tables.insert(run.out);
    }
    EXPECT_EQ(results.size(), 1U);
    EXPECT_EQ(tables.size(), 1U);
  }
}

TEST(Sweep, GoesByTheBestOfAMonitor) {
  const TestFolder folder;
  const ProgramRun run =
      run_program(folder.path(), 2,
                  Words{"sweep", "--output.dir=run", "--sweep.train.learning_rate=0.05,0.5",
                        "--synthetic.kind=moons", "--synthetic.rows=300", "--synthetic.noise=0.6",
                        "--model.hidden=30", "--train.epochs=12", "--train.batch_size=30",
                        "--train.monitor=loss"} +
                      kValidation);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const json result = json_of(folder, "run/result.json");
  EXPECT_EQ(result["metric"], "loss") << "what is monitored, unless sweep.metric says otherwise";
  bool differs = false;
  for (const json& trial : result["trials"]) {
    const json alone =
        json_of(folder, "run/trial-" + std::to_string(trial["trial"].get<int>()) + "/result.json");
    EXPECT_EQ(trial["mean"], alone["best"]["value"]);
    differs = differs || alone["best"]["value"] != alone["validation"]["loss"];
  }
  EXPECT_TRUE(differs) << "the last is not the best";
}

TEST(Sweep, HalvesTheTrialsAndGoesOnWithTheBest) {
  const TestFolder folder;
  const Words halving = kValidation + Words{"--sweep.halving=2", "--sweep.train.momentum=0,0.5",
                                            "--train.optimizer=sgd", "--sweep.metric=loss"};
  std::set<std::string> results;
  for (const int ranks : {0, 3}) {
    const ProgramRun run =
        run_program(folder.path(), ranks, sweep_to("run", halving + Words{"--overwrite"}));
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_NE(run.err.find("6 trials with 1 epoch\n"), std::string::npos) << run.err;
    EXPECT_NE(run.err.find("3 trials with 2 epochs\n"), std::string::npos) << run.err;
    EXPECT_NE(run.err.find("2 trials with 4 epochs\n"), std::string::npos) << run.err;
    results.insert(folder.read("run/result.json"));
  }
  ASSERT_EQ(results.size(), 1U);
  const json trials = json::parse(*results.begin())["trials"];
  std::vector<int> epochs;
  for (const json& trial : trials) epochs.push_back(trial["epochs"]);
  EXPECT_EQ(epochs, (std::vector<int>{4, 4, 2, 1, 1, 1}));
  // The winner is the run that was never interrupted.
  const auto values = trials[0]["values"];
  const ProgramRun by_hand = run_program(
      folder.path(), 0,
      Words{"train", "--output.dir=alone", "--train.optimizer=sgd",
            "--train.momentum=" + values["train.momentum"].get<std::string>(),
            "--train.learning_rate=" + values["train.learning_rate"].get<std::string>()} +
          kTask + kValidation);
  ASSERT_EQ(by_hand.exit_code, 0) << by_hand.err;
  const std::string best = "run/trial-" + std::to_string(trials[0]["trial"].get<int>());
  EXPECT_EQ(folder.read("alone/model.safetensors"), folder.read(best + "/model.safetensors"));
}

TEST(Sweep, GoesOnWhereItWasStopped) {
  const TestFolder folder;
  ASSERT_EQ(run_program(folder.path(), 0, sweep_to("whole", kFolds)).exit_code, 0);
  // Out of time at once: the first trial stops with a checkpoint.
  const ProgramRun stopped =
      run_program(folder.path(), 2, sweep_to("run", kFolds + Words{"--train.max_hours=1e-9"}));
  EXPECT_EQ(stopped.exit_code, 75) << stopped.err;
  EXPECT_NE(stopped.err.find("the sweep was stopped; go on with: lockstep sweep --resume run\n"),
            std::string::npos)
      << stopped.err;
  EXPECT_EQ(run_program(folder.path(), 0, {"sweep", "--resume", "run", "--train.epochs=5"}).err,
            "command line: error: train.epochs: the sweep in run goes on with what it was begun "
            "with; remove it\n");
  // What has its result is not trained again.
  std::filesystem::create_directories(folder.file("run/results"));
  for (const int number : {1, 3}) {
    const std::string name = "/results/trial-" + std::to_string(number) + ".json";
    folder.write("run" + name, folder.read("whole" + name));
  }
  const ProgramRun resumed = run_program(
      folder.path(), 3,
      {"sweep", "--resume", "run", "--train.max_hours=none", "--run.threads=2", "--json"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(folder.read("run/result.json"), folder.read("whole/result.json"));
  EXPECT_EQ(resumed.out, folder.read("whole/result.json"));
  EXPECT_FALSE(std::filesystem::exists(folder.file("run/trial-3")));
}

TEST(Sweep, GoesOnWithTheSameRowsAndItsOwnResultsAlone) {
  const TestFolder folder;
  const auto rows = [](double shift) {
    std::string text = "a,b,y\n";
    for (int i = 0; i < 60; ++i) {
      text += std::to_string(i % 7 + shift) + "," + std::to_string(i % 5) + "," +
              (i % 7 + i % 5 > 5 ? "p" : "n") + "\n";
    }
    return text;
  };
  folder.write("d.csv", rows(0));
  const Words sweep{"sweep",
                    "--output.dir=run",
                    "--data.train=d.csv",
                    "--data.folds=3",
                    "--model.type=softmax",
                    "--train.epochs=2",
                    "--sweep.train.learning_rate=0.1,0.01"};
  ASSERT_EQ(run_program(folder.path(), 2, sweep).exit_code, 0);
  const Words resume{"sweep", "--resume", "run"};
  folder.write("d.csv", rows(1));
  const ProgramRun other = run_program(folder.path(), 0, resume);
  EXPECT_EQ(other.exit_code, 65);
  EXPECT_NE(other.err.find("run: the training rows are not those that the sweep was begun with"),
            std::string::npos)
      << other.err;
  folder.write("d.csv", rows(0));
  const std::string first = folder.read("run/results/trial-1.json");
  for (const std::string& wrong :
       {std::string("{"), folder.read("run/results/trial-2.json"), std::string("[]")}) {
    folder.write("run/results/trial-1.json", wrong);
    const ProgramRun damaged = run_program(folder.path(), 0, resume);
    EXPECT_EQ(damaged.exit_code, 65);
    EXPECT_NE(damaged.err.find("run/results/trial-1.json: "), std::string::npos) << damaged.err;
    EXPECT_NE(damaged.err.find("; remove the file and the folder of its trial, or start anew"),
              std::string::npos)
        << damaged.err;
  }
  folder.write("run/results/trial-1.json", first);
  EXPECT_EQ(run_program(folder.path(), 3, resume).exit_code, 0);
}

/// Teams do not write to one file, and the rows that are left out are told of once.
TEST(Sweep, LeavesRowsOutOnce) {
  const TestFolder folder;
  std::string text = "a,b,y\n";
  for (int i = 0; i < 90; ++i) {
    text += std::to_string(i % 7) + "," + (i % 30 == 3 ? "x" : std::to_string(i % 5)) + "," +
            (i % 2 == 0 ? "p" : "n") + "\n";
  }
  folder.write("d.csv", text);
  const ProgramRun run = run_program(
      folder.path(), 4,
      {"sweep", "--output.dir=run", "--data.train=d.csv", "--data.numeric=a,b", "--data.folds=3",
       "--data.on_bad_row=skip", "--data.quarantine=bad.jsonl", "--model.type=softmax",
       "--train.epochs=2", "--train.lanes=1", "--sweep.train.learning_rate=0.1,0.2,0.3,0.4"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const std::string bad = folder.read("bad.jsonl");
  EXPECT_EQ(std::count(bad.begin(), bad.end(), '\n'), 3) << bad;
  const std::size_t told = run.err.find("3 of 90 rows are left out");
  EXPECT_NE(told, std::string::npos) << run.err;
  EXPECT_EQ(run.err.find("are left out", told + 30), std::string::npos) << run.err;
}

TEST(Sweep, TellsOfTrialsThatDiverge) {
  const TestFolder folder;
  const Words wild{"--train.optimizer=sgd", "--synthetic.kind=linear",
                   "--model.type=linear",   "--synthetic.rows=300",
                   "--train.epochs=4",      "--data.validation_fraction=0.3"};
  const ProgramRun run = run_program(
      folder.path(), 2,
      Words{"sweep", "--output.dir=run", "--sweep.train.learning_rate=1e30,0.01"} + wild);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const json result = json_of(folder, "run/result.json");
  EXPECT_EQ(result["metric"], "rmse");
  EXPECT_EQ(result["trials"][0]["trial"], 2);
  EXPECT_EQ(result["trials"][1]["mean"], nullptr);
  EXPECT_NE(run.out.find("diverged"), std::string::npos) << run.out;
  const ProgramRun all = run_program(
      folder.path(), 2,
      Words{"sweep", "--output.dir=all", "--sweep.train.learning_rate=1e30,1e31"} + wild);
  EXPECT_EQ(all.exit_code, 3);
  EXPECT_NE(all.err.find("lockstep: error: all trials diverged; try lower values of "
                         "train.learning_rate\n"),
            std::string::npos)
      << all.err;
}

TEST(Sweep, MistakesAreNamedBeforeAnythingIsTrained) {
  const TestFolder folder;
  const auto error = [&](const Words& more, int code, int ranks = 0) {
    const ProgramRun run = run_program(folder.path(), ranks, sweep_to("run", more));
    EXPECT_EQ(run.exit_code, code) << run.err;
    EXPECT_EQ(folder.names(), std::vector<std::string>{});
    return run.err;
  };
  EXPECT_EQ(error({}, 78, 2),
            "command line: error: sweep: trials are compared by rows that they are not trained on; "
            "set data.validation_fraction or data.folds\n");
  EXPECT_EQ(error(kFolds + Words{"--sweep.model.activation=relu"}, 78),
            "trial 1 (model.activation=relu train.learning_rate=0.3): error: model.activation: "
            "applies to model.type = mlp only, not to softmax; remove it\n");
  EXPECT_EQ(error(kFolds + Words{"--sweep.train.epochs=1,2", "--sweep.halving=2"}, 78),
            "command line: error: sweep.halving: gives trials their epochs; remove "
            "sweep.train.epochs\n");
  EXPECT_EQ(error(kFolds + Words{"--train.schedule=cosine", "--sweep.halving=2"}, 78),
            "trial 1 (train.learning_rate=0.3): error: sweep.halving: train.schedule = cosine "
            "depends on train.epochs, which it changes; take another schedule\n");
  EXPECT_EQ(error(kFolds + Words{"--sweep.halving=2", "--sweep.min_epochs=4"}, 78),
            "command line: error: sweep.halving: needs train.epochs above sweep.min_epochs = 4\n");
  EXPECT_EQ(error(kFolds + Words{"--sweep.train.warmup_epochs=0,2", "--sweep.halving=2"}, 78),
            "trial 2 (train.learning_rate=0.3 train.warmup_epochs=2): error: train.warmup_epochs: "
            "expected fewer than the 1 of train.epochs, found 2\n");
  EXPECT_EQ(error(kValidation + Words{"--sweep.train.monitor=loss,accuracy"}, 78),
            "command line: error: sweep.metric: auto is train.monitor, which is swept; set a "
            "metric\n");
  EXPECT_EQ(error(kFolds + Words{"--sweep.penalty.l2=0,1", "--sweep.metric=objective"}, 78),
            "command line: error: sweep.metric: objective has the penalty in it, which is swept; "
            "take another metric\n");
  const std::string no_metric = error(kFolds + Words{"--sweep.metric=rmse"}, 78, 2);
  EXPECT_NE(no_metric.find("command line: error: sweep.metric: rmse is no metric of the target "
                           "'class', which is one of 3 classes; its metrics: accuracy, "),
            std::string::npos)
      << no_metric;
  EXPECT_EQ(run_program(folder.path(), 0, {"train", "--sweep.train.momentum=0,0.5"}).err,
            "lockstep: error: option '--sweep.train.momentum' has no effect on train; see "
            "'lockstep train --help'\n");
  EXPECT_EQ(folder.names(), std::vector<std::string>{});
}

TEST(Sweep, OverwritesSweepsAlone) {
  const TestFolder folder;
  const Words sweep = sweep_to("run", kValidation);
  ASSERT_EQ(run_program(folder.path(), 0, sweep).exit_code, 0);
  EXPECT_EQ(run_program(folder.path(), 0, sweep).exit_code, 73);
  ASSERT_EQ(run_program(folder.path(), 0,
                        {"sweep", "--output.dir=run", "--overwrite", "--synthetic.kind=blobs",
                         "--synthetic.rows=300", "--model.type=naive_bayes",
                         "--data.validation_fraction=0.3", "--sweep.bayes.smoothing=1,2"})
                .exit_code,
            0);
  EXPECT_FALSE(std::filesystem::exists(folder.file("run/trial-3")));
  // A folder that holds something else besides.
  folder.write("run/notes.txt", "mine");
  ASSERT_EQ(run_program(folder.path(), 0, sweep + Words{"--overwrite"}).exit_code, 0);
  EXPECT_EQ(folder.read("run/notes.txt"), "mine");
  const ProgramRun other =
      run_program(folder.path(), 0, {"train", "--output.dir=run", "--overwrite"});
  EXPECT_EQ(other.exit_code, 73) << other.err;
  const ProgramRun reads =
      run_program(folder.path(), 0,
                  sweep + Words{"--overwrite", "--train.init_from=run/trial-1/model.safetensors"});
  EXPECT_EQ(reads.exit_code, 73) << reads.err;
}

TEST(CrossValidation, IsATableOfFiveFoldsOrAsManyAsAreWanted) {
  const TestFolder folder;
  const ProgramRun run = run_program(folder.path(), 2, Words{"cv", "--output.dir=run"} + kTask);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out.substr(0, run.out.find('\n')), "fold  rows     loss  objective  accuracy");
  EXPECT_NE(run.out.find("\n5       60  "), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("\nmean"), std::string::npos) << run.out;
  const ProgramRun three =
      run_program(folder.path(), 3, Words{"cv", "--output.dir=three", "--json"} + kTask + kFolds);
  ASSERT_EQ(three.exit_code, 0) << three.err;
  EXPECT_EQ(json::parse(three.out)["folds"].size(), 3U);
  EXPECT_EQ(three.out, folder.read("three/result.json"));
  // It is what training with these folds gives, and goes on like it.
  ASSERT_EQ(
      run_program(folder.path(), 0, Words{"train", "--output.dir=same"} + kTask + kFolds).exit_code,
      0);
  EXPECT_EQ(folder.read("same/fold-3/model.safetensors"),
            folder.read("three/fold-3/model.safetensors"));
  const ProgramRun resumed = run_program(folder.path(), 2, {"cv", "--resume", "run"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(resumed.out, run.out);
  EXPECT_NE(
      run_program(folder.path(), 0, Words{"cv", "--output.dir=no"} + kTask + kValidation).exit_code,
      0);
}

}  // namespace
}  // namespace lockstep::trainer
