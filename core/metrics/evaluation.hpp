#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/metrics/classification.hpp"
#include "core/metrics/regression.hpp"

namespace lockstep {

/// How good a model is on a data set: what metrics.jsonl, result.json and `evaluate` report.
struct Evaluation {
  struct Regression {
    double mse = 0;
    double rmse = 0;
    double mae = 0;
    double r2 = 0;
  };

  std::int64_t rows = 0;
  double loss = 0;                       ///< mean over the rows
  double objective = 0;                  ///< loss + penalty: what training minimises
  std::optional<double> accuracy;        ///< of a classifier
  std::optional<Regression> regression;  ///< of a model of numbers: means over its targets
  /// Of each target, by its name, where there are several.
  std::vector<std::pair<std::string, Regression>> targets;
  /// Metrics that were asked for besides, by their names; NaN where one has no value.
  std::vector<std::pair<std::string, double>> requested;
};

/// A metric of an Evaluation.
struct EvaluationMetric {
  enum class Of { all, classes, two_classes, numbers };  ///< targets that have it

  std::string name;  ///< as evaluation_json has it
  Of of = Of::all;
  bool larger_is_better = false;
  bool on_request = false;           ///< an evaluation has it where somebody asks for it
  bool needs_probabilities = false;  ///< of classes
  Index classes_above = 0;           ///< it says something only where there are more classes

  /// @param classes  0 of a target of numbers
  bool applies_to(Index classes, bool has_probabilities) const;
};
/// Those that evaluations are compared by, in the order of their names.
const std::vector<EvaluationMetric>& evaluation_metrics();
/// The metric of that name; NaN where the evaluation does not have it.
double metric_of(const Evaluation& evaluation, std::string_view name);

/// `penalty` is added once to the mean loss, as the objective has it.
Evaluation evaluation_of(const ClassificationCounts& counts, double penalty);
/// @param sums  of each target, in which the loss is that of all targets; at least one
/// @param names  of the targets
Evaluation evaluation_of(std::span<const RegressionSums> sums, std::span<const std::string> names,
                         double penalty);

/// {"rows", "loss", "objective", "accuracy"} or {"rows", "loss", "objective", "mse", "rmse", "mae",
/// "r2"}, and what was requested, in this order; of several targets, "targets": {NAME: {"mse",
/// "rmse", "mae", "r2"}} too, and the four are their means over the targets, as scikit-learn's
/// uniform average. Numbers are dumped so that they read back with the same bits; what is not
/// finite is dumped as null.
nlohmann::ordered_json evaluation_json(const Evaluation& evaluation);

}  // namespace lockstep
