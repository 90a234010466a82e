#pragma once

#include <chrono>

namespace lockstep {

/// Seconds of a steady clock, for durations.
inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace lockstep
