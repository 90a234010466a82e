#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trainer/run/checkpoints.hpp"
#include "trainer/run/experiment.hpp"
#include "trainer/run/network_run.hpp"
#include "trainer/run/run_directory.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// Puts a run, which is prepared, where a checkpoint was, and states in the model what its
/// parameters began with. Throws DamagedCheckpoint, alike on all ranks. *Collective*.
template <class T>
void load_checkpoint(const CheckpointFolder& files, const CheckpointManifest& manifest,
                     Experiment& experiment, NetworkRun<T>& run);

/// The checkpoints of a model that is being trained: when they are due, and what is in them.
template <class T>
class RunCheckpoints {
 public:
  /// The directory has been claimed.
  RunCheckpoints(Session& session, RunFolder& folder, Experiment& experiment);

  /// The run goes on, and has some: its initial parameters are not needed. *Collective*.
  static bool has_any(Session& session, const RunFolder& folder);
  /// Puts a prepared run where the newest whole checkpoint was, and cuts what was written
  /// afterwards off metrics.jsonl and timings.jsonl. Damaged ones are named, and put aside. Throws
  /// PlacedConfigError and DataError where the options or the rows are not those of the run, and
  /// DataError where no checkpoint is whole. *Collective*.
  void restore(NetworkRun<T>& run);
  /// The run begins anew, with nothing of what was written before. *Collective*.
  void begin_anew();

  /// The last step of the epoch that may be taken before one is due by its number.
  Index next_step(const TrainingPosition& position, Index steps_of_epoch) const;
  /// One is due by the number of the step or of the epoch.
  bool is_due(const TrainingPosition& position, Index steps_of_epoch) const;
  /// One is due by the clock. Of rank 0.
  bool is_due_by_time() const;

  /// Writes one, unless there is one of this step. A failure is told, and the run goes on: it has
  /// those before. *Collective*.
  void save(const NetworkRun<T>& run);
  /// The newest, or "".
  std::string newest() const;

 private:
  bool try_to_restore(NetworkRun<T>& run, Index all_steps);
  void check_all() const;
  void cut_reports(const CheckpointManifest& manifest, bool epoch_is_timed);

  Session& session_;
  RunFolder& folder_;
  Experiment& experiment_;
  CheckpointFolder files_;
  std::vector<Index> found_;     ///< when the run was resumed, the newest first
  std::optional<Index> newest_;  ///< steps of the newest
  double saved_at_;              ///< by this rank's clock
};

}  // namespace lockstep::trainer
