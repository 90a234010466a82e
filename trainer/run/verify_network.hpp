#pragma once

#include <string>

#include "trainer/run/data_split.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// Trains a model of a run again up to an epoch, from the newest checkpoint before it or from the
/// beginning, and compares every epoch on the way with its line in metrics.jsonl, the SHA-256 of
/// the parameters among it, and after the last one the model file. Writes nothing.
/// @param folder  of the model: the run's, or that of a fold in it
/// @param epoch   0 is the last that the run has
/// Returns "epochs 4 to 6 of RUN, from RUN/checkpoints/step-120: identical". Throws DataError where
/// an epoch is not what its line says, naming what differs. *Collective*.
std::string verify_network(Session& session, TrainingData data, const std::string& folder,
                           Index epoch);

}  // namespace lockstep::trainer
