#include "trainer/run/sweep_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/metrics/evaluation.hpp"
#include "core/model/naive_bayes.hpp"
#include "core/parallel/lanes.hpp"
#include "trainer/run/data_split.hpp"

namespace lockstep::trainer {
namespace {

/// Most lanes that a batch of these settings may have.
int most_lanes(const Settings& settings) {
  constexpr Index kLargeBatch = Index{1} << 20;
  if (!settings.is_word("train.lanes", "auto")) {
    return static_cast<int>(settings.integer("train.lanes"));
  }
  const bool is_all = settings.is_word("train.batch_size", "all");
  return static_cast<int>(
      automatic_lanes(is_all ? kLargeBatch : settings.integer("train.batch_size")));
}

void check_has_rows(const Settings& settings) {
  if (fold_count(settings) > 0 || settings.real("data.validation_fraction") > 0) return;
  throw PlacedConfigError(
      "command line: error: sweep: trials are compared by rows that they are not trained on; set "
      "data.validation_fraction or data.folds");
}

/// One metric, of one meaning, for all trials.
void check_metric_is_one(const Settings& settings, const std::vector<SweptKey>& keys) {
  constexpr const char* kKey = "sweep.metric";
  const auto fail = [&](const std::string& why) {
    throw PlacedConfigError(
        fmt::format("{}: error: {}: {}",
                    settings.given(kKey) ? settings.place(kKey) : "command line", kKey, why));
  };
  std::string metric = settings.text(kKey);
  if (metric == "auto") {
    if (is_swept(keys, "train.monitor"))
      fail("auto is train.monitor, which is swept; set a metric");
    metric = settings.text("train.monitor");
  }
  const bool has_loss = metric == "loss" || metric == "objective";
  for (const char* key : {"model.loss", "preprocess.target_scale"}) {
    if (!has_loss || !is_swept(keys, key)) continue;
    fail(fmt::format("{} means another thing for each {}; take another metric", metric, key));
  }
  const bool has_penalty = is_swept(keys, "penalty.l1") || is_swept(keys, "penalty.l2") ||
                           is_swept(keys, "penalty.bias") || is_swept(keys, "svm.C");
  if (metric == "objective" && has_penalty) {
    fail("objective has the penalty in it, which is swept; take another metric");
  }
}

/// Trials go on with more epochs than they were begun with.
void check_halving(const Settings& settings, const std::vector<SweptKey>& keys) {
  constexpr const char* kKey = "sweep.halving";
  if (settings.is_word(kKey, "none")) return;
  const auto fail = [&](const std::string& why) {
    throw PlacedConfigError(fmt::format("{}: error: {}: {}", settings.place(kKey), kKey, why));
  };
  if (settings.text("model.type") == kNaiveBayesName) fail("naive_bayes has no epochs");
  if (is_swept(keys, "train.epochs")) fail("gives trials their epochs; remove sweep.train.epochs");
  if (settings.integer("sweep.min_epochs") >= settings.integer("train.epochs")) {
    fail(fmt::format("needs train.epochs above sweep.min_epochs = {}",
                     settings.integer("sweep.min_epochs")));
  }
}

}  // namespace

bool is_swept(const std::vector<SweptKey>& keys, std::string_view name) {
  return std::any_of(keys.begin(), keys.end(),
                     [&](const SweptKey& key) { return key.key == name; });
}

void check_sweep(const Settings& settings, const std::vector<SweptKey>& keys) {
  check_has_rows(settings);
  check_metric_is_one(settings, keys);
  check_halving(settings, keys);
}

std::vector<Index> rungs_of(const Settings& settings) {
  if (settings.is_word("sweep.halving", "none")) return {0};
  std::vector<Index> rungs;
  const Index last = settings.integer("train.epochs");
  for (Index epochs = settings.integer("sweep.min_epochs"); epochs < last;
       epochs *= settings.integer("sweep.halving")) {
    rungs.push_back(epochs);
  }
  rungs.push_back(last);
  return rungs;
}

std::string wanted_metrics(const Settings& settings) {
  const std::string& metric = settings.text("sweep.metric");
  const auto& all = evaluation_metrics();
  const bool on_request = std::any_of(all.begin(), all.end(), [&](const EvaluationMetric& m) {
    return m.name == metric && m.on_request;
  });
  if (!on_request) return "";
  const std::string& others = settings.text("validation.metrics");
  return settings.is_word("validation.metrics", "none") ? metric : others + "," + metric;
}

int most_ranks(const Settings& settings, int ranks) {
  return settings.text("model.type") == kNaiveBayesName ? ranks : most_lanes(settings);
}

}  // namespace lockstep::trainer
