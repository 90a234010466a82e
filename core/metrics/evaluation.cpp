#include "core/metrics/evaluation.hpp"

#include <nlohmann/json.hpp>

namespace lockstep {

Evaluation evaluation_of(const ClassificationCounts& counts, double penalty) {
  Evaluation evaluation;
  evaluation.rows = counts.rows;
  evaluation.loss = counts.mean_loss();
  evaluation.objective = evaluation.loss + penalty;
  evaluation.accuracy = counts.accuracy();
  return evaluation;
}

Evaluation evaluation_of(const RegressionSums& sums, double penalty) {
  Evaluation evaluation;
  evaluation.rows = sums.rows();
  evaluation.loss = sums.mean_loss();
  evaluation.objective = evaluation.loss + penalty;
  evaluation.regression = {sums.mean_squared_error(), sums.root_mean_squared_error(),
                           sums.mean_absolute_error(), sums.r2()};
  return evaluation;
}

nlohmann::ordered_json evaluation_json(const Evaluation& evaluation) {
  nlohmann::ordered_json object;
  object["rows"] = evaluation.rows;
  object["loss"] = evaluation.loss;
  object["objective"] = evaluation.objective;
  if (evaluation.accuracy) object["accuracy"] = *evaluation.accuracy;
  if (evaluation.regression) {
    object["mse"] = evaluation.regression->mse;
    object["rmse"] = evaluation.regression->rmse;
    object["mae"] = evaluation.regression->mae;
    object["r2"] = evaluation.regression->r2;
  }
  return object;
}

}  // namespace lockstep
