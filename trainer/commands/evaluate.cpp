#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "trainer/commands/commands.hpp"
#include "trainer/run/data_source.hpp"
#include "trainer/run/experiment.hpp"
#include "trainer/run/loaded_model.hpp"
#include "trainer/run/preprocessing.hpp"
#include "trainer/run/report.hpp"

namespace lockstep::trainer {
void evaluate(Session& session) {
  const std::unique_ptr<Model> model = load_model(session, session.arguments.model);
  const TableSchema& schema = model->description().schema;
  take_settings_of_model(session, model->description());
  if (!names_data(session.settings, DataRole::test)) {
    throw UsageError("evaluate: no test data; name it with --data.test FILE");
  }
  const Table table = in_row_blocks(
      session.team, load_table(session, DataRole::test, schema.target_kind, schema,
                               CsvFeatures::numbers, fixed_rules(model->feature_rules())));
  const Evaluation evaluation = model->scorer().evaluation(
      score_table(session.team, *model, table, session.threads), model->penalty());
  if (!session.is_root()) return;
  if (session.arguments.json) {
    fmt::print("{}\n", evaluation_json(evaluation).dump());
  } else {
    fmt::print("rows {}  {}\n", evaluation.rows, evaluation_line(evaluation));
  }
}

}  // namespace lockstep::trainer
