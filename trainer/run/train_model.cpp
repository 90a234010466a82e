#include "trainer/run/train_model.hpp"

#include <optional>
#include <utility>

#include "core/base/error.hpp"
#include "core/model/naive_bayes.hpp"
#include "trainer/run/resume_checks.hpp"
#include "trainer/run/stop_signals.hpp"
#include "trainer/run/train_folds.hpp"
#include "trainer/run/train_naive_bayes.hpp"
#include "trainer/run/train_network.hpp"

namespace lockstep::trainer {

RunResult train_model(Session& session, TrainingData data, RunFolder& folder) {
  return session.settings.text("model.type") == kNaiveBayesName
             ? train_naive_bayes(session, std::move(data), folder)
             : train_network(session, std::move(data), folder);
}

void train_into(const Session& session, RunDirectory& directory,
                const std::function<void()>& train) {
  std::optional<StopSignals> signals;  // naive_bayes has nowhere to stop
  if (session.settings.text("model.type") != kNaiveBayesName) signals.emplace();
  try {
    train();
  } catch (const Interrupted&) {
    throw;  // to be resumed
  } catch (...) {
    if (!directory.has_progress()) directory.discard();
    throw;
  }
}

void train_run(Session& session) {
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
