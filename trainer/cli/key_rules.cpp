#include "trainer/cli/key_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/metrics/evaluation.hpp"
#include "core/model/naive_bayes.hpp"
#include "core/model/network.hpp"
#include "core/model/sample_weights.hpp"
#include "core/optimize/lbfgs.hpp"
#include "core/optimize/optimizer.hpp"
#include "core/optimize/schedule.hpp"

namespace lockstep::trainer {
namespace {

using namespace std::string_view_literals;

/// The key has an effect only while `selector` has one of `values`; of a selector that columns may
/// have too, while one of them does.
struct Condition {
  std::string_view key;
  std::string_view selector;
  std::vector<std::string_view> values;
};

/// The values of model.type that are networks.
std::vector<std::string_view> network_types() {
  std::vector<std::string_view> names;
  for (const ModelPreset& preset : model_presets()) names.emplace_back(preset.name);
  return names;
}

std::vector<std::string_view> changing_schedules() {
  std::vector<std::string_view> names;
  for (const ScheduleEntry& entry : schedule_entries()) {
    if (entry.name != "constant") names.emplace_back(entry.name);
  }
  return names;
}

std::vector<std::string_view> stepping_optimizers() {
  std::vector<std::string_view> names;
  for (const OptimizerEntry& entry : optimizer_entries()) names.emplace_back(entry.name);
  return names;
}

std::vector<std::string_view> monitors() {
  std::vector<std::string_view> names;
  for (const EvaluationMetric& metric : evaluation_metrics()) names.emplace_back(metric.name);
  return names;
}

/// Keys that are for networks.
constexpr std::array kNetworkKeys{
    "preprocess.scale"sv,
    "preprocess.impute"sv,
    "preprocess.fill"sv,
    "preprocess.indicator"sv,
    "preprocess.encode"sv,
    "preprocess.buckets"sv,
    "preprocess.embedding_dim"sv,
    "preprocess.unknown"sv,
    "preprocess.target_scale"sv,
    "model.loss"sv,
    "model.init"sv,
    "penalty.l1"sv,
    "penalty.l2"sv,
    "penalty.bias"sv,
    "penalty.l1_method"sv,
    "data.weight"sv,
    "data.stream"sv,
    "train.class_weight"sv,
    "train.label_smoothing"sv,
    "train.input_noise"sv,
    "train.micro_batch"sv,
    "train.epochs"sv,
    "train.batch_size"sv,
    "train.init_from"sv,
    "train.lanes"sv,
    "train.optimizer"sv,
    "train.learning_rate"sv,
    "train.base_batch"sv,
    "train.clip_norm"sv,
    "train.clip_value"sv,
    "train.schedule"sv,
    "train.warmup_epochs"sv,
    "train.monitor"sv,
    "train.patience"sv,
    "train.min_delta"sv,
    "train.max_hours"sv,
    "validation.every_epochs"sv,
    "validation.every_steps"sv,
    "checkpoint.every_epochs"sv,
    "checkpoint.every_steps"sv,
    "checkpoint.every_minutes"sv,
    "checkpoint.keep"sv,
    "schedule.unit"sv,
    "schedule.factor"sv,
    "schedule.every_epochs"sv,
    "schedule.patience"sv,
    "schedule.power"sv,
    "schedule.final"sv,
    "train.precision"sv,
    "train.shuffle"sv,
    "train.momentum"sv,
    "train.nesterov"sv,
    "adagrad.epsilon"sv,
    "adam.beta1"sv,
    "adam.beta2"sv,
    "adam.epsilon"sv,
    "adam.bias_correction"sv,
    "adam.weight_decay"sv,
    "lars.trust"sv,
    "lbfgs.history"sv,
    "lbfgs.tolerance"sv,
    "lars.weight_decay"sv,
    "rmsprop.rho"sv,
    "rmsprop.epsilon"sv,
};

/// Those of other selectors than model.type = a network.
std::vector<Condition> special_conditions() {
  return {
      {"bayes.smoothing", "model.type", {kNaiveBayesName}},
      {"bayes.variance_smoothing", "model.type", {kNaiveBayesName}},
      {"preprocess.fill", "preprocess.impute", {"constant"}},
      {"preprocess.indicator",
       "preprocess.impute",
       {"mean", "median", "constant", "most_frequent"}},
      {"preprocess.buckets", "preprocess.encode", {"hash"}},
      {"preprocess.embedding_dim", "preprocess.encode", {"embedding"}},
      {"preprocess.unknown", "preprocess.encode", {"onehot", "ordinal", "embedding"}},
      {"model.hidden", "model.type", {"mlp"}},
      {"model.activation", "model.type", {"mlp"}},
      {"model.slope", "model.type", {"mlp"}},
      {"model.slope", "model.activation", {"leaky_relu"}},
      {"model.normalization", "model.type", {"mlp"}},
      {"model.residual", "model.type", {"mlp"}},
      {"model.dropout", "model.type", {"mlp"}},
      {"model.dropout", "train.optimizer", stepping_optimizers()},
      {"train.input_noise", "train.optimizer", stepping_optimizers()},
      {"data.quarantine", "data.on_bad_row", {"skip"}},
      {"data.cache", "data.on_bad_row", {"fail"}},
      {"synthetic.classes", "synthetic.kind", {"blobs"}},
      {"synthetic.features", "synthetic.kind", {"blobs", "linear"}},
      {"svm.C", "model.type", {"svm"}},
      {"schedule.unit", "train.schedule", changing_schedules()},
      {"schedule.factor", "train.schedule", {"step", "exponential", "plateau"}},
      {"schedule.patience", "train.schedule", {"plateau"}},
      {"schedule.every_epochs", "train.schedule", {"step"}},
      {"schedule.power", "train.schedule", {"polynomial"}},
      {"schedule.final", "train.schedule", {"polynomial", "cosine"}},
      {"train.patience", "train.monitor", monitors()},
      {"train.min_delta", "train.monitor", monitors()},
      {"train.momentum", "train.optimizer", {"sgd", "rmsprop", "lars"}},
      {"train.nesterov", "train.optimizer", {"sgd"}},
      {"adagrad.epsilon", "train.optimizer", {"adagrad"}},
      {"adam.beta1", "train.optimizer", {"adam", "adamw", "amsgrad", "lamb"}},
      {"adam.beta2", "train.optimizer", {"adam", "adamw", "amsgrad", "lamb"}},
      {"adam.epsilon", "train.optimizer", {"adam", "adamw", "amsgrad", "lamb"}},
      {"adam.bias_correction", "train.optimizer", {"adam", "adamw", "amsgrad", "lamb"}},
      {"adam.weight_decay", "train.optimizer", {"adamw", "lamb"}},
      {"lars.trust", "train.optimizer", {"lars"}},
      {"lbfgs.history", "train.optimizer", {kLbfgsName}},
      {"lbfgs.tolerance", "train.optimizer", {kLbfgsName}},
      {"train.learning_rate", "train.optimizer", stepping_optimizers()},
      {"train.base_batch", "train.optimizer", stepping_optimizers()},
      {"train.schedule", "train.optimizer", stepping_optimizers()},
      {"train.warmup_epochs", "train.optimizer", stepping_optimizers()},
      {"train.clip_norm", "train.optimizer", stepping_optimizers()},
      {"train.clip_value", "train.optimizer", stepping_optimizers()},
      {"train.shuffle", "train.optimizer", stepping_optimizers()},
      {"penalty.l1_method", "train.optimizer", stepping_optimizers()},
      {"lars.weight_decay", "train.optimizer", {"lars"}},
      {"rmsprop.rho", "train.optimizer", {"rmsprop"}},
      {"rmsprop.epsilon", "train.optimizer", {"rmsprop"}},
      {"sweep.trials", "sweep.search", {"random"}},
  };
}

const std::vector<Condition>& conditions() {
  static const std::vector<Condition> kAll = [] {
    std::vector<Condition> all = special_conditions();
    all.reserve(all.size() + kNetworkKeys.size());
    for (const std::string_view key : kNetworkKeys) {
      all.push_back({key, "model.type", network_types()});
    }
    return all;
  }();
  return kAll;
}

template <class Words>
bool contains(const Words& words, std::string_view word) {
  for (const auto& each : words) {
    if (each == word) return true;
  }
  return false;
}

/// The selector, or that of a column, has one of the values.
bool holds(const Settings& settings, const Condition& condition) {
  if (contains(condition.values, settings.text(condition.selector))) return true;
  for (const Option& option : settings.options()) {
    if (base_key(option.name) == condition.selector &&
        contains(condition.values, settings.text(option.name))) {
      return true;
    }
  }
  return false;
}

/// The first condition under which the key has no effect beside the other settings.
const Condition* failed_condition(const Settings& settings, std::string_view name) {
  const std::string key = base_key(name);
  for (const Condition& condition : conditions()) {
    if (condition.key == key && !holds(settings, condition)) return &condition;
  }
  return nullptr;
}

/// Several targets are numbers.
std::string target_objection(const Settings& settings) {
  const std::vector<std::string> targets = settings.texts("data.target");
  if (targets.size() < 2 || predicted_target(settings) == TargetKind::number) return "";
  const std::string& loss = settings.text("model.loss");
  return fmt::format(
      "data.target: model.type = {}{} predicts the classes of one column, found {}: {}; "
      "model.type = linear predicts the numbers of several",
      settings.text("model.type"), loss == "auto" ? "" : " with model.loss = " + loss,
      targets.size(), joined_names(targets));
}

std::string loss_objection(const Settings& settings) {
  const std::string& type = settings.text("model.type");
  const std::string& loss = settings.text("model.loss");
  const std::vector<std::string>& fitting = model_preset(type).losses;
  if (loss == "auto" || contains(fitting, loss)) return "";
  return fmt::format("model.loss: '{}' does not fit model.type = {}; known: auto, {}", loss, type,
                     fmt::join(fitting, ", "));
}

std::string metrics_objection(const Settings& settings, const std::string& name) {
  if (settings.is_word(name, "none")) return "";
  const std::vector<std::string_view> known = monitors();
  for (const std::string& metric : settings.texts(name)) {
    if (contains(known, metric)) continue;
    return fmt::format("{}: unknown metric {}; known: {}", name, lockstep::quoted(metric),
                       fmt::join(known, ", "));
  }
  return "";
}

/// Statistics of all rows of a step need them, and more than one.
std::string normalization_objection(const Settings& settings) {
  if (settings.text("model.normalization") != kBatchNormalization) return "";
  if (!settings.is_word("train.micro_batch", "none")) {
    return "model.normalization: batch needs all rows of a step at once; remove train.micro_batch";
  }
  if (settings.text("train.batch_size") == "1") {
    return "model.normalization: batch goes by how the rows of a step differ, and train.batch_size "
           "is 1; set it to 2 or more";
  }
  return "";
}

/// Shortcuts need layers that fit together.
std::string residual_objection(const Settings& settings) {
  const std::vector<Index> widths = settings.integers("model.hidden");
  const bool fits = std::adjacent_find(widths.begin(), widths.end()) != widths.end();
  if (!settings.flag("model.residual") || fits) return "";
  return fmt::format(
      "model.residual: no hidden layer is as wide as the one before it, found model.hidden = {}; "
      "set equal widths, as in 256,256",
      settings.text("model.hidden"));
}

std::string penalty_objection(const Settings& settings, const std::string& name) {
  const bool is_svm = settings.text("model.type") == "svm";
  const bool has_l1 = settings.real("penalty.l1") > 0;
  if (name == "penalty.l2" && is_svm) {
    return "penalty.l2: svm takes its L2 penalty from svm.C; remove one of them";
  }
  if (name == "penalty.l1_method" && !has_l1) {
    return "penalty.l1_method: needs penalty.l1 > 0; set it or remove penalty.l1_method";
  }
  if (name == "penalty.bias" && settings.flag(name) && !is_svm && !has_l1 &&
      settings.real("penalty.l2") == 0) {
    return "penalty.bias: needs penalty.l1 or penalty.l2; set one or remove penalty.bias";
  }
  return "";
}

/// What goes by validations needs them.
std::string monitor_objection(const Settings& settings, const std::string& name) {
  const bool has_monitor = !settings.is_word("train.monitor", "none");
  if (name == "train.schedule") {
    const bool is_blind = settings.is_word(name, "plateau") && !has_monitor;
    return is_blind ? "train.schedule: plateau needs a metric to go by; set train.monitor" : "";
  }
  if (!has_monitor) return "";
  if (settings.real("data.validation_fraction") == 0) {
    return "train.monitor: goes by validation rows; set data.validation_fraction";
  }
  if (settings.is_word("validation.every_epochs", "none") &&
      settings.is_word("validation.every_steps", "none")) {
    return "train.monitor: goes by validations; set validation.every_epochs or every_steps";
  }
  return "";
}

std::string class_weight_objection(const Settings& settings) {
  try {
    ClassWeights::from_texts(settings.texts("train.class_weight"));
    return "";
  } catch (const ConfigError& error) {
    return std::string("train.class_weight: ") + error.what();
  }
}

/// Rows of data.train are split off, or cut into folds.
bool splits(const Settings& settings) {
  return !settings.is_word("data.folds", "none") || settings.real("data.test_fraction") > 0 ||
         settings.real("data.validation_fraction") > 0;
}

/// A key of the file gives test rows that the command line gives otherwise, or says how to split
/// rows off when the command line says that none are.
bool is_overridden_split(const Settings& settings, const std::string& name) {
  const auto replaced_by = [&](const char* key) {
    return settings.origin(key) == Origin::command_line;
  };
  constexpr std::array kBesideFolds{
      "data.test",           "data.test_labels", "data.test_fraction", "data.validation_fraction",
      "synthetic.test_rows", "train.monitor",    "train.patience",     "train.min_delta"};
  const bool has_folds = replaced_by("data.folds") && !settings.is_word("data.folds", "none");
  if (has_folds &&
      std::find(kBesideFolds.begin(), kBesideFolds.end(), name) != kBesideFolds.end()) {
    return true;
  }
  if (name == "data.test_fraction" || name == "data.folds") {
    return replaced_by("data.test") && !settings.texts("data.test").empty();
  }
  if (name != "data.stratify" || splits(settings)) return false;
  return replaced_by("data.test") || replaced_by("data.test_fraction") ||
         replaced_by("data.validation_fraction") || replaced_by("data.folds");
}

/// Folds are measured on rows of their own.
std::string folds_objection(const Settings& settings) {
  const auto beside = [](const char* key) {
    return fmt::format("data.folds: each fold gives the test rows of its model; remove {}", key);
  };
  if (!settings.texts("data.test").empty()) return beside("data.test");
  for (const char* key : {"data.test_fraction", "data.validation_fraction"}) {
    if (settings.real(key) > 0) return beside(key);
  }
  return "";
}

std::string split_objection(const Settings& settings, const std::string& name) {
  if (name == "data.folds" && !settings.is_word(name, "none")) return folds_objection(settings);
  const double test = settings.real("data.test_fraction");
  if (name == "data.test_fraction" && test > 0 && !settings.texts("data.test").empty()) {
    return "data.test_fraction: data.test gives the test rows; remove one of them";
  }
  if (name == "synthetic.test_rows") {
    const bool has_folds = !settings.is_word("data.folds", "none");
    if (!has_folds && test == 0) return "";
    return fmt::format("synthetic.test_rows: {} gives the test rows; remove one of them",
                       has_folds ? "data.folds" : "data.test_fraction");
  }
  if (name == "data.validation_fraction" && test + settings.real(name) >= 1) {
    return fmt::format(
        "data.validation_fraction: with data.test_fraction = {} no rows are left to train on; "
        "lower one of them",
        settings.text("data.test_fraction"));
  }
  if (name == "data.stratify" && settings.text(name) == "yes" && !splits(settings)) {
    return "data.stratify: needs data.test_fraction, data.validation_fraction or data.folds; set "
           "one or remove data.stratify";
  }
  return "";
}

}  // namespace

bool is_overridden(const Settings& settings, const std::string& name) {
  if (settings.origin(name) != Origin::file) return false;
  if (is_overridden_split(settings, name)) return true;
  const std::string key = base_key(name);
  for (const Condition& condition : conditions()) {
    if (condition.key == key && settings.origin(condition.selector) == Origin::command_line &&
        !holds(settings, condition)) {
      return true;
    }
  }
  return false;
}

bool takes_any_target(const Settings& settings) {
  return settings.text("model.type") == "mlp" && settings.is_word("model.loss", "auto");
}

TargetKind predicted_target(const Settings& settings) {
  if (takes_any_target(settings) && settings.texts("data.target").size() > 1) {
    return TargetKind::number;
  }
  const std::string& type = settings.text("model.type");
  if (type == kNaiveBayesName) return TargetKind::classes;
  const std::string& loss = settings.text("model.loss");
  return loss_traits(loss == "auto" ? model_preset(type).losses.front() : loss).target;
}

std::map<std::string, std::string> options_of_model(const Settings& settings) {
  std::map<std::string, std::string> options = settings.affecting_result();
  std::erase_if(options, [&](const auto& option) {
    return failed_condition(settings, option.first) != nullptr;
  });
  return options;
}

std::string key_objection(const Settings& settings, const std::string& name) {
  if (const Condition* failed = failed_condition(settings, name)) {
    return fmt::format("{}: applies to {} = {} only, not to {}; remove it", name, failed->selector,
                       fmt::join(failed->values, " or "), settings.text(failed->selector));
  }
  if (name.starts_with("penalty.")) return penalty_objection(settings, name);
  if (name == "train.nesterov" && settings.flag(name) && settings.real("train.momentum") == 0) {
    return "train.nesterov: needs train.momentum > 0; set it or remove train.nesterov";
  }
  if (name == "train.monitor" || name == "train.schedule") return monitor_objection(settings, name);
  if (name == "train.warmup_epochs" &&
      settings.real(name) >= static_cast<double>(settings.integer("train.epochs"))) {
    return fmt::format("train.warmup_epochs: expected fewer than the {} of train.epochs, found {}",
                       settings.integer("train.epochs"), settings.text(name));
  }
  if (name == "model.init" && !settings.text("train.init_from").empty()) {
    return "model.init: train.init_from gives the first weights; remove one of them";
  }
  if (name == "train.optimizer" && settings.is_word(name, kLbfgsName) &&
      !settings.is_word("train.batch_size", "all")) {
    return "train.optimizer: lbfgs takes all rows in each step; set train.batch_size = all";
  }
  if (name == "sweep.min_epochs" && settings.is_word("sweep.halving", "none")) {
    return "sweep.min_epochs: applies where sweep.halving is set; set it or remove "
           "sweep.min_epochs";
  }
  if (name == "data.stream" && settings.text(name) == "yes" &&
      settings.text("train.optimizer") == kLbfgsName) {
    return "data.stream: lbfgs needs all rows in memory in each step; remove one of them";
  }
  if (name == "data.stream" && settings.text(name) == "yes" &&
      settings.texts("data.train").empty()) {
    return "data.stream: the rows are generated; name those of a file in data.train, or remove it";
  }
  if (name == "data.stream" && settings.text(name) == "yes" &&
      settings.text("train.shuffle") == "rows") {
    return "data.stream: train.shuffle = rows jumps all over the file; set it to blocks";
  }
  if (base_key(name) == "preprocess.encode" && settings.text(name) == "embedding" &&
      settings.text("model.type") != "mlp") {
    return fmt::format("{}: embedding is for model.type = mlp, not for {}; onehot suits that", name,
                       settings.text("model.type"));
  }
  if (name == "train.class_weight") return class_weight_objection(settings);
  if (name == "model.loss") return loss_objection(settings);
  if (name == "validation.metrics") return metrics_objection(settings, name);
  if (name == "model.normalization") return normalization_objection(settings);
  if (name == "model.residual") return residual_objection(settings);
  if (name == "data.target") return target_objection(settings);
  return split_objection(settings, name);
}

}  // namespace lockstep::trainer
