#pragma once

#include <string>
#include <vector>

#include "trainer/run/experiment.hpp"
#include "trainer/run/network_run.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

// A run that is computed again, to be looked at. Nothing of it is written.

/// The lines of metrics.jsonl of a model's folder, on rank 0; on the others so many empty ones.
/// Throws MissingInputError, IoError alike on all ranks. *Collective*.
std::vector<std::string> metrics_of(Session& session, const std::string& folder);

/// Puts a training at the beginning of `epoch` or somewhere before, where the newest whole
/// checkpoint before that is, or at its very beginning. Returns where that was:
/// "runs/a/checkpoints/ step-120" or "the beginning". Throws DataError where the rows are not those
/// of the run. *Collective*.
template <class T>
std::string go_before(Session& session, Experiment& experiment, const std::string& folder,
                      Index epoch, NetworkRun<T>& run);

/// Of metrics.jsonl: how many lines a run has that has taken so many steps of all epochs, of which
/// each has `steps_of_epoch`.
Index line_count(const Experiment& experiment, Index steps_of_epoch, Index all_steps);

/// Takes the steps of the epoch at hand until `last` of them are done. What validations say of the
/// steps behind them is seen. *Collective*.
template <class T>
void take_steps(NetworkRun<T>& run, Index last);

/// Goes from the end of an epoch to the beginning of the next. *Collective*.
template <class T>
void begin_next_epoch(NetworkRun<T>& run);

}  // namespace lockstep::trainer
