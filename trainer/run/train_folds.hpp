#pragma once

#include <functional>
#include <vector>

#include "trainer/run/data_split.hpp"
#include "trainer/run/report.hpp"
#include "trainer/run/run_directory.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// Trains a model of some rows into a folder.
using TrainModel = std::function<RunResult(Session&, TrainingData, RunFolder&)>;

/// Cross-validation [Hastie, Tibshirani, Friedman 2009, §7.10]: reads the rows once, trains a model
/// for each of data.folds folds on the rows of the others, measures it on its own, and reports the
/// mean and the standard deviation of each metric over the folds. Returns the results of the folds.
/// Throws alike on all ranks. *Collective*.
std::vector<RunResult> train_folds(Session& session, RunDirectory& directory,
                                   const TrainModel& train_model);

}  // namespace lockstep::trainer
