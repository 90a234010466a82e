#pragma once

#include "trainer/run/data_split.hpp"
#include "trainer/run/report.hpp"
#include "trainer/run/run_directory.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// Trains the network that the settings describe, and writes it with what is measured of it.
/// Throws alike on all ranks. *Collective*.
RunResult train_network(Session& session, TrainingData data, RunFolder& folder);

}  // namespace lockstep::trainer
