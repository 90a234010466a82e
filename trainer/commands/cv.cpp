#include "trainer/commands/commands.hpp"
#include "trainer/run/report.hpp"
#include "trainer/run/resume_checks.hpp"
#include "trainer/run/run_directory.hpp"
#include "trainer/run/train_folds.hpp"
#include "trainer/run/train_model.hpp"

namespace lockstep::trainer {

void cross_validate(Session& session) {
  RunDirectory directory(session, training_files());
  if (directory.is_resumed()) check_can_go_on(session, directory);
  train_into(session, directory, [&] {
    const std::vector<RunResult> folds = train_folds(session, directory, train_model);
    print_result(session, session.arguments.json ? folds_json(folds) : folds_table(folds));
  });
}

}  // namespace lockstep::trainer
