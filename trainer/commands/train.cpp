#include "trainer/commands/commands.hpp"
#include "trainer/run/data_split.hpp"
#include "trainer/run/resume_checks.hpp"
#include "trainer/run/run_directory.hpp"
#include "trainer/run/train_folds.hpp"
#include "trainer/run/train_model.hpp"

namespace lockstep::trainer {

void train(Session& session) {
  RunDirectory directory(session, training_files());
  if (directory.is_resumed()) check_can_go_on(session, directory);
  train_into(session, directory, [&] {
    if (fold_count(session.settings) > 0) {
      train_folds(session, directory, train_model);
      return;
    }
    RunFolder folder(directory);
    train_model(session, load_training_data(session), folder);
  });
}

}  // namespace lockstep::trainer
