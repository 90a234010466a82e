#include "trainer/run/sweep.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "trainer/commands/commands.hpp"
#include "trainer/run/report.hpp"
#include "trainer/run/stop_signals.hpp"

namespace lockstep::trainer {
namespace {

/// What a sweep that goes on may be told anew.
void check_can_go_on(const Session& session) {
  for (const Override& given : session.arguments.overrides) {
    if (may_change_in_a_sweep(given.key)) continue;
    throw PlacedConfigError(
        fmt::format("command line: error: {}: the sweep in {} goes on with what it was begun with; "
                    "remove it",
                    given.key, session.arguments.resume));
  }
}

}  // namespace

void sweep(Session& session) {
  const StopSignals signals;
  RunDirectory directory(session, sweep_files());
  if (directory.is_resumed()) check_can_go_on(session);
  Sweep all(session, directory);
  say(session, team_line(session));
  for (const std::string& warning : launch_warnings(session)) say(session, warning);
  try {
    const SweepOutcome outcome = all.run();
    directory.write(kTrialsFile, sweep_csv(outcome));
    directory.write(kResultFile, sweep_json(outcome));
    print_result(session, session.arguments.json ? sweep_json(outcome) : sweep_table(outcome));
    say(session, test_line(outcome));
    say(session, fmt::format("best {}", directory.file(trial_folder(outcome.results[0].number))));
  } catch (const Interrupted&) {
    throw;
  } catch (...) {
    if (!directory.has_progress()) directory.discard();
    throw;
  }
}

}  // namespace lockstep::trainer
