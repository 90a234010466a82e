#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/types.hpp"
#include "core/metrics/paired_test.hpp"
#include "trainer/cli/sweep_space.hpp"

namespace lockstep::trainer {

/// What one trial of a sweep came to.
struct TrialResult {
  Index number = 0;              ///< from 1, in the order of the trials
  std::string values{};          ///< trial_text of what it was tried with
  Index epochs = 0;              ///< that it had
  Index rung = 0;                ///< of successive halving, that it came to
  std::string metric{};          ///< that was compared
  std::vector<double> scores{};  ///< of each fold, or one of the validation rows; none: it diverged

  bool has_diverged() const { return scores.empty(); }

  friend bool operator==(const TrialResult&, const TrialResult&) = default;
};

/// The metrics of which larger values are better.
bool larger_is_better(const std::string& metric);

/// Best first: those that came to a higher rung, then by their means, then by their numbers; those
/// that diverged at the end.
void sort_results(std::vector<TrialResult>& results);

/// A sweep that has ended.
struct SweepOutcome {
  std::vector<Trial> trials;
  std::vector<TrialResult> results;  ///< of all, best first
  std::optional<PairedTest> test{};  ///< of the first against the second, over the same folds
};

/// A line a trial, best first: what it was tried with, mean and deviation.
std::string sweep_table(const SweepOutcome& outcome);
/// The same, with all scores. Nothing in them depends on ranks or time.
std::string sweep_json(const SweepOutcome& outcome);
std::string sweep_csv(const SweepOutcome& outcome);
/// "trial 7 against trial 3: accuracy 0.0021 higher, p = 0.43 (corrected paired t-test over 5
/// folds)", or why there is no test.
std::string test_line(const SweepOutcome& outcome);

/// "accuracy 0.9312 ± 0.0051", or "diverged".
std::string score_text(const TrialResult& result);

/// A result as the file keeps it with which a sweep goes on, and back. Throws DataError.
std::string result_text(const TrialResult& result);
TrialResult read_result(const std::string& text);

}  // namespace lockstep::trainer
