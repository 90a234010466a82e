#include "core/optimize/schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

constexpr Index kEpochs = 12;
constexpr Index kSteps = 5;

ScheduleOptions named(const std::string& name) {
  ScheduleOptions options;
  options.name = name;
  return options;
}

/// As the reference has them.
ScheduleOptions options_of(const std::string& name) {
  ScheduleOptions options = named(name);
  options.factor = name == "step" ? 0.4 : 0.7;
  options.every_epochs = 3;
  options.power = 1.7;
  options.final = name == "cosine" ? 0.05 : 0;
  return options;
}

std::vector<double> factors_of(const ScheduleOptions& options, Index epochs = kEpochs) {
  const Schedule schedule(options, kSteps, epochs);
  std::vector<double> factors;
  for (Index step = 1; step <= kSteps * epochs; ++step) factors.push_back(schedule.factor(step));
  return factors;
}

TEST(Schedule, HasTheRatesOfPyTorch) {
  const nlohmann::json numbers = test::reference("optimize");
  EXPECT_EQ(numbers.at("epochs"), kEpochs);
  EXPECT_EQ(numbers.at("steps_of_epoch"), kSteps);
  EXPECT_EQ(numbers.at("rates").size() + 2, schedule_entries().size())
      << "all but constant and plateau, which is 1 as well";
  for (const auto& [name, rates] : numbers.at("rates").items()) {
    const std::vector<double> factors = factors_of(options_of(name));
    ASSERT_EQ(rates.size(), factors.size());
    for (std::size_t i = 0; i < factors.size(); ++i) {
      EXPECT_TRUE(test::close(factors[i], test::number_of(rates[i]), 1e-12)) << name << ", " << i;
    }
  }
}

TEST(Schedule, OfNoneIsConstant) {
  EXPECT_EQ(Schedule().factor(1), 1);
  EXPECT_EQ(Schedule().factor(1000000), 1);
  for (const char* name : {"constant", "plateau"}) {
    for (const double factor : factors_of(named(name))) EXPECT_EQ(factor, 1);
  }
}

TEST(Schedule, WarmsUpInALineBeforeAnyOfThem) {
  for (const ScheduleEntry& entry : schedule_entries()) {
    ScheduleOptions options = options_of(entry.name);
    options.warmup_epochs = 1.6;  // 8 steps
    const std::vector<double> factors = factors_of(options);
    for (std::size_t i = 0; i < 8; ++i) {
      EXPECT_EQ(factors[i], static_cast<double>(i + 1) / 8) << entry.name;
    }
    // Behind it, the schedule of a run that begins there.
    if (entry.name == "inverse_sqrt") {
      for (std::size_t i = 8; i < factors.size(); ++i) {
        EXPECT_NEAR(factors[i], std::sqrt(8.0 / static_cast<double>(i)), 1e-15);
      }
      continue;
    }
    EXPECT_EQ(factors[8], entry.name == "one_cycle" ? 1.0 / 25 : 1) << entry.name;
    if (entry.name == "cosine") {
      const double last = 0.05 + 0.95 * (1 + std::cos(std::numbers::pi * 51 / 52)) / 2;
      EXPECT_NEAR(factors.back(), last, 1e-15);
    }
  }
}

TEST(Schedule, ByEpochKeepsTheRateOfItsFirstStep) {
  for (const ScheduleEntry& entry : schedule_entries()) {
    ScheduleOptions options = options_of(entry.name);
    const std::vector<double> by_step = factors_of(options);
    options.by_epoch = true;
    const std::vector<double> by_epoch = factors_of(options);
    for (std::size_t i = 0; i < by_epoch.size(); ++i) {
      EXPECT_EQ(by_epoch[i], by_step[i / kSteps * kSteps]) << entry.name << ", " << i;
    }
  }
}

TEST(Schedule, DependsOnTheTotalOnlyWhereItSaysSo) {
  for (const ScheduleEntry& entry : schedule_entries()) {
    const std::vector<double> longer = factors_of(options_of(entry.name), kEpochs + 1);
    std::vector<double> factors = factors_of(options_of(entry.name));
    const bool goes_on = std::equal(factors.begin(), factors.end(), longer.begin());
    EXPECT_EQ(goes_on, !entry.depends_on_total) << entry.name;
  }
}

TEST(Schedule, IsPositiveAndAtMostOneUpToTheLastStep) {
  for (const ScheduleEntry& entry : schedule_entries()) {
    for (const Index epochs : {1, 2, 40}) {
      for (const double warmup : {0.0, 0.2, 1.0}) {
        ScheduleOptions options = named(entry.name);
        options.warmup_epochs = warmup;
        for (const double factor : factors_of(options, epochs)) {
          EXPECT_GT(factor, 0) << entry.name;
          EXPECT_LE(factor, 1) << entry.name;
        }
      }
    }
  }
}

TEST(Schedule, RefusesUnknownNames) { EXPECT_THROW(Schedule(named("linear"), 1, 1), ConfigError); }

}  // namespace
}  // namespace lockstep
