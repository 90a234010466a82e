#include "core/metrics/evaluation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace lockstep {
namespace {

TEST(Evaluation, OfAClassifierAsJson) {
  const Evaluation evaluation = evaluation_of(ClassificationCounts{4, 3, 3.0}, 0.25);
  EXPECT_EQ(evaluation_json(evaluation).dump(),
            R"({"rows":4,"loss":0.75,"objective":1.0,"accuracy":0.75})");
}

const std::string kName = "y";

TEST(Evaluation, OfSeveralTargetsIsTheirMeanAndEachOne) {
  // The loss of a row is that of both targets. With scikit-learn's uniform average: MSE
  // (5 + 1) / 2, RMSE (√5 + 1) / 2, MAE (2 + 1) / 2, R² ((1 − 10/2) + (1 − 2/8)) / 2.
  std::vector<RegressionSums> sums(2);
  sums[0].add(1, 2, 0.5);
  sums[0].add(3, 0, 4.5);
  sums[1].add(5, 4, 0.5);
  sums[1].add(7, 8, 4.5);
  const std::vector<std::string> names{"b", "a"};
  EXPECT_EQ(evaluation_json(evaluation_of(sums, names, 0)).dump(),
            R"({"rows":2,"loss":2.5,"objective":2.5,"mse":3.0,"rmse":1.618033988749895,)"
            R"("mae":1.5,"r2":-1.625,"targets":{)"
            R"("b":{"mse":5.0,"rmse":2.23606797749979,"mae":2.0,"r2":-4.0},)"
            R"("a":{"mse":1.0,"rmse":1.0,"mae":1.0,"r2":0.75}}})");
}

TEST(Evaluation, OfARegressionAsJson) {
  RegressionSums sums;
  sums.add(1, 3, 2);
  sums.add(3, 3, 0);
  sums.add(5, 6, 0.5);
  sums.add(11, 8, 4.5);
  // errors −2 0 −1 3: Σ² = 14; targets 3 3 6 8: mean 5, Σ of squared deviations 18
  EXPECT_EQ(evaluation_json(evaluation_of({&sums, 1}, {&kName, 1}, 0.5)).dump(),
            R"({"rows":4,"loss":1.75,"objective":2.25,"mse":3.5,"rmse":1.8708286933869707,)"
            R"("mae":1.5,"r2":0.2222222222222222})");
}

TEST(Evaluation, HasWhatWasRequestedAtItsEnd) {
  Evaluation evaluation = evaluation_of(ClassificationCounts{4, 3, 3.0}, 0.25);
  evaluation.requested = {{"f1", 0.5}, {"auc", std::nan("")}};
  EXPECT_EQ(evaluation_json(evaluation).dump(),
            R"({"rows":4,"loss":0.75,"objective":1.0,"accuracy":0.75,"f1":0.5,"auc":null})");
  EXPECT_EQ(metric_of(evaluation, "f1"), 0.5);
  EXPECT_TRUE(std::isnan(metric_of(evaluation, "auc")));
}

TEST(EvaluationMetric, AppliesToItsTargets) {
  const auto names = [](Index classes, bool has_probabilities) {
    std::string all;
    for (const EvaluationMetric& metric : evaluation_metrics()) {
      if (metric.applies_to(classes, has_probabilities)) all += metric.name + " ";
    }
    return all;
  };
  EXPECT_EQ(names(2, true),
            "accuracy auc average_precision balanced_accuracy brier calibration_error f1 hinge "
            "kappa loss mcc objective precision recall ");
  EXPECT_EQ(names(3, false),
            "accuracy balanced_accuracy f1 hinge kappa loss mcc objective precision recall ");
  EXPECT_EQ(names(4, false),
            "accuracy balanced_accuracy f1 hinge kappa loss mcc objective precision recall "
            "top_3_accuracy ");
  EXPECT_EQ(names(0, false),
            "explained_variance huber loss mae mape max_error mse objective r2 rmse ");
}

TEST(Evaluation, WhatIsNotFiniteIsNull) {
  EXPECT_EQ(evaluation_json(evaluation_of(ClassificationCounts{}, 0)).dump(),
            R"({"rows":0,"loss":null,"objective":null,"accuracy":null})");
  const RegressionSums none;
  EXPECT_EQ(evaluation_json(evaluation_of({&none, 1}, {&kName, 1}, 0)).dump(),
            R"({"rows":0,"loss":null,"objective":null,"mse":null,"rmse":null,"mae":null,)"
            R"("r2":null})");
}

}  // namespace
}  // namespace lockstep
