#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/model/naive_bayes.hpp"
#include "trainer/commands/commands.hpp"
#include "trainer/run/data_split.hpp"
#include "trainer/run/run_directory.hpp"
#include "trainer/run/verify_network.hpp"

namespace lockstep::trainer {

void verify(Session& session) {
  const Arguments& arguments = session.arguments;
  if (session.settings.text("model.type") == kNaiveBayesName) {
    throw ConfigError(fmt::format(
        "{}: a naive_bayes model is fitted in one pass: train it again and compare the files",
        arguments.run));
  }
  const Index folds = fold_count(session.settings);
  if (folds == 0) {
    print_result(session, verify_network(session, load_training_data(session), arguments.run,
                                         arguments.epoch) +
                              "\n");
    return;
  }
  const FoldedData data(session);
  for (Index fold = 0; fold < folds; ++fold) {
    const std::string folder = fmt::format("{}/{}", arguments.run, fold_folder(fold));
    print_result(session, verify_network(session, data.fold(fold), folder, arguments.epoch) + "\n");
  }
}

}  // namespace lockstep::trainer
