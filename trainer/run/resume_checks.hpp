#pragma once

#include <string>

#include "trainer/run/checkpoints.hpp"
#include "trainer/run/experiment.hpp"
#include "trainer/run/run_directory.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

// What a run may go on with: the options and rows that it was begun with. More epochs may be asked
// for where the rate does not depend on their number.

/// Throws PlacedConfigError, a line for each key: "command line: error: train.seed: the run in
/// runs/a was begun with 1, and cannot go on with 2".
void check_options(const Settings& settings, const CheckpointManifest& manifest,
                   const std::string& run);

/// Throws DataError where rows of the experiment are not those that a run was begun with.
void check_data(const CheckpointManifest& manifest, const Experiment& experiment,
                const std::string& run);

/// Checks the options, before any data is read, against all checkpoints of the run or, where there
/// is none, its config.ini. *Collective*.
void check_can_go_on(Session& session, const RunDirectory& directory);

}  // namespace lockstep::trainer
