#pragma once

#include "trainer/run/run_directory.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// Trains the network that the settings describe and writes its run directory.
/// Throws alike on all ranks. *Collective*.
void train_network(Session& session, RunDirectory& directory);

}  // namespace lockstep::trainer
