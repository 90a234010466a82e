#include "core/model/naive_bayes.hpp"
#include "trainer/commands/commands.hpp"
#include "trainer/run/run_directory.hpp"
#include "trainer/run/train_naive_bayes.hpp"
#include "trainer/run/train_network.hpp"

namespace lockstep::trainer {

void train(Session& session) {
  RunDirectory directory(session, training_files());
  try {
    if (session.settings.text("model.type") == kNaiveBayesName) {
      train_naive_bayes(session, directory);
    } else {
      train_network(session, directory);
    }
  } catch (...) {
    if (!directory.has_progress()) directory.discard();
    throw;
  }
}

}  // namespace lockstep::trainer
