#include "trainer/cli/option_schema.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "core/base/options.hpp"

namespace lockstep::trainer {
namespace {

const std::vector<std::string>& contract() {
  static const std::vector<std::string> keys{"data.root",
                                             "data.format",
                                             "data.train",
                                             "data.train_labels",
                                             "data.test",
                                             "data.test_labels",
                                             "data.delimiter",
                                             "data.header",
                                             "data.target",
                                             "data.ignore",
                                             "data.categorical",
                                             "data.numeric",
                                             "data.weight",
                                             "data.missing",
                                             "data.on_bad_row",
                                             "data.quarantine",
                                             "data.index_base",
                                             "data.cache",
                                             "data.stream",
                                             "data.test_fraction",
                                             "data.validation_fraction",
                                             "data.stratify",
                                             "data.folds",
                                             "synthetic.kind",
                                             "synthetic.rows",
                                             "synthetic.test_rows",
                                             "synthetic.features",
                                             "synthetic.classes",
                                             "synthetic.noise",
                                             "preprocess.scale",
                                             "preprocess.impute",
                                             "preprocess.fill",
                                             "preprocess.indicator",
                                             "preprocess.encode",
                                             "preprocess.buckets",
                                             "preprocess.embedding_dim",
                                             "preprocess.unknown",
                                             "preprocess.target_scale",
                                             "model.type",
                                             "model.hidden",
                                             "model.activation",
                                             "model.slope",
                                             "model.normalization",
                                             "model.residual",
                                             "model.dropout",
                                             "model.loss",
                                             "model.init",
                                             "penalty.l1",
                                             "penalty.l2",
                                             "penalty.bias",
                                             "penalty.l1_method",
                                             "svm.C",
                                             "bayes.smoothing",
                                             "bayes.variance_smoothing",
                                             "train.epochs",
                                             "train.batch_size",
                                             "train.micro_batch",
                                             "train.init_from",
                                             "train.lanes",
                                             "train.optimizer",
                                             "train.learning_rate",
                                             "train.base_batch",
                                             "train.schedule",
                                             "train.warmup_epochs",
                                             "train.momentum",
                                             "train.nesterov",
                                             "train.clip_norm",
                                             "train.clip_value",
                                             "train.label_smoothing",
                                             "train.input_noise",
                                             "train.class_weight",
                                             "train.seed",
                                             "train.precision",
                                             "train.shuffle",
                                             "train.monitor",
                                             "train.patience",
                                             "train.min_delta",
                                             "train.max_hours",
                                             "schedule.unit",
                                             "schedule.factor",
                                             "schedule.patience",
                                             "schedule.every_epochs",
                                             "schedule.power",
                                             "schedule.final",
                                             "adagrad.epsilon",
                                             "adam.beta1",
                                             "adam.beta2",
                                             "adam.epsilon",
                                             "adam.bias_correction",
                                             "adam.weight_decay",
                                             "lars.trust",
                                             "lars.weight_decay",
                                             "lbfgs.history",
                                             "lbfgs.tolerance",
                                             "rmsprop.rho",
                                             "rmsprop.epsilon",
                                             "validation.every_epochs",
                                             "validation.every_steps",
                                             "validation.metrics",
                                             "checkpoint.every_epochs",
                                             "checkpoint.every_steps",
                                             "checkpoint.every_minutes",
                                             "checkpoint.keep",
                                             "output.dir",
                                             "run.threads",
                                             "comm.timeout",
                                             "sweep.search",
                                             "sweep.trials",
                                             "sweep.metric",
                                             "sweep.halving",
                                             "sweep.min_epochs"};
  return keys;
}

TEST(OptionSchema, HasEveryKeyOnceAndWithHelp) {
  std::vector<std::string> names;
  for (const Option& option : option_schema()) {
    names.push_back(option.name);
    EXPECT_FALSE(option.help.empty()) << option.name;
    EXPECT_NE(option.help.back(), '.') << option.name;
  }
  EXPECT_EQ(names, contract());
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
}

TEST(OptionSchema, KeysOfASectionStandTogether) {
  std::set<std::string> closed;
  std::string section;
  for (const Option& option : option_schema()) {
    const std::string its_section = option.name.substr(0, option.name.find('.'));
    if (its_section == section) continue;
    EXPECT_TRUE(closed.insert(its_section).second) << its_section;
    section = its_section;
  }
}

TEST(OptionSchema, DefaultsAreTheDigitsExperiment) {
  const Settings settings(option_schema());
  EXPECT_EQ(settings.text("data.format"), "auto");
  EXPECT_TRUE(settings.texts("data.train").empty());
  EXPECT_EQ(settings.text("synthetic.kind"), "digits");
  EXPECT_EQ(settings.integer("synthetic.rows"), 20000);
  EXPECT_EQ(settings.integer("synthetic.test_rows"), 4000);
  EXPECT_EQ(settings.text("model.type"), "mlp");
  EXPECT_EQ(settings.integers("model.hidden"), (std::vector<Index>{512, 256}));
  EXPECT_EQ(settings.text("train.optimizer"), "adam");
  EXPECT_EQ(settings.integer("train.batch_size"), 256);
  EXPECT_EQ(settings.integer("train.epochs"), 10);
  EXPECT_EQ(settings.integer("train.seed"), 1);
  EXPECT_EQ(settings.real("adam.epsilon"), 1e-8);
  EXPECT_TRUE(settings.flag("adam.bias_correction"));
  EXPECT_TRUE(settings.is_word("train.lanes", "auto"));
  EXPECT_TRUE(settings.is_word("train.learning_rate", "auto"));
  EXPECT_TRUE(settings.is_word("synthetic.noise", "auto"));
  EXPECT_TRUE(settings.is_word("run.threads", "auto"));
}

TEST(OptionSchema, WhatAModelIsNoFunctionOf) {
  std::set<std::string> without_effect;
  for (const Option& option : option_schema()) {
    if (!option.affects_result) without_effect.insert(option.name);
  }
  const std::set<std::string> expected{"data.root",
                                       "data.format",
                                       "data.train",
                                       "data.train_labels",
                                       "data.test",
                                       "data.test_labels",
                                       "data.delimiter",
                                       "data.header",
                                       "data.cache",
                                       "data.quarantine",
                                       "data.stream",
                                       "synthetic.kind",
                                       "synthetic.rows",
                                       "synthetic.test_rows",
                                       "synthetic.features",
                                       "synthetic.classes",
                                       "synthetic.noise",
                                       "train.init_from",
                                       "output.dir",
                                       "run.threads",
                                       "sweep.halving",
                                       "sweep.metric",
                                       "sweep.min_epochs",
                                       "sweep.search",
                                       "sweep.trials",
                                       "comm.timeout",
                                       "train.max_hours",
                                       "checkpoint.every_epochs",
                                       "checkpoint.every_steps",
                                       "checkpoint.every_minutes",
                                       "checkpoint.keep"};
  EXPECT_EQ(without_effect, expected);
}

struct Bounds {
  std::string name;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

TEST(OptionSchema, RangesHoldAtTheirEnds) {
  const std::vector<Bounds> all{
      {"synthetic.rows", {"1", "1000000000"}, {"0", "1000000001"}},
      {"synthetic.test_rows", {"0", "1000000000"}, {"-1", "1000000001"}},
      {"synthetic.features", {"1", "1000000"}, {"0", "1000001"}},
      {"synthetic.classes", {"2", "1000"}, {"1", "1001"}},
      {"synthetic.noise", {"0", "2.5", "auto"}, {"-0.1", "nan"}},
      {"preprocess.embedding_dim", {"1", "1024", "auto"}, {"0", "1025", "none"}},
      {"model.hidden", {"1", "3,2,1", "1048576"}, {"0", "", "1,-1", "1048577"}},
      {"model.slope", {"0", "0.999"}, {"1", "-0.1"}},
      {"model.normalization", {"none", "batch", "layer"}, {"batch2", ""}},
      {"model.residual", {"true", "false"}, {"2"}},
      {"model.dropout", {"0", "0.999"}, {"1", "-0.1", "nan"}},
      {"penalty.l1", {"0", "1e6"}, {"-1", "inf"}},
      {"penalty.l2", {"0", "1e6"}, {"-1", "nan"}},
      {"svm.C", {"1e-9"}, {"0", "-1"}},
      {"bayes.smoothing", {"1e-9", "1"}, {"0", "-1"}},
      {"bayes.variance_smoothing", {"1e-9"}, {"0", "-1"}},
      {"train.epochs", {"1", "1000000000"}, {"0", "1000000001", "1.5", "-1"}},
      {"train.batch_size", {"1", "all", "9223372036854775807"}, {"0", "auto", "-1"}},
      {"train.micro_batch", {"1", "none"}, {"0", "all"}},
      {"train.lanes", {"1", "64", "65536", "auto"}, {"0", "3", "131072", "-2"}},
      {"train.learning_rate", {"1e-9", "auto"}, {"0", "-1", "1e999"}},
      {"train.base_batch", {"1", "1000000000", "none"}, {"0", "auto", "-1"}},
      {"train.clip_norm", {"1e-9", "5", "none"}, {"0", "-1", "auto"}},
      {"train.clip_value", {"1e-9", "5", "none"}, {"0", "-1", "auto"}},
      {"train.warmup_epochs", {"0", "0.5", "1e9"}, {"-1", "nan"}},
      {"train.momentum", {"0", "0.9"}, {"1", "-1"}},
      {"train.seed", {"0", "9223372036854775807"}, {"-1", "9223372036854775808"}},
      {"train.precision", {"float", "double"}, {"half", "32"}},
      {"train.shuffle", {"rows", "blocks", "none"}, {"true"}},
      {"train.label_smoothing", {"0", "0.99"}, {"1", "-0.1"}},
      {"train.input_noise", {"0", "10"}, {"-0.1", "inf"}},
      {"train.monitor", {"none", "loss", "r2"}, {"auc2", ""}},
      {"train.patience", {"none", "1"}, {"0", "1.5"}},
      {"train.min_delta", {"0", "1e3"}, {"-1e-9"}},
      {"validation.every_epochs", {"none", "1"}, {"0"}},
      {"validation.every_steps", {"none", "1"}, {"0"}},
      {"validation.metrics", {"none", "f1", "auc,f1"}, {"f1,"}},
      {"schedule.patience", {"1"}, {"0", "none"}},
      {"penalty.bias", {"true", "false"}, {"maybe"}},
      {"penalty.l1_method", {"proximal", "subgradient"}, {"none"}},
      {"lars.trust", {"1e-9"}, {"0"}},
      {"lbfgs.history", {"1", "1000"}, {"0", "1001"}},
      {"lbfgs.tolerance", {"0", "1"}, {"-1", "2"}},
      {"lars.weight_decay", {"0"}, {"-1"}},
      {"schedule.unit", {"step", "epoch"}, {"batch"}},
      {"schedule.factor", {"0", "1"}, {"-0.1", "1.1"}},
      {"schedule.every_epochs", {"1e-9", "30"}, {"0"}},
      {"schedule.power", {"0", "2.5"}, {"-1"}},
      {"schedule.final", {"0", "1"}, {"-0.1", "1.1"}},
      {"adam.beta1", {"0", "0.999"}, {"1"}},
      {"adam.beta2", {"0", "0.999"}, {"1"}},
      {"adam.epsilon", {"1e-30"}, {"0", "1e-31"}},
      {"adam.weight_decay", {"0", "2"}, {"-1"}},
      {"adagrad.epsilon", {"1e-30"}, {"0", "1e-31"}},
      {"rmsprop.rho", {"0", "0.999"}, {"1"}},
      {"rmsprop.epsilon", {"1e-30"}, {"0", "1e-31"}},
      {"run.threads", {"1", "4096", "auto"}, {"0", "-1", "4097"}},
      {"comm.timeout", {"1", "1000000"}, {"0", "1.5", "auto"}},
      {"sweep.search", {"grid", "random"}, {"halving"}},
      {"sweep.trials", {"1", "10000"}, {"0", "10001"}},
      {"sweep.metric", {"auto", "rmse"}, {"none"}},
      {"sweep.halving", {"none", "2"}, {"1", "auto"}},
      {"sweep.min_epochs", {"1"}, {"0"}},
  };
  const Settings settings(option_schema());
  for (const Bounds& bounds : all) {
    const Option* option = settings.find(bounds.name);
    for (const std::string& value : bounds.good) {
      EXPECT_NO_THROW(option->canonical(value)) << bounds.name << " = " << value;
    }
    for (const std::string& value : bounds.bad) {
      EXPECT_ANY_THROW(option->canonical(value)) << bounds.name << " = " << value;
    }
  }
}

TEST(OptionSchema, EveryWordIsAccepted) {
  for (const Option& option : option_schema()) {
    for (const std::string& word : option.choices) EXPECT_EQ(option.canonical(word), word);
  }
}

}  // namespace
}  // namespace lockstep::trainer
