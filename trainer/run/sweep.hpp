#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "trainer/cli/sweep_space.hpp"
#include "trainer/run/run_directory.hpp"
#include "trainer/run/session.hpp"
#include "trainer/run/sweep_report.hpp"

namespace lockstep::trainer {

/// The files of a sweep. Each trial has a folder, which is the directory of a training run.
inline constexpr const char* kTrialsFile = "trials.csv";
RunFiles sweep_files();
/// A sweep that goes on may have other values of this key: none of the result depends on them.
bool may_change_in_a_sweep(std::string_view key);
/// "trial-3"
std::string trial_folder(Index number);

/// Trains a model for each trial, and compares them.
///
/// Where there are more ranks than one trial can use, which are as many as it has lanes, they form
/// teams that take trials side by side: team g of G takes the trials g, g + G, … of those that are
/// due. What a trial gives depends on nothing but its configuration, so neither does the result.
///
/// A result is written when its trial has ended, and a sweep that goes on takes it from there; a
/// trial that was interrupted goes on from its checkpoint.
class Sweep {
 public:
  /// Checks all trials. Throws PlacedConfigError, alike on all ranks.
  Sweep(Session& session, RunDirectory& directory);

  /// *Collective*. Throws alike on all ranks; Interrupted says how to go on.
  SweepOutcome run();

 private:
  void check_trial(Index number) const;
  int most_ranks_of_a_trial() const;
  void check_rows();
  TrialResult known_result(Index number, const std::string& file, const std::string& text) const;
  std::vector<TrialResult> run_all(const std::vector<Index>& numbers, Index epochs);
  void run_mine(const std::vector<Index>& mine, Index epochs, comm::Communicator& team,
                std::vector<TrialResult>& results);
  TrialResult run_trial(Index number, Index epochs, comm::Communicator& team);
  std::string metric_of(const Settings& trial, bool classifies) const;
  Settings settings_of(Index number, Index epochs) const;
  std::vector<Override> overrides_of(Index number, Index epochs, bool goes_on) const;
  std::string result_file(Index number, Index epochs) const;

  Session& session_;
  RunDirectory& directory_;
  std::vector<SweptKey> keys_;
  std::vector<Trial> trials_;
  std::string config_;  // the text of sweep.ini
};

}  // namespace lockstep::trainer
