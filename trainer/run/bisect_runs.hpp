#pragma once

#include <string>

#include "trainer/run/session.hpp"

namespace lockstep::trainer {

/// Where two runs of networks part, in lines for people: the keys of the configuration, and the
/// rows, that they differ in; the first epoch after which their parameters differ, by their
/// metrics.jsonl; and, when both are computed again from before that epoch, the first step, and the
/// tensors, in which they do. Where they then do not, it says whose line is not what its run
/// computes. Writes nothing.
/// @param a, b  sessions of the runs, with their settings
/// @param run_a, run_b  their directories
/// Throws DataError where rows are not those of a run. *Collective*.
std::string bisect_runs(Session& a, const std::string& run_a, Session& b, const std::string& run_b);

}  // namespace lockstep::trainer
