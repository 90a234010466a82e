#include <utility>

#include "core/base/error.hpp"
#include "core/model/naive_bayes.hpp"
#include "trainer/commands/commands.hpp"
#include "trainer/run/data_split.hpp"
#include "trainer/run/run_checkpoints.hpp"
#include "trainer/run/run_directory.hpp"
#include "trainer/run/train_folds.hpp"
#include "trainer/run/train_naive_bayes.hpp"
#include "trainer/run/train_network.hpp"

namespace lockstep::trainer {
namespace {

RunResult train_model(Session& session, TrainingData data, RunFolder& folder) {
  return session.settings.text("model.type") == kNaiveBayesName
             ? train_naive_bayes(session, std::move(data), folder)
             : train_network(session, std::move(data), folder);
}

}  // namespace

void train(Session& session) {
  RunDirectory directory(session, training_files());
  if (directory.is_resumed()) check_can_go_on(session, directory);
  try {
    if (fold_count(session.settings) > 0) {
      train_folds(session, directory, train_model);
    } else {
      RunFolder folder(directory);
      train_model(session, load_training_data(session), folder);
    }
  } catch (const Interrupted&) {
    throw;  // to be resumed
  } catch (...) {
    if (!directory.has_progress()) directory.discard();
    throw;
  }
}

}  // namespace lockstep::trainer
