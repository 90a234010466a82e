#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/metrics/evaluation.hpp"
#include "trainer/run/experiment.hpp"
#include "trainer/run/network_model.hpp"
#include "trainer/run/run_directory.hpp"
#include "trainer/run/training.hpp"

namespace lockstep::trainer {

// What a run says of itself: lines for people, JSON for programs.

/// "rmse 0.7504  R² 0.2819"
std::string regression_text(const Evaluation::Regression& regression);

/// "loss 0.2145  accuracy 0.9312" or "loss 0.2145  rmse 0.7504  R² 0.2819".
std::string evaluation_line(const Evaluation& evaluation);

/// Ranks, hosts and threads. *Collective*.
std::string team_line(Session& session);

/// The same with lanes and memory, before the first epoch. *Collective*.
std::string start_line(Session& session, const Experiment& experiment, Index memory_bytes);

/// What the user could do better, a line each: badly bound ranks. *Collective*.
std::vector<std::string> launch_warnings(Session& session);

/// The same with what concerns the experiment: ranks without lanes, say. *Collective*.
std::vector<std::string> advice(Session& session, const Experiment& experiment);

/// That the file of train.init_from is another one than a run was begun with.
std::string other_start(const std::string& run);

/// What a run computes from, besides its configuration.
struct RunOrigin {
  std::string data_hash;             ///< of the training rows
  std::string initial_parameters{};  ///< SHA-256 of those of train.init_from, or ""
};

/// provenance.json: everything that is not part of the result. *Collective*.
std::string provenance_json(Session& session, const RunOrigin& origin);

/// The sets of rows that a model is measured on.
struct Evaluations {
  Evaluation train;
  std::optional<Evaluation> validation{};
  std::optional<Evaluation> test{};
};

/// What the rows say after an epoch or within one, and of which parameters.
struct EpochMetrics {
  Index epoch;
  std::optional<Index> step;            ///< of the epoch, where it is not its last
  Index steps;                          ///< of all epochs
  std::optional<double> learning_rate;  ///< of the last step, of what learns by steps
  Evaluations measured;
  std::string parameters_sha256;
};
/// A line of metrics.jsonl.
std::string metrics_line(const EpochMetrics& metrics);
/// How long an epoch took.
struct EpochTimes {
  Index epoch;
  double seconds;  ///< of its steps
  double rows_per_second;
  double checkpoint_seconds = 0;
};
/// A line of timings.jsonl.
std::string timings_line(const EpochTimes& times);

/// What a run ends with.
struct RunResult {
  Evaluations measured;
  std::optional<BestValidation> best{};  ///< where train.monitor is set
  double rows_per_second = 0;
  Index epochs = 0;
  Index steps = 0;
  Index parameters = 0;
  std::string parameters_sha256{};
};

/// Claims the directory of a run, before the first of its models. *Collective*.
void claim_run(RunFolder& folder);
/// Then writes what the run begins with, or goes on with: config.ini and provenance.json.
/// Throws DataError where a run goes on, and has another origin.
/// @param origin  with the rows that the model is trained on
/// *Collective*.
void begin_run(Session& session, RunFolder& folder, RunOrigin origin);

/// result.json.
std::string result_json(const RunResult& result);

/// A metric over the folds of a run.
struct Spread {
  double mean = 0;
  double deviation = 0;  ///< of the sample, divided by folds − 1; NaN of one
};
Spread spread_of(std::span<const double> values);

/// result.json of a run with folds: their results, and the mean and the sample standard deviation
/// (divided by folds − 1) of each metric over them.
std::string folds_json(const std::vector<RunResult>& folds);
/// A line a fold with the metrics of its rows, and the mean and the deviation of each.
std::string folds_table(const std::vector<RunResult>& folds);
/// "5 folds  test loss 0.2145 ± 0.0102  accuracy 0.9312 ± 0.0051"
std::string folds_line(const std::vector<RunResult>& folds);
/// "model runs/a/model.safetensors  test loss …".
std::string model_line(const std::string& path, const RunResult& result);

/// "best runs/a/best.safetensors  validation loss 0.2145 in epoch 7, after 1400 steps".
std::string best_line(const std::string& path, const BestValidation& best);

/// A line of progress within long epochs: at most one in ten seconds.
class Progress {
 public:
  /// @param from  where this process goes on
  Progress(const Session& session, const TrainingPosition& from, Index epochs, Index steps);
  void step_done(Index steps_done);

 private:
  const Session& session_;
  Index epoch_;
  Index epochs_;
  Index steps_;
  Index first_;  // steps that were done before
  double start_;
  double last_;
};

}  // namespace lockstep::trainer
