// Training that goes by its validations: what it keeps, when it ends, and that none of it depends
// on ranks or interruptions.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/format/safetensors.hpp"
#include "tests/trainer/program_runner.hpp"

namespace lockstep::trainer {
namespace {

using nlohmann::json;
using test::ProgramRun;
using test::run_program;
using test::TestFolder;
using test::train_to;
using test::Words;
using test::operator+;

/// Few rows, learned by heart: the validation loss rises in the end. 4 steps an epoch.
const Words kOverfitted{"--synthetic.rows=500",   "--synthetic.test_rows=100",
                        "--model.type=mlp",       "--model.hidden=24",
                        "--train.batch_size=100", "--train.learning_rate=0.02",
                        "--train.monitor=loss",   "--data.validation_fraction=0.2"};
const Words kImpatient = kOverfitted + Words{"--train.epochs=60", "--train.patience=4"};

std::vector<json> lines_of(const TestFolder& folder, const std::string& run) {
  std::vector<json> lines;
  std::ifstream file(folder.file(run + "/metrics.jsonl"));
  for (std::string line; std::getline(file, line);) lines.push_back(json::parse(line));
  return lines;
}

std::string parameters_of(const TestFolder& folder, const std::string& model) {
  return tensors_sha256(read_safetensors(folder.file(model)).tensors());
}

/// The place of the line with the lowest validation loss.
std::size_t best_of(const std::vector<json>& lines) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i]["validation"]["loss"] < lines[best]["validation"]["loss"]) best = i;
  }
  return best;
}

TEST(Validation, EndsATrainingThatGetsNoBetterAndKeepsTheBest) {
  const TestFolder folder;
  const ProgramRun run = run_program(folder.path(), 2, train_to("run", kImpatient));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const std::vector<json> lines = lines_of(folder, "run");
  const std::size_t best = best_of(lines);
  ASSERT_LT(lines.size(), 60U) << "it ends early";
  EXPECT_EQ(lines.size(), best + 1 + 4);
  EXPECT_EQ(parameters_of(folder, "run/best.safetensors"), lines[best]["parameters_sha256"]);
  EXPECT_EQ(parameters_of(folder, "run/model.safetensors"), lines.back()["parameters_sha256"]);

  const json result = json::parse(folder.read("run/result.json"));
  EXPECT_EQ(result["epochs"], lines.size());
  EXPECT_EQ(result["steps"], 4 * lines.size());
  EXPECT_EQ(result["validation"], lines.back()["validation"]);
  EXPECT_EQ(result["best"], json({{"metric", "loss"},
                                  {"value", lines[best]["validation"]["loss"]},
                                  {"epoch", best + 1},
                                  {"steps", 4 * (best + 1)}}));
  EXPECT_NE(run.err.find("no better validation loss in 4 validations: training ends in epoch " +
                         std::to_string(lines.size()) + " of 60\n"),
            std::string::npos)
      << run.err;
  EXPECT_NE(run.err.find("\nbest run/best.safetensors  validation loss "), std::string::npos);
  const ProgramRun inspected = run_program(folder.path(), 0, {"inspect", "run/best.safetensors"});
  EXPECT_NE(inspected.out.find("in epoch " + std::to_string(best + 1) + ", after "),
            std::string::npos)
      << inspected.out;

  // Nothing is left to do, and more epochs do not change that. The checkpoint has the best.
  for (const char* epochs : {"60", "70"}) {
    std::filesystem::remove(folder.path() / "run/best.safetensors");
    const ProgramRun again = run_program(
        folder.path(), 3, {"train", "--resume", "run", std::string("--train.epochs=") + epochs});
    EXPECT_EQ(again.exit_code, 0) << again.err;
    EXPECT_EQ(lines_of(folder, "run"), lines);
    EXPECT_EQ(parameters_of(folder, "run/best.safetensors"), lines[best]["parameters_sha256"]);
  }
}

/// Validations within epochs, and a rate that goes by them.
const Words kWithin{"--validation.every_steps=3", "--validation.every_epochs=2",
                    "--train.schedule=plateau",   "--schedule.patience=1",
                    "--schedule.factor=0.5",      "--train.min_delta=0.25"};
constexpr const char* kFiles[] = {"/model.safetensors", "/best.safetensors", "/metrics.jsonl"};

TEST(Validation, IsTheSameOnAnyRanksInterruptedOrNot) {
  const TestFolder folder;
  const Words arguments = kOverfitted + kWithin + Words{"--train.epochs=60", "--train.patience=7"};
  ASSERT_EQ(run_program(folder.path(), 0, train_to("whole", arguments)).exit_code, 0);
  for (const int ranks : {2, 3, 4}) {
    ASSERT_EQ(
        run_program(folder.path(), ranks, train_to("ranks", arguments + Words{"--overwrite"}), 2)
            .exit_code,
        0);
    for (const char* file : kFiles) {
      EXPECT_TRUE(folder.read(std::string("whole") + file) ==
                  folder.read(std::string("ranks") + file))
          << ranks << file;
    }
  }
  // Time is up whenever the ranks settle; at last it is not.
  constexpr int kStops = 14;
  ProgramRun run = run_program(folder.path(), 2,
                               train_to("parts", arguments + Words{"--train.max_hours=1e-12"}));
  int stops = 0;
  for (; run.exit_code == 75 && stops < 2 * kStops; ++stops) {
    Words resume{"train", "--resume", "parts"};
    if (stops >= kStops) resume.push_back("--train.max_hours=none");
    run = run_program(folder.path(), stops % 3 + 1, resume, stops % 2 + 1);
  }
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_GT(stops, kStops);
  for (const char* file : kFiles) {
    EXPECT_TRUE(folder.read(std::string("whole") + file) ==
                folder.read(std::string("parts") + file))
        << "in parts" << file;
  }
}

TEST(Validation, WithinEpochsHasLinesOfItsOwn) {
  const TestFolder folder;
  const ProgramRun run = run_program(
      folder.path(), 2, train_to("run", kOverfitted + kWithin + Words{"--train.epochs=5"}));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  std::vector<std::string> where;
  for (const json& line : lines_of(folder, "run")) {
    where.push_back(std::to_string(line["steps"].get<int>()) +
                    (line.contains("step") ? "/" + std::to_string(line["step"].get<int>()) : "") +
                    (line["validation"].is_null() ? "" : " validated"));
    EXPECT_EQ(line["validation"].is_null(), line["test"].is_null());
    EXPECT_EQ(line["train"]["rows"], 100 * (line.contains("step") ? line["step"].get<int>() : 4));
  }
  // Every third step, and every second of the epochs of 4 steps.
  EXPECT_EQ(where, (std::vector<std::string>{"3/3 validated", "4", "6/2 validated", "8 validated",
                                             "9/1 validated", "12 validated", "15/3 validated",
                                             "16 validated", "18/2 validated", "20"}));
  EXPECT_FALSE(json::parse(folder.read("run/result.json"))["validation"].is_null())
      << "at the end all is measured";
  EXPECT_NE(run.err.find("\nepoch 1/5  step 3/4  train loss "), std::string::npos) << run.err;
}

TEST(Validation, IsVerifiedAndRunAgain) {
  const TestFolder folder;
  const Words arguments =
      kImpatient + kWithin + Words{"--checkpoint.every_steps=5", "--checkpoint.keep=3"};
  ASSERT_EQ(run_program(folder.path(), 2, train_to("run", arguments)).exit_code, 0);
  const auto verify = [&](const Words& more) {
    return run_program(folder.path(), 3, Words{"verify", "run"} + more);
  };
  for (const Words& epoch : {Words{}, Words{"--epoch=3"}}) {
    const ProgramRun verified = verify(epoch);
    EXPECT_EQ(verified.exit_code, 0) << verified.err;
    EXPECT_NE(verified.out.find(": identical\n"), std::string::npos) << verified.out;
  }
  const ProgramRun again = run_program(folder.path(), 2,
                                       {"rerun", "run/best.safetensors", "--output.dir=again",
                                        "--synthetic.rows=500", "--synthetic.test_rows=100"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(again.out, "run/best.safetensors: trained again in again: identical\n");
  const ProgramRun same = run_program(folder.path(), 2, {"bisect", "run", "again"});
  EXPECT_NE(same.out.find("the parameters are the same in each of the "), std::string::npos)
      << same.out << same.err;

  // The last parameters in the place of the best.
  std::filesystem::copy_file(folder.path() / "run/model.safetensors",
                             folder.path() / "run/best.safetensors",
                             std::filesystem::copy_options::overwrite_existing);
  const ProgramRun other = verify({});
  EXPECT_EQ(other.exit_code, 65);
  EXPECT_NE(other.err.find("run/best.safetensors: its parameters have the SHA-256 "),
            std::string::npos)
      << other.err;
}

TEST(Validation, ChangesTheRateOnPlateaus) {
  const TestFolder folder;
  const Words arguments =
      kOverfitted + Words{"--train.schedule=plateau", "--schedule.patience=2",
                          "--schedule.factor=0.5", "--train.patience=7", "--train.epochs=60"};
  ASSERT_EQ(run_program(folder.path(), 2, train_to("run", arguments)).exit_code, 0);
  double best = 1e300;
  double rate = 0.02;
  int waited = 0;
  for (const json& line : lines_of(folder, "run")) {
    EXPECT_EQ(line["learning_rate"], rate) << line["epoch"];
    const auto loss = line["validation"]["loss"].get<double>();
    waited = loss < best ? 0 : waited + 1;
    best = std::min(best, loss);
    if (waited == 2) {
      waited = 0;
      rate *= 0.5;
    }
  }
  EXPECT_LT(rate, 0.01) << "it has some";
}

/// What a run that was killed, or goes on, leaves beside its lines is no fault of it.
TEST(Validation, VerifyKnowsModelsOfOtherSteps) {
  const TestFolder folder;
  const Words arguments = kOverfitted + Words{"--train.epochs=6"};
  ASSERT_EQ(run_program(folder.path(), 2, train_to("run", arguments)).exit_code, 0);
  EXPECT_EQ(
      run_program(folder.path(), 2,
                  {"train", "--resume", "run", "--train.epochs=50", "--train.max_hours=1e-12"})
          .exit_code,
      75);
  const ProgramRun longer = run_program(folder.path(), 2, {"verify", "run"});
  EXPECT_EQ(longer.exit_code, 0) << longer.err;

  ASSERT_EQ(run_program(folder.path(), 2, train_to("killed", arguments)).exit_code, 0);
  const std::string metrics = folder.read("killed/metrics.jsonl");
  folder.write("killed/metrics.jsonl", metrics.substr(0, metrics.find('\n') + 1));
  std::filesystem::remove(folder.path() / "killed/model.safetensors");
  const ProgramRun newer = run_program(folder.path(), 2, {"verify", "killed"});
  EXPECT_EQ(newer.exit_code, 0) << newer.err;
  EXPECT_NE(newer.err.find("killed/model.safetensors: is not there, and not compared\n"),
            std::string::npos)
      << newer.err;
  EXPECT_NE(newer.err.find("killed/best.safetensors: is of "), std::string::npos) << newer.err;
}

TEST(Validation, BisectSeesWhereRunsPartWithinAnEpoch) {
  const TestFolder folder;
  const auto train = [&](const char* run, const char* factor) {
    return run_program(folder.path(), 2,
                       train_to(run, kOverfitted +
                                         Words{"--train.epochs=3", "--validation.every_steps=1",
                                               "--train.schedule=plateau", "--schedule.patience=1",
                                               "--train.min_delta=0.9", factor}))
        .exit_code;
  };
  ASSERT_EQ(train("a", "--schedule.factor=0.5"), 0);
  ASSERT_EQ(train("b", "--schedule.factor=0.25"), 0);
  // The rate is another one after the second validation.
  EXPECT_EQ(run_program(folder.path(), 3, {"bisect", "a", "b"}).out,
            "schedule.factor is 0.5 in a, 0.25 in b\n"
            "the parameters differ after step 3 of epoch 1, not before\n"
            "they part in step 3 of epoch 1, in layers.0.weight, layers.0.bias, layers.1.weight, "
            "layers.1.bias\n");
  EXPECT_NE(run_program(folder.path(), 2, {"bisect", "a", "a"})
                .out.find("the parameters are the same in each of the 12 lines that both have\n"),
            std::string::npos);
}

TEST(Validation, AnotherStartIsRefusedWhereARunBeginsAnew) {
  const TestFolder folder;
  const Words arguments = kOverfitted + Words{"--train.epochs=2"};
  ASSERT_EQ(run_program(folder.path(), 0, train_to("first", arguments)).exit_code, 0);
  const Words from = arguments + Words{"--train.init_from=first/best.safetensors"};
  const ProgramRun itself =
      run_program(folder.path(), 0, train_to("first", from + Words{"--overwrite"}));
  EXPECT_EQ(itself.exit_code, 73);
  EXPECT_NE(itself.err.find("first/best.safetensors: is read (train.init_from) and would be "
                            "replaced; choose another output.dir"),
            std::string::npos)
      << itself.err;
  ASSERT_EQ(run_program(folder.path(), 2, train_to("run", from)).exit_code, 0);
  EXPECT_EQ(run_program(folder.path(), 2, {"verify", "run"}).exit_code, 0);
  std::filesystem::remove_all(folder.path() / "run/checkpoints");
  ASSERT_EQ(
      run_program(folder.path(), 0, {"train", "--resume", "first", "--train.epochs=4"}).exit_code,
      0);
  const std::string expected =
      "lockstep: error: run: the parameters in train.init_from are not those that the run was "
      "begun "
      "with; give it the same file, or start a new run";
  const std::string metrics = folder.read("run/metrics.jsonl");
  for (const Words& command : {Words{"train", "--resume", "run"}, Words{"verify", "run"}}) {
    const ProgramRun other = run_program(folder.path(), 2, command);
    EXPECT_EQ(other.exit_code, 65);
    EXPECT_NE(other.err.find(expected), std::string::npos) << other.err;
  }
  EXPECT_EQ(folder.read("run/metrics.jsonl"), metrics);
}

TEST(Validation, SaysWhereThereIsNone) {
  const TestFolder folder;
  const ProgramRun run = run_program(
      folder.path(), 0,
      train_to("run", kOverfitted + Words{"--train.epochs=2", "--validation.every_epochs=3"}));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(
      run.err.find("warning: there is no validation in 2 epochs of 4 steps, and train.monitor "
                   "has nothing to go by"),
      std::string::npos)
      << run.err;
}

TEST(Validation, GoesByAnyMetricOnAnyRanks) {
  const TestFolder folder;
  const Words moons{
      "--synthetic.kind=moons",         "--synthetic.rows=400",  "--synthetic.noise=0.5",
      "--synthetic.test_rows=100",      "--model.hidden=16",     "--train.epochs=8",
      "--data.validation_fraction=0.3", "--train.batch_size=50", "--train.monitor=auc",
      "--validation.metrics=brier,f1"};
  for (const int ranks : {0, 2, 3}) {
    const std::string name = "on" + std::to_string(ranks);
    const ProgramRun run = run_program(folder.path(), ranks, train_to(name, moons), 2);
    ASSERT_EQ(run.exit_code, 0) << run.err;
    for (const char* file : kFiles) {
      EXPECT_EQ(folder.read(name + file), folder.read(std::string("on0") + file)) << file;
    }
    EXPECT_NE(run.err.find("  auc 0."), std::string::npos) << run.err;
  }
  const std::vector<json> lines = lines_of(folder, "on0");
  double best = 0;
  for (const json& line : lines) {
    best = std::max(best, line["validation"]["auc"].get<double>());
    for (const char* metric : {"brier", "f1"}) {
      EXPECT_TRUE(line["validation"][metric].is_number()) << metric;
      EXPECT_TRUE(line["test"][metric].is_number()) << metric;
    }
    EXPECT_FALSE(line["train"].contains("auc"));
  }
  const json result = json::parse(folder.read("on0/result.json"));
  EXPECT_EQ(result["best"]["metric"], "auc");
  EXPECT_EQ(result["best"]["value"], best);
  EXPECT_EQ(run_program(folder.path(), 2, {"verify", "on0"}).exit_code, 0);
  // What the model's training was asked for, evaluate measures too, or what it is asked itself.
  ASSERT_EQ(run_program(folder.path(), 0,
                        {"generate", "--synthetic.kind=moons", "--synthetic.rows=400",
                         "--synthetic.noise=0.5", "--synthetic.test_rows=100", "--output=data"})
                .exit_code,
            0);
  const Words evaluate{"evaluate", "--model=on0/model.safetensors", "--data.test=data/test.csv",
                       "--json"};
  const ProgramRun evaluated = run_program(folder.path(), 3, evaluate);
  ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
  EXPECT_EQ(json::parse(evaluated.out)["brier"], result["test"]["brier"]);
  const ProgramRun asked =
      run_program(folder.path(), 0, evaluate + Words{"--validation.metrics=mcc"});
  EXPECT_TRUE(json::parse(asked.out)["mcc"].is_number()) << asked.err;
}

TEST(Validation, ThatCannotBeIsRefused) {
  const TestFolder folder;
  const auto error = [&](const Words& more) {
    const ProgramRun run = run_program(folder.path(), 0, train_to("run", more));
    EXPECT_NE(run.exit_code, 0);
    EXPECT_EQ(folder.names(), std::vector<std::string>{});
    return run.err;
  };
  EXPECT_EQ(error({"--train.monitor=loss"}),
            "command line: error: train.monitor: goes by validation rows; set "
            "data.validation_fraction\n");
  EXPECT_EQ(error({"--train.schedule=plateau"}),
            "command line: error: train.schedule: plateau needs a metric to go by; set "
            "train.monitor\n");
  EXPECT_EQ(error({"--train.monitor=loss", "--data.validation_fraction=0.2",
                   "--validation.every_epochs=none"}),
            "command line: error: train.monitor: goes by validations; set validation.every_epochs "
            "or every_steps\n");
  EXPECT_EQ(error({"--train.patience=3"}),
            "command line: error: train.patience: applies to train.monitor = accuracy or auc or "
            "average_precision or balanced_accuracy or brier or calibration_error or "
            "explained_variance or f1 or hinge or huber or kappa or loss or mae or mape or "
            "max_error or mcc or mse or objective or precision or r2 or recall or rmse or "
            "top_3_accuracy or top_5_accuracy only, not to none; remove it\n");
  EXPECT_EQ(error({"--train.monitor=rmse", "--data.validation_fraction=0.2"}),
            "command line: error: train.monitor: rmse is no metric of the target 'label', which is "
            "one of 10 classes; its metrics: accuracy, balanced_accuracy, brier, "
            "calibration_error, f1, hinge, kappa, loss, mcc, objective, precision, recall, "
            "top_3_accuracy, top_5_accuracy\n");
  EXPECT_EQ(error({"--validation.metrics=f1,brier", "--model.type=svm", "--synthetic.kind=blobs",
                   "--data.test_fraction=0.2"}),
            "command line: error: validation.metrics: brier is no metric of the target 'class', "
            "which is one of 3 classes without probabilities; its metrics: accuracy, "
            "balanced_accuracy, f1, hinge, kappa, loss, mcc, objective, precision, recall\n");
  EXPECT_EQ(
      error({"--validation.metrics=f1,f2"}),
      "command line: error: validation.metrics: unknown metric 'f2'; known: accuracy, auc, "
      "average_precision, balanced_accuracy, brier, calibration_error, explained_variance, f1, "
      "hinge, huber, kappa, loss, mae, mape, max_error, mcc, mse, objective, precision, r2, "
      "recall, "
      "rmse, top_3_accuracy, top_5_accuracy\n");
  EXPECT_EQ(error({"--train.label_smoothing=0.1", "--model.type=svm", "--synthetic.kind=blobs"}),
            "command line: error: train.label_smoothing: applies to the losses with probabilities, "
            "cross_entropy and logistic, not to model.loss = hinge; remove it\n");
}

}  // namespace
}  // namespace lockstep::trainer
