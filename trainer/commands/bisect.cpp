#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/model/naive_bayes.hpp"
#include "trainer/commands/commands.hpp"
#include "trainer/run/bisect_runs.hpp"
#include "trainer/run/data_split.hpp"

namespace lockstep::trainer {
namespace {

void check_trains_by_steps(const Session& session, const std::string& run) {
  if (session.settings.text("model.type") != kNaiveBayesName && fold_count(session.settings) == 0) {
    return;
  }
  throw ConfigError(fmt::format(
      "{}: runs of one network are compared, not naive_bayes, nor those with data.folds", run));
}

}  // namespace

void bisect(Session& session) {
  Arguments arguments = session.arguments;
  const std::string run_a = arguments.run;
  arguments.run = arguments.other_run;
  Session other = open_session(session.environment, session.team, arguments);
  check_trains_by_steps(session, run_a);
  check_trains_by_steps(other, arguments.run);
  print_result(session, bisect_runs(session, run_a, other, arguments.run));
}

}  // namespace lockstep::trainer
