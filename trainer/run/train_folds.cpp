#include "trainer/run/train_folds.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "core/data/data_hash.hpp"

namespace lockstep::trainer {

std::vector<RunResult> train_folds(Session& session, RunDirectory& directory,
                                   const TrainModel& train_model) {
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

}  // namespace lockstep::trainer
