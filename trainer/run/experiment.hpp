#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/model/network.hpp"
#include "core/model/scoring.hpp"
#include "core/parallel/lanes.hpp"
#include "core/transform/examples.hpp"
#include "trainer/run/data_split.hpp"
#include "trainer/run/monitor.hpp"
#include "trainer/run/network_model.hpp"
#include "trainer/run/session.hpp"
#include "trainer/run/training_options.hpp"

namespace lockstep::trainer {

// From settings and tables to what training takes: the steps between reading and computing.

/// What a run computes with, all `auto`s resolved.
struct Experiment {
  NetworkDescription model;
  // Whole row blocks on every rank.
  Table train;
  std::optional<Table> validation;
  std::optional<Table> test;
  bool streams = false;  ///< training leaves data.train in its file, and what is split off it
  Index batch = 0;
  Index lanes = 1;
  Index epochs = 0;
  Index validate_epochs = 0;  ///< epochs between two validations at their ends; 0: none there
  Index validate_steps = 0;   ///< steps between two validations; 0: none within epochs
  std::optional<MonitorOptions> monitor;
  std::vector<std::string> metrics;  ///< that validation and test rows are to be measured by, too
  TrainingOptions options;
  /// The fingerprint of each set of rows: training, validation, test.
  std::map<std::string, std::string> data_hashes;
};

/// Fits the transforms on the training rows, reads data.test, and resolves model and training.
/// Throws alike on all ranks. *Collective*.
Experiment prepare_experiment(Session& session, TrainingData data);

/// The metrics of validation.metrics and train.monitor. Throws PlacedConfigError for one that does
/// not apply to the rows.
std::vector<std::string> requested_metrics(const Settings& settings, const Table& train,
                                           bool has_probabilities);

/// Throws PlacedConfigError for a metric, named by a key, that does not apply to the target.
void check_metric(const Settings& settings, const char* key, const std::string& name,
                  const Table& train, bool has_probabilities);

/// Training takes the rows without their zeros.
bool is_sparse(const Experiment& experiment);

/// Refuses a target of one class.
void check_several_classes(const Table& train);

/// The steps of an epoch do not depend on how many epochs there are.
bool is_independent_of_epochs(const Settings& settings);

/// Gives every rank whole row blocks. *Collective*.
Table in_row_blocks(Team& team, Table table);

/// The network for the rows of `train`. Throws DataError when the classes do not fit the model
/// ("model.type = logistic takes two classes, …").
NetworkSpec network_spec(const Settings& settings, const Table& train);

}  // namespace lockstep::trainer
