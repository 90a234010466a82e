#pragma once

#include <array>
#include <csignal>
#include <string>

#include "trainer/run/session.hpp"
#include "trainer/run/step_sums.hpp"

namespace lockstep::trainer {

// When a training should stop. The signals that ask for it wait from the first line of the program
// on, and are noted from the start of a command on, so that one that comes while data is read, or
// between two folds, stops it as soon as it can be saved.

inline constexpr std::array kStopSignals{SIGUSR1, SIGTERM, SIGINT};

/// The signals above wait until a command that stops on them makes a StopSignals, or
/// another lets them go. A rank that they end while MPI starts would leave mpirun, and the ranks
/// that wait for it there, behind for ever.
void hold_stop_signals();
/// They do again what they do to any process; those that came at once.
void let_stop_signals_go();

/// While it lives, the signals above are noted instead of ending the process; a second
/// SIGINT ends it. What one has noted, those that are made while it lives know. Those that were
/// held are noted first.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  StopSignals(StopSignals&&) = delete;
  StopSignals& operator=(StopSignals&&) = delete;

  /// The last signal that came, or 0.
  static int received();
  /// "SIGUSR1"
  static std::string name_of(int signal);

 private:
  std::array<struct sigaction, kStopSignals.size()> before_{};
};

/// What this rank wants: to stop for a signal or, of rank 0, for train.max_hours.
Wishes stop_wishes(const Session& session);

/// "SIGUSR1", "train.max_hours = 2", or "a signal to another rank".
std::string stop_reason(const Session& session, Wishes agreed);

/// How the run in a directory is taken up again, as a user would type it.
std::string resume_command(const std::string& run, const std::string& command = "train");

}  // namespace lockstep::trainer
