#pragma once

#include <string>
#include <vector>

#include "core/metrics/evaluation.hpp"
#include "trainer/run/experiment.hpp"

namespace lockstep::trainer {

// What a run says of itself: lines for people, JSON for programs.

/// "loss 0.2145  accuracy 0.9312" or "loss 0.2145  rmse 0.7504  R² 0.2819".
std::string evaluation_line(const Evaluation& evaluation);

/// Ranks, hosts, threads, lanes and memory, before the first epoch. *Collective*.
std::string start_line(Session& session, const Experiment& experiment, Index memory_bytes);

/// What the user could do better, a line each: ranks without lanes, badly bound ranks.
/// *Collective*.
std::vector<std::string> advice(Session& session, const Experiment& experiment);

/// provenance.json: everything that is not part of the result. *Collective*.
std::string provenance_json(Session& session, const Experiment& experiment);

/// A line of progress within long epochs: at most one in ten seconds.
class Progress {
 public:
  Progress(const Session& session, Index epoch, Index epochs, Index steps);
  void step_done(Index steps_done);

 private:
  const Session& session_;
  Index epoch_;
  Index epochs_;
  Index steps_;
  double start_;
  double last_;
};

/// Seconds of a steady clock.
double seconds_now();

}  // namespace lockstep::trainer
