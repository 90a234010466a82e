#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/data/partition.hpp"
#include "core/parallel/row_blocks.hpp"
#include "trainer/commands/commands.hpp"
#include "trainer/run/data_source.hpp"
#include "trainer/run/loaded_model.hpp"
#include "trainer/run/report.hpp"
#include "trainer/run/scoring_pass.hpp"

namespace lockstep::trainer {
namespace {

template <class T>
Evaluation evaluate_as(Session& session, const SafetensorsFile& file, const ModelDescription& model,
                       const Table& table) {
  const Network<T> network(model.network);
  AlignedVector<T> theta;
  Examples<T> examples;
  guard(session.team, "reading the model", [&] {
    theta = read_parameters<T>(file, network);
    examples =
        make_examples<T>(table, model.feature_scaling, model.target_scaling, session.threads);
  });
  const Scorer scorer(loss_traits(model.network.loss), model.network.outputs, model.target_scaling);
  return scorer.evaluation(
      score_examples<T>(session.team, network, theta.data(), examples, scorer, session.threads),
      penalty_value(network.tensors(), model.penalty, theta.data()));
}

}  // namespace

void evaluate(Session& session) {
  const SafetensorsFile file = load_model(session, session.arguments.model);
  const ModelDescription model = read_description(file);
  take_seed_of_model(session.settings, model);
  if (!names_test_data(session.settings)) {
    throw UsageError("evaluate: no test data; name it with --data.test FILE");
  }
  Table table = load_table(session, DataRole::test, model.schema.target_kind, model.schema);
  const auto boundaries = RowBlocks(table.total_rows).row_boundaries(session.team.size());
  table = move_rows(session.team, std::move(table), boundaries);
  const Evaluation evaluation = model.precision == "double"
                                    ? evaluate_as<double>(session, file, model, table)
                                    : evaluate_as<float>(session, file, model, table);
  if (!session.is_root()) return;
  if (session.arguments.json) {
    fmt::print("{}\n", evaluation_json(evaluation).dump());
  } else {
    fmt::print("rows {}  {}\n", evaluation.rows, evaluation_line(evaluation));
  }
}

}  // namespace lockstep::trainer
