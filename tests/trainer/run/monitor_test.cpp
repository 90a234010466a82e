#include "trainer/run/monitor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace lockstep::trainer {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Evaluation with_loss(double loss) {
  Evaluation evaluation;
  evaluation.loss = loss;
  return evaluation;
}

/// Of each loss, whether it was the best so far.
std::vector<bool> seen(Monitor& monitor, const std::vector<double>& losses) {
  std::vector<bool> best;
  for (const double loss : losses) {
    const auto n = static_cast<Index>(best.size()) + 1;
    best.push_back(monitor.see(with_loss(loss), n, 10 * n));
  }
  return best;
}

TEST(Monitor, KeepsTheBestAndWhereItWas) {
  Monitor monitor({"loss"});
  EXPECT_EQ(seen(monitor, {3, 2, 2, 2.5, 1, 4}),
            (std::vector<bool>{true, true, false, false, true, false}));
  EXPECT_EQ(monitor.state(), (MonitorState{1, 5, 50, 1, 1, 0}));
  EXPECT_FALSE(monitor.is_out_of_patience()) << "without one";
}

TEST(Monitor, KnowsWhichWayIsBetter) {
  for (const EvaluationMetric& metric : evaluation_metrics()) {
    Evaluation low;
    low.accuracy = 0.25;
    low.loss = low.objective = 0.25;
    low.regression = Evaluation::Regression{0.25, 0.25, 0.25, 0.25};
    Evaluation high;
    high.accuracy = 0.5;
    high.loss = high.objective = 0.5;
    high.regression = Evaluation::Regression{0.5, 0.5, 0.5, 0.5};
    if (metric.on_request) {
      low.requested = {{metric.name, 0.25}};
      high.requested = {{metric.name, 0.5}};
    }
    constexpr std::array kErrors{"brier", "calibration_error", "hinge", "huber",     "loss", "mae",
                                 "mape",  "max_error",         "mse",   "objective", "rmse"};
    const bool is_error = std::find(kErrors.begin(), kErrors.end(), metric.name) != kErrors.end();
    Monitor monitor({metric.name});
    EXPECT_TRUE(monitor.see(low, 1, 1)) << metric.name;
    EXPECT_EQ(monitor.see(high, 2, 2), !is_error) << metric.name;
    EXPECT_EQ(monitor.state().best.value_or(0), monitor.state().epoch == 1 ? 0.25 : 0.5);
  }
}

TEST(Monitor, WantsMoreThanTheLeastDifference) {
  Monitor monitor({"loss", 0.5});
  EXPECT_EQ(seen(monitor, {3, 2.5, 2.25, 1.75}), (std::vector<bool>{true, false, true, false}));
}

TEST(Monitor, NeverTakesWhatIsNotFinite) {
  Monitor monitor({"loss"});
  EXPECT_EQ(seen(monitor, {std::nan(""), -kInfinity, 7, std::nan(""), -kInfinity}),
            (std::vector<bool>{false, false, true, false, false}));
  Monitor of_numbers({"r2"});
  EXPECT_FALSE(of_numbers.see(with_loss(1), 1, 1)) << "what the evaluation does not have";
}

TEST(Monitor, RunsOutOfPatienceInARow) {
  MonitorOptions options{"loss"};
  options.patience = 2;
  Monitor monitor(options);
  seen(monitor, {3, 4});
  EXPECT_FALSE(monitor.is_out_of_patience());
  seen(monitor, {2, 4});
  EXPECT_FALSE(monitor.is_out_of_patience()) << "a better one in between";
  seen(monitor, {2});
  EXPECT_TRUE(monitor.is_out_of_patience());
}

TEST(Monitor, ChangesTheRateOnEachPlateauAndCanGoOnFromItsState) {
  MonitorOptions options{"loss"};
  options.rate_patience = 2;
  options.rate_factor = 0.5;
  Monitor whole(options);
  Monitor* monitor = &whole;
  std::vector<double> scales;
  std::vector<Monitor> parts(12, Monitor(options));
  const std::vector<double> losses{3, 4, 5, 5, 2, 6, 6, 6, 6, 1};
  for (std::size_t i = 0; i < losses.size(); ++i) {
    parts[i].restore(monitor->state());
    monitor = &parts[i];
    seen(*monitor, {losses[i]});
    scales.push_back(monitor->rate_scale());
  }
  EXPECT_EQ(scales, (std::vector<double>{1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125}));
}

TEST(Monitor, DoesNotChangeARateThatIsStillGoingUp) {
  MonitorOptions options{"loss"};
  options.rate_patience = 2;
  options.rate_factor = 0.5;
  Monitor monitor(options);
  for (int i = 0; i < 5; ++i) monitor.see(with_loss(1), 1, 1, true);
  EXPECT_EQ(monitor.rate_scale(), 1);
  EXPECT_EQ(monitor.state().waited, 4);
  monitor.see(with_loss(1), 1, 1);
  EXPECT_EQ(monitor.rate_scale(), 1);
  monitor.see(with_loss(1), 1, 1);
  EXPECT_EQ(monitor.rate_scale(), 0.5);
}

}  // namespace
}  // namespace lockstep::trainer
