#include "trainer/run/train_naive_bayes.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/data/data_hash.hpp"
#include "core/data/partition.hpp"
#include "core/statistics/moments.hpp"
#include "trainer/cli/key_rules.hpp"
#include "trainer/run/data_source.hpp"
#include "trainer/run/data_split.hpp"
#include "trainer/run/experiment.hpp"
#include "trainer/run/naive_bayes_model.hpp"
#include "trainer/run/report.hpp"

namespace lockstep::trainer {
namespace {

constexpr bool kHasProbabilities = true;

/// The table in the blocks that fitting folds over. *Collective*.
Table in_fitting_blocks(Team& team, Table table) {
  const auto classes = static_cast<Index>(table.class_names.size());
  const auto boundaries = NaiveBayes::blocks(table.total_rows, classes).row_boundaries(team.size());
  return move_rows(team, std::move(table), boundaries);
}

/// A node of the fold has 40·K bytes a column of numbers, and the counts 8·K bytes a category.
void check_size(const Table& train) {
  constexpr Index kMostNumbers = Index{1} << 26;  // of 8 bytes: half a gibibyte
  constexpr Index kNumbersOfMoments = sizeof(ColumnMoments) / sizeof(double);
  Index numbers = train.features;
  Index categories = 0;
  std::size_t widest = 0;  // of the features, by categories
  for (std::size_t j = 0; j < train.feature_types.size(); ++j) {
    const ColumnType& type = train.feature_types[j];
    if (type.kind == ColumnKind::number) continue;
    --numbers;
    categories += static_cast<Index>(type.categories.size());
    if (type.categories.size() > train.feature_types[widest].categories.size()) widest = j;
  }
  const auto classes = static_cast<Index>(train.class_names.size());
  if (kNumbersOfMoments * numbers + categories <= kMostNumbers / classes) return;
  const std::string remedy =
      categories <= kNumbersOfMoments * numbers
          ? "take fewer columns"
          : fmt::format("leave out the column with the most categories, {} (data.ignore)",
                        lockstep::quoted(train.feature_names[widest]));
  throw DataError(fmt::format(
      "target {}: {} classes of {} columns of numbers and {} categories are more than naive_bayes "
      "can count; {}",
      lockstep::quoted(train.target_name()), classes, numbers, categories, remedy));
}

}  // namespace

RunResult train_naive_bayes(Session& session, TrainingData data, RunFolder& folder) {
  const Settings& settings = session.settings;
  Team& team = session.team;
  Table train = std::move(data.train);
  if (train.features == 0) throw DataError("the training data has no feature columns");
  check_several_classes(train);
  check_size(train);
  const std::vector<std::string> asked = requested_metrics(settings, train, kHasProbabilities);
  const ModelDescription description{schema_of(train), options_of_model(settings),
                                     data_hash(team, train), data.fold};
  warn_of_unknown(session, data.unknown, train.feature_names);
  std::optional<Table> test = std::move(data.test);
  if (!test && has_data(settings, DataRole::test)) {
    test = load_table(session, DataRole::test, TargetKind::classes, description.schema);
  }
  say(session, team_line(session));
  for (const std::string& warning : launch_warnings(session)) say(session, warning);

  const NaiveBayesOptions options{settings.real("bayes.smoothing"),
                                  settings.real("bayes.variance_smoothing")};
  const double start = seconds_now();
  train = in_fitting_blocks(team, std::move(train));
  const NaiveBayesModel model(description, options,
                              NaiveBayes::fit(team, train, options, session.threads));
  const double seconds = seconds_now() - start;

  const auto measure = [&](Table table, const std::vector<std::string>& metrics = {}) {
    table = in_row_blocks(team, std::move(table));
    return evaluate_table(team, model, table, {.metrics = metrics, .threads = session.threads});
  };
  RunResult result;
  result.rows_per_second = static_cast<double>(train.total_rows) / seconds;
  result.measured.train = measure(std::move(train));
  if (data.validation) {
    result.measured.validation = measure(std::move(*data.validation), asked);
  }
  if (test) result.measured.test = measure(std::move(*test), asked);
  result.epochs = 1;
  result.steps = 1;
  result.parameters = model.parameter_count();
  result.parameters_sha256 = tensors_sha256(model.tensors());

  begin_run(session, folder, {description.data_hash});
  folder.write(kMetricsFile,
               metrics_line({1, {}, 1, {}, result.measured, result.parameters_sha256}) + "\n");
  folder.write(kTimingsFile, timings_line({1, seconds, result.rows_per_second}) + "\n");
  const std::string path = folder.file(kModelFile);
  guard(team, "writing the model", [&] {
    if (session.is_root()) model.save(path);
  });
  folder.write(kResultFile, result_json(result));
  say(session, model_line(path, result));
  return result;
}

}  // namespace lockstep::trainer
