#include "trainer/commands/commands.hpp"
#include "trainer/run/report.hpp"
#include "trainer/run/train_model.hpp"

namespace lockstep::trainer {

void cross_validate(Session& session) {
  const std::vector<RunResult> folds = train_run(session);
  print_result(session, session.arguments.json ? folds_json(folds) : folds_table(folds));
}

}  // namespace lockstep::trainer
