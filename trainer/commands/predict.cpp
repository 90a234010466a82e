#include <fmt/format.h>

#include <filesystem>

#include "core/base/error.hpp"
#include "core/base/options.hpp"
#include "core/data/csv_fields.hpp"
#include "core/data/shared_file.hpp"
#include "trainer/commands/commands.hpp"
#include "trainer/run/data_source.hpp"
#include "trainer/run/loaded_model.hpp"

namespace lockstep::trainer {
namespace {

/// Columns: prediction, then p_CLASS for each class where the loss has probabilities, or the raw
/// score where there are classes without.
class PredictionWriter {
 public:
  explicit PredictionWriter(const Model& model) : scorer_(model.scorer()) {
    for (const std::string& name : model.description().schema.class_names) {
      classes_.push_back(csv_field(name));
    }
  }

  std::string header(const std::vector<std::string>& class_names) const {
    std::string line = "prediction";
    if (scorer_.has_probabilities()) {
      for (const std::string& name : class_names) line += "," + csv_field("p_" + name);
    } else if (scorer_.classifies()) {
      line += ",score";
    }
    return line + "\n";
  }

  void append(const double* scores, std::string& text) const {
    const double prediction = scorer_.prediction(scores);
    if (!scorer_.classifies()) {
      text += format_real(prediction);
    } else {
      text += classes_[static_cast<std::size_t>(prediction)];
      if (scorer_.has_probabilities()) {
        for (const double p : scorer_.probabilities(scores)) text += "," + format_real(p);
      } else {
        text += "," + format_real(scores[0]);
      }
    }
    text += '\n';
  }

 private:
  const Scorer& scorer_;
  std::vector<std::string> classes_;
};

void write_predictions(Session& session, const Model& model, const Table& table) {
  const PredictionWriter writer(model);
  std::string text = session.is_root() ? writer.header(model.description().schema.class_names) : "";
  guard(session.team, "predicting", [&] {
    model.visit_scores(table, session.threads,
                       [&](Index, const double* scores, double) { writer.append(scores, text); });
  });
  SharedFile output(session.team, session.arguments.output);
  const Index offset = exclusive_scan(session.team, static_cast<std::int64_t>(text.size()));
  guard(session.team, "writing the predictions",
        [&] { output.write_at(offset, std::as_bytes(std::span(text))); });
  output.commit();
}

/// A mistyped --output must not cost a model.
void check_spares_model(Session& session) {
  guard(session.team, "checking the output", [&] {
    std::error_code error;
    const Arguments& given = session.arguments;
    if (session.is_root() && std::filesystem::equivalent(given.output, given.model, error)) {
      throw OutputError(fmt::format("{}: --output is the model itself", given.output));
    }
  });
}

}  // namespace

void predict(Session& session) {
  const std::unique_ptr<Model> model = load_model(session, session.arguments.model);
  take_settings_of_model(session, model->description());
  if (!names_data(session.settings, DataRole::test)) {
    throw UsageError("predict: no data; name it with --data.test FILE");
  }
  check_spares_model(session);
  check_spares_data(session, DataRole::test, session.arguments.output);
  const Table table =
      load_table(session, DataRole::test, TargetKind::none, model->description().schema);
  write_predictions(session, *model, table);
  say(session, fmt::format("{} predictions in {}", table.total_rows, session.arguments.output));
}

}  // namespace lockstep::trainer
