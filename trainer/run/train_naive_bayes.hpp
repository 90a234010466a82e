#pragma once

#include "trainer/run/data_split.hpp"
#include "trainer/run/report.hpp"
#include "trainer/run/run_directory.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// Fits the naive Bayes classifier in one pass over the training rows, and writes it with what is
/// measured of it. Throws alike on all ranks. *Collective*.
RunResult train_naive_bayes(Session& session, TrainingData data, RunFolder& folder);

}  // namespace lockstep::trainer
