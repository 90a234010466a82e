#include "trainer/run/generated_data.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/parallel/row_blocks.hpp"
#include "trainer/run/data_objections.hpp"

namespace lockstep::trainer {
namespace {

Table generate_table(Session& session, DataRole role) {
  const Settings& settings = session.settings;
  SyntheticOptions options;
  options.kind = synthetic_kind(settings);
  options.features = settings.integer("synthetic.features");
  options.classes = settings.integer("synthetic.classes");
  if (!settings.is_word("synthetic.noise", "auto"))
    options.noise = settings.real("synthetic.noise");
  const Index train_rows = settings.integer("synthetic.rows");
  const bool train = role == DataRole::train;
  const Index rows = train ? train_rows : settings.integer("synthetic.test_rows");
  const auto boundaries = RowBlocks(rows).row_boundaries(session.team.size());
  const auto rank = static_cast<std::size_t>(session.team.rank());
  Table table;
  guard(session.team, "generating rows", [&] {
    table = generate(options, static_cast<std::uint64_t>(settings.integer("train.seed")),
                     {boundaries[rank], boundaries[rank + 1]}, rows, train ? 0 : train_rows);
  });
  return table;
}

/// Refuses generated rows that the model was not made for; classes get the model's numbers.
void fit_to_schema(const TableSchema& schema, TargetKind target, Table& table) {
  check_categories(schema, "synthetic data");
  if (schema.feature_names != table.feature_names) {
    throw DataError(
        fmt::format("the synthetic data has the features {}, but the model has {}",
                    lockstep::quoted(fmt::format("{}", fmt::join(table.feature_names, ", "))),
                    lockstep::quoted(fmt::format("{}", fmt::join(schema.feature_names, ", ")))));
  }
  if (target != TargetKind::classes) return;
  std::vector<double> index;
  for (const std::string& name : table.class_names) {
    const auto found = std::find(schema.class_names.begin(), schema.class_names.end(), name);
    if (found == schema.class_names.end()) {
      throw DataError(
          fmt::format("class {} of the synthetic data does not occur in the training data",
                      lockstep::quoted(name)));
    }
    index.push_back(static_cast<double>(found - schema.class_names.begin()));
  }
  for (double& y : table.target) y = index[static_cast<std::size_t>(y)];
  table.class_names = schema.class_names;
}

}  // namespace

bool is_synthetic(const Settings& settings, DataRole role) {
  const std::string& format = settings.text("data.format");
  return format == "synthetic" || (format == "auto" && settings.texts(data_key(role)).empty());
}

SyntheticKind synthetic_kind(const Settings& settings) {
  const std::string& kind = settings.text("synthetic.kind");
  if (kind == "blobs") return SyntheticKind::blobs;
  if (kind == "moons") return SyntheticKind::moons;
  if (kind == "linear") return SyntheticKind::linear;
  return SyntheticKind::digits;
}

Table load_generated(Session& session, DataRole role, TargetKind target,
                     const std::optional<TableSchema>& schema) {
  const Settings& settings = session.settings;
  check_keys(settings, role, "synthetic data",
             {"data.target", "data.ignore", "data.categorical", "data.numeric", "data.missing",
              "data.train_labels", "data.test_labels", "data.delimiter", "data.header",
              "data.weight", "data.index_base", "data.on_bad_row"});
  if (settings.origin(data_key(role)) == Origin::command_line &&
      !settings.texts(data_key(role)).empty()) {
    refuse_key(settings, data_key(role), "synthetic data");
  }
  Table table = generate_table(session, role);
  if (target != TargetKind::none && table.target_kind != target) {
    throw ConfigError(fmt::format(
        "synthetic.kind: {} makes {}, but {} predicts {}", settings.text("synthetic.kind"),
        table.target_kind == TargetKind::number ? "a number to predict" : "classes",
        schema ? "the model" : "model.type = " + settings.text("model.type"),
        target == TargetKind::number ? "a number" : "classes"));
  }
  if (target != TargetKind::none) check_one_label(schema, "synthetic data");
  if (schema) fit_to_schema(*schema, target, table);
  return table;
}

}  // namespace lockstep::trainer
