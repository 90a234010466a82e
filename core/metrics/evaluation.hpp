#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>

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
  std::optional<Regression> regression;  ///< of a model of numbers
};

/// `penalty` is added once to the mean loss, as the objective has it.
Evaluation evaluation_of(const ClassificationCounts& counts, double penalty);
Evaluation evaluation_of(const RegressionSums& sums, double penalty);

/// {"rows", "loss", "objective", "accuracy"} or {"rows", "loss", "objective", "mse", "rmse", "mae",
/// "r2"}, in this order. Numbers are dumped so that they read back with the same bits; what is not
/// finite is dumped as null.
nlohmann::ordered_json evaluation_json(const Evaluation& evaluation);

}  // namespace lockstep
