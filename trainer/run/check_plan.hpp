#pragma once

#include <optional>
#include <vector>

#include "trainer/run/data_split.hpp"
#include "trainer/run/findings.hpp"
#include "trainer/run/memory_plan.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// What a training of a network will do, and what it takes. The same whatever ranks look at it.
struct TrainingPlan {
  Index rows = 0;      ///< to train on
  Index features = 0;  ///< of a row, once it is transformed
  Index parameters = 0;
  Index batch = 0;
  Index epochs = 0;
  Index steps_per_epoch = 0;
  Index lanes = 0;
  Index least_rows_per_lane = 0;
  Index most_rows_per_lane = 0;
  std::vector<RankMemory> memory{};  ///< of 1, 2, 4, … ranks
  RankMemory here{};                 ///< of as many ranks as look at it now

  Index steps() const { return epochs * steps_per_epoch; }
};

/// Prepares the training as `train` does, up to the first step. What it would refuse is a finding,
/// and then there is no plan, as there is none of naive_bayes. Consumes the rows. *Collective*.
std::optional<TrainingPlan> check_plan(Session& session, TrainingData data, Findings& findings);

}  // namespace lockstep::trainer
