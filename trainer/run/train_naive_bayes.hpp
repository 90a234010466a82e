#pragma once

#include "trainer/run/run_directory.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// Fits the naive Bayes classifier in one pass over the training rows and writes its run directory.
/// Throws alike on all ranks. *Collective*.
void train_naive_bayes(Session& session, RunDirectory& directory);

}  // namespace lockstep::trainer
