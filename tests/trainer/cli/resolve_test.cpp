#include "trainer/cli/resolve.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "trainer/cli/arguments.hpp"

namespace lockstep::trainer {
namespace {

using Line = std::vector<std::string>;

Settings resolve(const Line& keys, const std::optional<std::string>& file = {}) {
  Line line{"train"};
  line.insert(line.end(), keys.begin(), keys.end());
  return resolve_settings(parse_arguments(line), "a.ini", file);
}

Line operator+(Line a, const Line& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::string config_error(const Line& keys, const std::optional<std::string>& file = {}) {
  try {
    resolve(keys, file);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Resolve, CommandLineBeatsFileBeatsDefault) {
  const Settings settings = resolve({"--train.epochs=7"}, "[train]\nepochs = 5\nseed = 3\n");
  EXPECT_EQ(settings.integer("train.epochs"), 7);
  EXPECT_EQ(settings.place("train.epochs"), "command line");
  EXPECT_EQ(settings.integer("train.seed"), 3);
  EXPECT_EQ(settings.place("train.seed"), "a.ini:3");
  EXPECT_EQ(settings.integer("train.batch_size"), 256);
  EXPECT_EQ(settings.place("train.batch_size"), "default");
}

TEST(Resolve, AnEmptyValueTakesAFilesValueBack) {
  const Settings settings = resolve({"--data.test="}, "[data]\ntest = t.csv\n");
  EXPECT_TRUE(settings.texts("data.test").empty());
  EXPECT_EQ(settings.origin("data.test"), Origin::command_line);
}

TEST(Resolve, ThrowsAllErrorsAtOnce) {
  EXPECT_EQ(config_error({"--train.epochs=abc", "--train.momentum", "-1"},
                         "[train]\nepoch = 3\nbatch_size = 0\n"),
            "a.ini:2: error: unknown key 'train.epoch' (did you mean 'train.epochs'?)\n"
            "a.ini:3: error: train.batch_size: expected an integer ≥ 1 or all, found '0'\n"
            "command line: error: train.epochs: expected an integer in [1, 1000000000], found "
            "'abc'\n"
            "command line: error: train.momentum: expected a real in [0, 1), found '-1'");
}

TEST(Resolve, ABadValueOfTheFileIsAnErrorEvenWhenOverridden) {
  EXPECT_EQ(config_error({"--train.epochs=3"}, "[train]\nepochs = x\n"),
            "a.ini:2: error: train.epochs: expected an integer in [1, 1000000000], found 'x'");
}

TEST(Resolve, ShowsTheFirstErrorsOfAFileThatIsNoConfiguration) {
  std::string file;
  for (int i = 0; i < 30; ++i) file += "x\n";
  const std::string message = config_error({}, file);
  EXPECT_EQ(message.find("a.ini:1: error: expected 'key = value', found 'x'\n"), 0U);
  EXPECT_NE(message.find("\na.ini:20: error: "), std::string::npos);
  EXPECT_EQ(message.find("a.ini:21:"), std::string::npos);
  EXPECT_NE(message.find("\n… and 10 more"), std::string::npos);
}

TEST(Resolve, SvmTakesItsPenaltyFromC) {
  EXPECT_EQ(config_error({"--penalty.l2=0.1"}, "[model]\ntype = svm\n[svm]\nC = 10\n"),
            "command line: error: penalty.l2: svm takes its L2 penalty from svm.C; remove one of "
            "them");
  EXPECT_EQ(config_error({}, "[model]\ntype = svm\n[penalty]\nl2 = 0\n"),
            "a.ini:4: error: penalty.l2: svm takes its L2 penalty from svm.C; remove one of them");
  EXPECT_EQ(config_error({"--svm.C=1"}),
            "command line: error: svm.C: applies to model.type = svm only, not to mlp; remove it");
  EXPECT_EQ(config_error({"--model.type=svm", "--svm.C=1", "--penalty.l1=0.1"}), "accepted");
  EXPECT_EQ(config_error({"--model.type=linear", "--penalty.l2=0.1"}), "accepted");
}

TEST(Resolve, MomentumBelongsToSgd) {
  EXPECT_EQ(
      config_error({"--train.momentum=0.9"}),
      "command line: error: train.momentum: applies to train.optimizer = sgd or rmsprop or lars "
      "only, "
      "not to adam; remove it");
  EXPECT_EQ(config_error({"--train.nesterov=false", "--train.optimizer=adamw"}),
            "command line: error: train.nesterov: applies to train.optimizer = sgd only, not to "
            "adamw; remove it");
  EXPECT_EQ(config_error({"--train.optimizer=sgd", "--train.nesterov=true"}),
            "command line: error: train.nesterov: needs train.momentum > 0; set it or remove "
            "train.nesterov");
  EXPECT_EQ(
      config_error({"--train.optimizer=sgd", "--train.nesterov=true", "--train.momentum=0.9"}),
      "accepted");
  EXPECT_EQ(config_error({"--train.optimizer=sgd", "--train.nesterov=false"}), "accepted");
}

TEST(Resolve, KeysOfPenaltiesNeedAPenalty) {
  EXPECT_EQ(config_error({"--penalty.l1_method=subgradient"}),
            "command line: error: penalty.l1_method: needs penalty.l1 > 0; set it or remove "
            "penalty.l1_method");
  EXPECT_EQ(config_error({"--penalty.bias=true"}),
            "command line: error: penalty.bias: needs penalty.l1 or penalty.l2; set one or remove "
            "penalty.bias");
  EXPECT_EQ(config_error({"--penalty.bias=true", "--penalty.l2=1"}), "accepted");
  EXPECT_EQ(config_error({"--penalty.bias=true", "--model.type=svm"}), "accepted");
  EXPECT_EQ(config_error({"--lars.trust=0.1"}),
            "command line: error: lars.trust: applies to train.optimizer = lars only, not to adam; "
            "remove it");
}

TEST(Resolve, LbfgsTakesAllRowsAndNoRate) {
  const Line lbfgs{"--train.optimizer=lbfgs"};
  EXPECT_EQ(config_error(lbfgs),
            "command line: error: train.optimizer: lbfgs takes all rows in each step; set "
            "train.batch_size = all");
  const Line all = lbfgs + Line{"--train.batch_size=all"};
  EXPECT_EQ(config_error(all), "accepted");
  for (const char* key : {"train.learning_rate=0.1", "train.schedule=cosine", "train.clip_norm=1",
                          "train.shuffle=none", "train.base_batch=3"}) {
    const std::string name = std::string(key).substr(0, std::string(key).find('='));
    EXPECT_EQ(config_error(all + Line{std::string("--") + key}),
              "command line: error: " + name +
                  ": applies to train.optimizer = adagrad or adam or adamw or amsgrad or lamb or "
                  "lars or rmsprop or sgd only, not to lbfgs; remove it");
  }
  EXPECT_EQ(config_error(all + Line{"--penalty.l1=1", "--penalty.l1_method=subgradient"}),
            "command line: error: penalty.l1_method: applies to train.optimizer = adagrad or adam "
            "or adamw or amsgrad or lamb or lars or rmsprop or sgd only, not to lbfgs; remove it");
}

TEST(Resolve, AdamsKeysBelongToAdam) {
  EXPECT_EQ(config_error({"--train.optimizer=sgd", "--adam.beta1=0.8"}),
            "command line: error: adam.beta1: applies to train.optimizer = adam or adamw or "
            "amsgrad or lamb only, not to sgd; remove it");
  EXPECT_EQ(config_error({"--adam.weight_decay=0.1"}),
            "command line: error: adam.weight_decay: applies to train.optimizer = adamw or lamb "
            "only, not "
            "to adam; remove it");
  EXPECT_EQ(config_error({"--train.optimizer=adamw", "--adam.weight_decay=0.1",
                          "--adam.bias_correction=false"}),
            "accepted");
}

TEST(Resolve, SchedulesHaveTheirOwnKeys) {
  EXPECT_EQ(config_error({"--schedule.factor=0.5"}),
            "command line: error: schedule.factor: applies to train.schedule = step or exponential "
            "or plateau "
            "only, not to constant; remove it");
  EXPECT_EQ(config_error({"--train.schedule=cosine", "--schedule.power=2"}),
            "command line: error: schedule.power: applies to train.schedule = polynomial only, not "
            "to cosine; remove it");
  EXPECT_TRUE(
      config_error({"--schedule.unit=epoch"})
          .starts_with("command line: error: schedule.unit: applies to train.schedule = cosine "));
  EXPECT_EQ(config_error({"--train.warmup_epochs=10", "--train.epochs=10"}),
            "command line: error: train.warmup_epochs: expected fewer than the 10 of train.epochs, "
            "found 10");
  EXPECT_EQ(
      config_error({"--train.schedule=cosine", "--schedule.final=0.1", "--schedule.unit=epoch",
                    "--train.warmup_epochs=0.5", "--train.base_batch=128"}),
      "accepted");
  EXPECT_TRUE(
      config_error({"--model.type=naive_bayes", "--train.schedule=cosine"})
          .starts_with("command line: error: train.schedule: applies to model.type = linear"));
}

TEST(Resolve, FoldsOfTheCommandLineReplaceTestRowsOfTheFile) {
  const Settings settings = resolve({"--data.folds=3"},
                                    "[data]\ntrain = a.csv\ntest = b.csv\nvalidation_fraction = "
                                    "0.1\n[synthetic]\ntest_rows = 7\n");
  EXPECT_EQ(settings.text("data.test"), "");
  EXPECT_EQ(settings.real("data.validation_fraction"), 0);
  EXPECT_FALSE(settings.given("synthetic.test_rows"));
  Arguments cv;
  cv.command = "cv";
  EXPECT_EQ(resolve_settings(cv, "a.ini", "[data]\ntest = b.csv\n").text("data.folds"), "5");
  EXPECT_EQ(resolve_settings(cv, "a.ini", "[data]\nfolds = 3\n").text("data.folds"), "3");
  const Settings monitored = resolve_settings(
      cv, "a.ini", "[data]\nvalidation_fraction = 0.1\n[train]\nmonitor = loss\npatience = 3\n");
  EXPECT_TRUE(monitored.is_word("train.monitor", "none"));
  cv.overrides = {{"data.folds", "none"}};
  try {
    resolve_settings(cv, "a.ini", std::nullopt);
    FAIL() << "cross-validation without folds";
  } catch (const PlacedConfigError& error) {
    EXPECT_STREQ(error.what(), "command line: error: data.folds: cv needs two folds or more");
  }
}

TEST(Resolve, HiddenLayersBelongToAnMlp) {
  EXPECT_EQ(config_error({}, "[model]\nhidden = 5\nactivation = tanh\ntype = softmax\n"),
            "a.ini:2: error: model.hidden: applies to model.type = mlp only, not to softmax; "
            "remove it\n"
            "a.ini:3: error: model.activation: applies to model.type = mlp only, not to softmax; "
            "remove it");
  EXPECT_EQ(config_error({"--model.slope=0.1"}),
            "command line: error: model.slope: applies to model.activation = leaky_relu only, not "
            "to relu; remove it");
  EXPECT_EQ(config_error({"--model.slope=0.1", "--model.activation=leaky_relu"}), "accepted");
  EXPECT_EQ(config_error({"--model.residual=true", "--model.hidden=8,4,4"}), "accepted");
  EXPECT_EQ(
      config_error({}, "[model]\nhidden = 8,4\nresidual = true\n"),
      "a.ini:3: error: model.residual: no hidden layer is as wide as the one before it, found "
      "model.hidden = 8,4; set equal widths, as in 256,256");
}

TEST(Resolve, NaiveBayesHasNoStepsAndNetworksNoCounts) {
  EXPECT_EQ(config_error({"--model.type=naive_bayes", "--train.epochs=3"}),
            "command line: error: train.epochs: applies to model.type = linear or logistic or mlp "
            "or softmax or svm only, not to naive_bayes; remove it");
  EXPECT_EQ(config_error({"--bayes.smoothing=2"}),
            "command line: error: bayes.smoothing: applies to model.type = naive_bayes only, not "
            "to mlp; remove it");
  EXPECT_EQ(config_error({"--model.type=naive_bayes", "--bayes.smoothing=2"}), "accepted");
}

TEST(Resolve, KeysOfPreprocessingBelongToOthersOfAnyColumn) {
  EXPECT_EQ(config_error({"--preprocess.fill=3"}),
            "command line: error: preprocess.fill: applies to preprocess.impute = constant only, "
            "not to none; remove it");
  EXPECT_EQ(config_error({"--preprocess.fill=3", "--preprocess.x.impute=constant"}), "accepted");
  EXPECT_EQ(config_error({"--preprocess.x.buckets=8"}),
            "command line: error: preprocess.x.buckets: applies to preprocess.encode = hash only, "
            "not to none; remove it");
  EXPECT_EQ(config_error({"--preprocess.unknown=error", "--preprocess.encode=hash"}),
            "command line: error: preprocess.unknown: applies to preprocess.encode = onehot or "
            "ordinal or embedding only, not to hash; remove it");
  EXPECT_EQ(config_error({"--preprocess.indicator=yes"}),
            "command line: error: preprocess.indicator: applies to preprocess.impute = mean or "
            "median or constant or most_frequent only, not to none; remove it");
  const std::string file = "[preprocess]\nimpute = constant\nfill = 3\n[preprocess.x]\nfill = 4\n";
  const Settings kept = resolve({}, file);
  EXPECT_EQ(kept.text("preprocess.x.fill"), "4");
  const Settings replaced = resolve({"--preprocess.impute=mean"}, file);
  EXPECT_EQ(replaced.text("preprocess.fill"), "");
  EXPECT_EQ(replaced.find("preprocess.x.fill"), nullptr);
  EXPECT_EQ(config_error({"--model.type=naive_bayes", "--preprocess.encode=onehot"}),
            "command line: error: preprocess.encode: applies to model.type = linear or logistic or "
            "mlp or softmax or svm only, not to naive_bayes; remove it");
}

TEST(Resolve, TheCommandLineReplacesWhatAKeyOfTheFileBelongsTo) {
  const std::string file =
      "[model]\nhidden = 5\n[train]\noptimizer = sgd\nmomentum = 0.9\nnesterov = true\n";
  const Settings kept = resolve({}, file);
  EXPECT_EQ(kept.real("train.momentum"), 0.9);
  const Settings adam = resolve({"--train.optimizer=adam"}, file);
  EXPECT_EQ(adam.real("train.momentum"), 0);
  EXPECT_FALSE(adam.flag("train.nesterov"));
  EXPECT_EQ(adam.text("model.hidden"), "5");
  EXPECT_EQ(resolve({"--model.type=softmax"}, file).text("model.hidden"), "512,256");
  EXPECT_EQ(
      config_error({"--train.optimizer=adam", "--train.momentum=0.5"}, file),
      "command line: error: train.momentum: applies to train.optimizer = sgd or rmsprop or lars "
      "only, "
      "not to adam; remove it")
      << "given where it has no effect";
}

TEST(Resolve, TheLossFitsTheModel) {
  const std::vector<std::pair<std::string, Line>> fitting{
      {"linear", {"auto", "squared", "absolute"}},
      {"logistic", {"auto", "logistic"}},
      {"softmax", {"auto", "cross_entropy"}},
      {"svm", {"auto", "hinge", "squared_hinge"}},
      {"mlp",
       {"auto", "squared", "absolute", "logistic", "cross_entropy", "hinge", "squared_hinge"}},
  };
  for (const auto& [type, losses] : fitting) {
    for (const std::string& loss : fitting.back().second) {
      const bool fits = std::find(losses.begin(), losses.end(), loss) != losses.end();
      EXPECT_EQ(config_error({"--model.type=" + type, "--model.loss=" + loss}) == "accepted", fits)
          << type << " with " << loss;
    }
  }
  EXPECT_EQ(config_error({"--model.type=linear", "--model.loss=hinge"}),
            "command line: error: model.loss: 'hinge' does not fit model.type = linear; known: "
            "auto, squared, absolute");
}

TEST(Resolve, TestRowsComeFromOnePlace) {
  const Line fraction{"--data.test_fraction=0.2"};
  EXPECT_EQ(config_error({"--data.test_fraction=0.2", "--data.test=t.csv"}),
            "command line: error: data.test_fraction: data.test gives the test rows; remove one of "
            "them");
  EXPECT_EQ(config_error(fraction, "[data]\ntest = t.csv\n"),
            "command line: error: data.test_fraction: data.test gives the test rows; remove one of "
            "them");
  EXPECT_EQ(config_error({"--data.test_fraction=0.2", "--synthetic.test_rows=5"}),
            "command line: error: synthetic.test_rows: data.test_fraction gives the test rows; "
            "remove one of them");
  EXPECT_EQ(config_error({}, "[data]\ntest_fraction = 0.6\nvalidation_fraction = 0.4\n"),
            "a.ini:3: error: data.validation_fraction: with data.test_fraction = 0.6 no rows are "
            "left to train on; lower one of them");
  EXPECT_EQ(config_error({"--data.test_fraction=1"}),
            "command line: error: data.test_fraction: expected a real in [0, 1), found '1'");
  EXPECT_EQ(config_error({"--data.validation_fraction=0.2", "--data.test=t.csv"}), "accepted");
  EXPECT_EQ(config_error({"--data.test_fraction=0", "--data.test=t.csv"}), "accepted");
}

TEST(Resolve, StratifyNeedsASplitUnlessTheCommandLineTookItAway) {
  EXPECT_EQ(
      config_error({"--data.stratify=yes"}),
      "command line: error: data.stratify: needs data.test_fraction, data.validation_fraction "
      "or data.folds; set one or remove data.stratify");
  const std::string file = "[data]\ntest_fraction = 0.2\nstratify = yes\n";
  EXPECT_EQ(config_error({}, file), "accepted");
  const Settings replaced = resolve({"--data.test=t.csv"}, file);
  EXPECT_EQ(replaced.real("data.test_fraction"), 0);
  EXPECT_EQ(replaced.text("data.stratify"), "no");
  EXPECT_EQ(resolve({"--data.test_fraction=0"}, file).text("data.stratify"), "no");
  EXPECT_EQ(resolve({"--data.test="}, file).real("data.test_fraction"), 0.2);
}

TEST(Resolve, FoldsGiveTheTestRowsAlone) {
  for (const char* key : {"data.test", "data.test_fraction", "data.validation_fraction"}) {
    const std::string value = std::string(key) == "data.test" ? "t.csv" : "0.1";
    EXPECT_EQ(
        config_error({"--data.folds=5", "--" + std::string(key) + "=" + value}),
        "command line: error: data.folds: each fold gives the test rows of its model; remove " +
            std::string(key));
  }
  EXPECT_EQ(config_error({"--data.folds=5", "--synthetic.test_rows=9"}),
            "command line: error: synthetic.test_rows: data.folds gives the test rows; remove one "
            "of them");
  EXPECT_EQ(config_error({"--data.folds=1"}),
            "command line: error: data.folds: expected an integer in [2, 100] or none, found '1'");
  EXPECT_EQ(config_error({"--data.folds=5", "--data.stratify=yes"}), "accepted");
  EXPECT_EQ(config_error({"--data.folds=none"}, "[data]\nfolds = 5\nstratify = yes\n"), "accepted");
}

}  // namespace
}  // namespace lockstep::trainer
