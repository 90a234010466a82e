#pragma once

#include <array>
#include <csignal>
#include <string>

namespace lockstep::trainer {

/// While it lives, SIGUSR1, SIGTERM and SIGINT are noted instead of ending the process; a second
/// SIGINT ends it. One at a time.
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
  static constexpr std::array kSignals{SIGUSR1, SIGTERM, SIGINT};

  std::array<struct sigaction, kSignals.size()> before_{};
};

}  // namespace lockstep::trainer
