#include "trainer/run/train_model.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "core/base/error.hpp"
#include "core/data/data_hash.hpp"
#include "core/model/naive_bayes.hpp"
#include "trainer/run/resume_checks.hpp"
#include "trainer/run/stop_signals.hpp"
#include "trainer/run/train_naive_bayes.hpp"
#include "trainer/run/train_network.hpp"

namespace lockstep::trainer {
namespace {

/// Cross-validation [Hastie, Tibshirani, Friedman 2009, §7.10]: reads the rows once, trains a model
/// for each of data.folds folds on the rows of the others, measures it on its own, and reports the
/// mean and the standard deviation of each metric over the folds. *Collective*.
std::vector<RunResult> train_folds(Session& session, RunDirectory& directory) {
  const FoldedData data(session);
  const std::string hash = data_hash(session.team, data.all());
  const Index count = fold_count(session.settings);
  std::vector<RunResult> folds;
  for (Index fold = 0; fold < count; ++fold) {
    say(session, fmt::format("fold {}/{}", fold + 1, count));
    RunFolder folder(directory, fold_folder(fold), hash);
    folds.push_back(train_model(session, data.fold(fold), folder));
  }
  directory.write(kResultFile, folds_json(folds));
  say(session, folds_line(folds));
  return folds;
}

}  // namespace

RunResult train_model(Session& session, TrainingData data, RunFolder& folder) {
  return session.settings.text("model.type") == kNaiveBayesName
             ? train_naive_bayes(session, std::move(data), folder)
             : train_network(session, std::move(data), folder);
}

void train_into(const Session& session, RunDirectory& directory,
                const std::function<void()>& train) {
  std::optional<StopSignals> signals;
  if (session.settings.text("model.type") != kNaiveBayesName) {
    signals.emplace();
  } else {
    let_stop_signals_go();  // it has nowhere to stop
  }
  try {
    train();
  } catch (const Interrupted&) {
    throw;  // to be resumed
  } catch (...) {
    if (!directory.has_progress()) directory.discard();
    throw;
  }
}

std::vector<RunResult> train_run(Session& session) {
  RunDirectory directory(session, training_files());
  if (directory.is_resumed()) check_can_go_on(session, directory);
  std::vector<RunResult> results;
  train_into(session, directory, [&] {
    if (fold_count(session.settings) > 0) {
      results = train_folds(session, directory);
    } else {
      RunFolder folder(directory);
      results.push_back(train_model(session, load_training_data(session), folder));
    }
  });
  return results;
}

}  // namespace lockstep::trainer
