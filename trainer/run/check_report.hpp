#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/profile/column_profile.hpp"
#include "core/profile/drift.hpp"
#include "core/profile/duplicates.hpp"
#include "trainer/run/check_plan.hpp"
#include "trainer/run/findings.hpp"

namespace lockstep::trainer {

/// What `lockstep check` says of a data set and a configuration. The same for any number of ranks
/// and threads, but for TrainingPlan::here.
struct CheckReport {
  Findings findings;
  std::vector<std::pair<std::string, Index>> sets{};  ///< names and rows: train, validation, test

  std::vector<std::string> features{};   ///< names of the columns
  std::vector<ColumnKind> kinds{};       ///< of each
  std::vector<ColumnProfile> columns{};  ///< of the training rows; none where they are sparse
  std::vector<ColumnDrift> drifts{};     ///< of each column; none without test rows to compare

  std::vector<std::string> classes{};
  std::vector<std::vector<Index>> class_rows{};  ///< of each set, of each class; or none

  std::vector<Duplicates> duplicates{};
  std::optional<TrainingPlan> plan{};
};

/// For people: findings, then tables of classes, drift, and memory.
std::string check_text(const CheckReport& report);

/// One JSON object, on lines of its own.
std::string check_json(const CheckReport& report);

}  // namespace lockstep::trainer
