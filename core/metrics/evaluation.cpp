#include "core/metrics/evaluation.hpp"

#include <cassert>
#include <limits>
#include <nlohmann/json.hpp>

namespace lockstep {
namespace {

Evaluation::Regression regression_of(const RegressionSums& sums) {
  return {sums.mean_squared_error(), sums.root_mean_squared_error(), sums.mean_absolute_error(),
          sums.r2()};
}

void add_regression(nlohmann::ordered_json& object, const Evaluation::Regression& regression) {
  object["mse"] = regression.mse;
  object["rmse"] = regression.rmse;
  object["mae"] = regression.mae;
  object["r2"] = regression.r2;
}

}  // namespace

Evaluation evaluation_of(const ClassificationCounts& counts, double penalty) {
  Evaluation evaluation;
  evaluation.rows = counts.rows;
  evaluation.loss = counts.mean_loss();
  evaluation.objective = evaluation.loss + penalty;
  evaluation.accuracy = counts.accuracy();
  return evaluation;
}

Evaluation evaluation_of(std::span<const RegressionSums> sums, std::span<const std::string> names,
                         double penalty) {
  assert(!sums.empty() && sums.size() == names.size());
  Evaluation evaluation;
  evaluation.rows = sums.front().rows();
  evaluation.loss = sums.front().mean_loss();
  evaluation.objective = evaluation.loss + penalty;
  Evaluation::Regression mean;
  const auto targets = static_cast<double>(sums.size());
  for (std::size_t t = 0; t < sums.size(); ++t) {
    const Evaluation::Regression of_target = regression_of(sums[t]);
    mean.mse += of_target.mse / targets;
    mean.rmse += of_target.rmse / targets;
    mean.mae += of_target.mae / targets;
    mean.r2 += of_target.r2 / targets;
    if (sums.size() > 1) evaluation.targets.emplace_back(names[t], of_target);
  }
  evaluation.regression = mean;
  return evaluation;
}

const std::vector<EvaluationMetric>& evaluation_metrics() {
  using Of = EvaluationMetric::Of;
  constexpr bool kOnRequest = true;
  constexpr bool kOfProbabilities = true;
  static const std::vector<EvaluationMetric> kAll{
      {"accuracy", Of::classes, true},
      {"auc", Of::two_classes, true, kOnRequest},
      {"average_precision", Of::two_classes, true, kOnRequest},
      {"balanced_accuracy", Of::classes, true, kOnRequest},
      {"brier", Of::classes, false, kOnRequest, kOfProbabilities},
      {"calibration_error", Of::classes, false, kOnRequest, kOfProbabilities},
      {"explained_variance", Of::numbers, true, kOnRequest},
      {"f1", Of::classes, true, kOnRequest},
      {"hinge", Of::classes, false, kOnRequest},
      {"huber", Of::numbers, false, kOnRequest},
      {"kappa", Of::classes, true, kOnRequest},
      {"loss"},
      {"mae", Of::numbers},
      {"mape", Of::numbers, false, kOnRequest},
      {"max_error", Of::numbers, false, kOnRequest},
      {"mcc", Of::classes, true, kOnRequest},
      {"mse", Of::numbers},
      {"objective"},
      {"precision", Of::classes, true, kOnRequest},
      {"r2", Of::numbers, true},
      {"recall", Of::classes, true, kOnRequest},
      {"rmse", Of::numbers},
      {"top_3_accuracy", Of::classes, true, kOnRequest, false, 3},
      {"top_5_accuracy", Of::classes, true, kOnRequest, false, 5},
  };
  return kAll;
}

bool EvaluationMetric::applies_to(Index classes, bool has_probabilities) const {
  if (of == Of::all) return true;
  if (of == Of::numbers || classes == 0) return of == Of::numbers && classes == 0;
  return (of == Of::classes || classes == 2) && classes > classes_above &&
         (has_probabilities || !needs_probabilities);
}

double metric_of(const Evaluation& evaluation, std::string_view name) {
  const nlohmann::ordered_json json = evaluation_json(evaluation);
  const auto found = json.find(name);
  return found != json.end() && found->is_number() ? found->get<double>()
                                                   : std::numeric_limits<double>::quiet_NaN();
}

nlohmann::ordered_json evaluation_json(const Evaluation& evaluation) {
  nlohmann::ordered_json object;
  object["rows"] = evaluation.rows;
  object["loss"] = evaluation.loss;
  object["objective"] = evaluation.objective;
  if (evaluation.accuracy) object["accuracy"] = *evaluation.accuracy;
  if (evaluation.regression) add_regression(object, *evaluation.regression);
  for (const auto& [name, value] : evaluation.requested) object[name] = value;
  for (const auto& [name, regression] : evaluation.targets) {
    add_regression(object["targets"][name], regression);
  }
  return object;
}

}  // namespace lockstep
