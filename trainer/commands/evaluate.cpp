#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/data/data_hash.hpp"
#include "trainer/commands/commands.hpp"
#include "trainer/run/data_source.hpp"
#include "trainer/run/data_split.hpp"
#include "trainer/run/experiment.hpp"
#include "trainer/run/loaded_model.hpp"
#include "trainer/run/preprocessing.hpp"
#include "trainer/run/report.hpp"

namespace lockstep::trainer {
namespace {

bool is_given_files(const Settings& settings, const char* key) {
  return settings.origin(key) == Origin::command_line && !settings.texts(key).empty();
}

/// The model's rows of data.train are asked for: the settings name no other test rows.
bool wants_split_off_rows(const Settings& settings, const ModelDescription& model) {
  const bool has_train = is_given_files(settings, "data.train");
  if (has_train && is_given_files(settings, "data.test")) {
    throw UsageError("evaluate: --data.train and --data.test name two sets of rows; give one");
  }
  if (has_train && !has_split_off_test(model)) {
    throw UsageError(
        "evaluate: --data.train: the model was trained on all of these rows (data.test_fraction = "
        "0); name test rows with --data.test FILE");
  }
  if (has_train) return true;
  return has_split_off_test(model) && settings.texts("data.test").empty() &&
         !settings.given("synthetic.test_rows") && names_data(settings, DataRole::train);
}

/// The rows are those that the model was trained on.
bool was_trained_on(Team& team, const ModelDescription& model, const Table& train) {
  return data_hash(team, train) == model.data_hash;
}

/// The rows that the training of the model has split off, from the same data again.
Table load_split_off_rows(Session& session, const ModelDescription& model) {
  Session training = session_of_training(session, model);
  TrainingData data =
      model.fold > 0 ? FoldedData(training).fold(model.fold - 1) : load_training_data(training);
  if (!was_trained_on(session.team, model, data.train)) {
    throw DataError(
        "data.train: not the data that the model was trained on, so that the rows it has not seen "
        "are not known; name test rows with --data.test FILE");
  }
  const TableSchema& schema = model.schema;
  std::vector<bool> hashed;  // the model knows no categories
  for (const ColumnType& type : schema.feature_types) {
    hashed.push_back(type.kind == ColumnKind::category && type.categories.empty());
  }
  warn_of_unknown(session, data.unknown, schema.feature_names, hashed);
  return std::move(*data.test);
}

/// Refuses test rows that are the training files of a model that has split its test rows off them.
void check_is_new(Session& session, const ModelDescription& model, const Table& test) {
  if (!has_split_off_test(model)) return;
  Session training = session_of_training(session, model);
  bool is_new = true;
  try {
    const TrainingData data = model.fold > 0 ? FoldedData(training, test).fold(model.fold - 1)
                                             : split_rows(training, test);
    is_new = !was_trained_on(session.team, model, data.train);
  } catch (const DataError&) {  // rows that cannot be split so
  }
  if (is_new) return;
  throw DataError(
      "data.test: the data that the model was trained on; name it with --data.train to measure the "
      "rows that its training has split off");
}

Table load_rows(Session& session, const Model& model) {
  const ModelDescription& description = model.description();
  if (wants_split_off_rows(session.settings, description)) {
    return load_split_off_rows(session, description);
  }
  if (!names_data(session.settings, DataRole::test)) {
    throw UsageError(
        has_split_off_test(description)
            ? "evaluate: no test data; name it with --data.test FILE, or the training data, of "
              "which rows were split off, with --data.train FILE"
            : "evaluate: no test data; name it with --data.test FILE");
  }
  const TableSchema& schema = description.schema;
  Table table = load_table(session, DataRole::test, schema.target_kind, schema,
                           CsvFeatures::numbers, fixed_rules(model.feature_rules()));
  check_is_new(session, description, table);
  return table;
}

}  // namespace

void evaluate(Session& session) {
  const std::unique_ptr<Model> model = load_model(session, session.arguments.model);
  take_settings_of_model(session, model->description());
  const Table table = in_row_blocks(session.team, load_rows(session, *model));
  const Evaluation evaluation = evaluate_table(
      session.team, *model, table,
      {.metrics = requested_metrics(session.settings, table, model->scorer().has_probabilities()),
       .threads = session.threads});
  if (!session.is_root()) return;
  if (session.arguments.json) {
    fmt::print("{}\n", evaluation_json(evaluation).dump());
  } else {
    fmt::print("rows {}  {}\n", evaluation.rows, evaluation_line(evaluation));
    for (const auto& [name, regression] : evaluation.targets) {
      fmt::print("{}  {}\n", lockstep::quoted(name), regression_text(regression));
    }
  }
}

}  // namespace lockstep::trainer
