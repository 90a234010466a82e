#pragma once

#include <functional>
#include <vector>

#include "trainer/run/data_split.hpp"
#include "trainer/run/report.hpp"
#include "trainer/run/run_directory.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// Trains the model that the settings choose, a network or naive_bayes, into `folder`. Throws alike
/// on all ranks. *Collective*.
RunResult train_model(Session& session, TrainingData data, RunFolder& folder);

/// Runs `train`, which writes to `directory`; signals to stop are noted meanwhile. Of a training
/// that fails before it has come anywhere, nothing is left there; what was interrupted stays.
/// *Collective*.
void train_into(const Session& session, RunDirectory& directory,
                const std::function<void()>& train);

/// A whole run, as the settings have it: into a directory that is new, or from where it stands.
/// Returns the result of the model, or one for each of data.folds folds. Throws alike on all ranks.
/// *Collective*.
std::vector<RunResult> train_run(Session& session);

}  // namespace lockstep::trainer
