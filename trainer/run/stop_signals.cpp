#include "trainer/run/stop_signals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>

namespace lockstep::trainer {
namespace {

volatile std::sig_atomic_t last_signal = 0;
int alive = 0;

extern "C" void note_signal(int signal) { last_signal = signal; }

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kStopSignals) sigaddset(&set, signal);
  return set;
}

}  // namespace

void hold_stop_signals() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void let_stop_signals_go() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

StopSignals::StopSignals() {
  if (alive++ == 0) last_signal = 0;
  for (std::size_t i = 0; i < kStopSignals.size(); ++i) {
    struct sigaction action {};
    action.sa_handler = note_signal;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    if (kStopSignals[i] == SIGINT) action.sa_flags |= static_cast<int>(SA_RESETHAND);
    sigaction(kStopSignals[i], &action, &before_[i]);
  }
  let_stop_signals_go();
}

StopSignals::~StopSignals() {
  --alive;
  for (std::size_t i = 0; i < kStopSignals.size(); ++i) {
    sigaction(kStopSignals[i], &before_[i], nullptr);
  }
}

int StopSignals::received() { return last_signal; }

std::string StopSignals::name_of(int signal) {
  switch (signal) {
    case SIGUSR1:
      return "SIGUSR1";
    case SIGTERM:
      return "SIGTERM";
    case SIGINT:
      return "SIGINT";
    default:
      return "signal " + std::to_string(signal);
  }
}

Wishes stop_wishes(const Session& session) {
  constexpr const char* kLimit = "train.max_hours";
  constexpr double kSecondsOfHour = 3600;
  Wishes wishes = StopSignals::received() != 0 ? kWishToStop : 0;
  if (!session.is_root() || session.settings.is_word(kLimit, "none")) return wishes;
  const double limit = session.settings.real(kLimit) * kSecondsOfHour;
  return seconds_now() - session.started_at >= limit ? wishes | kOutOfTime : wishes;
}

std::string stop_reason(const Session& session, Wishes agreed) {
  if (const int signal = StopSignals::received(); signal != 0) return StopSignals::name_of(signal);
  if ((agreed & kOutOfTime) == 0) return "a signal to another rank";
  return fmt::format("train.max_hours = {}", session.settings.text("train.max_hours"));
}

std::string resume_command(const std::string& run, const std::string& command) {
  std::string shown = run;
  const auto is_plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::strchr("_./+-", c) != nullptr;
  };
  if (!std::all_of(run.begin(), run.end(), is_plain)) {
    shown = "'";
    for (const char c : run) shown += c == '\'' ? std::string("'\\''") : std::string(1, c);
    shown += "'";
  }
  return "lockstep " + command + " --resume " + shown;
}

}  // namespace lockstep::trainer
