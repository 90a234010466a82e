#include <fmt/format.h>

#include <filesystem>

#include "core/base/error.hpp"
#include "core/base/options.hpp"
#include "core/data/csv_fields.hpp"
#include "core/data/shared_file.hpp"
#include "trainer/commands/commands.hpp"
#include "trainer/run/data_source.hpp"
#include "trainer/run/loaded_model.hpp"
#include "trainer/run/scoring_pass.hpp"

namespace lockstep::trainer {
namespace {

/// Columns: prediction, then p_CLASS for each class where the loss has probabilities, or the raw
/// score where there are classes without.
class PredictionWriter {
 public:
  PredictionWriter(const ModelDescription& model, const Scorer& scorer) : scorer_(scorer) {
    for (const std::string& name : model.schema.class_names) classes_.push_back(csv_field(name));
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

  template <class T>
  void append(const T* scores, std::string& text) const {
    const double prediction = scorer_.prediction(scores);
    if (!scorer_.classifies()) {
      text += format_real(prediction);
    } else {
      text += classes_[static_cast<std::size_t>(prediction)];
      if (scorer_.has_probabilities()) {
        for (const double p : scorer_.probabilities(scores)) text += "," + format_real(p);
      } else {
        text += "," + format_real(static_cast<double>(scores[0]));
      }
    }
    text += '\n';
  }

 private:
  const Scorer& scorer_;
  std::vector<std::string> classes_;
};

template <class T>
void predict_as(Session& session, const SafetensorsFile& file, const ModelDescription& model,
                const Table& table) {
  const Scorer scorer(loss_traits(model.network.loss), model.network.outputs, model.target_scaling);
  const PredictionWriter writer(model, scorer);
  std::string text = session.is_root() ? writer.header(model.schema.class_names) : "";
  guard(session.team, "predicting", [&] {
    const Network<T> network(model.network);
    const AlignedVector<T> theta = read_parameters<T>(file, network);
    const Examples<T> examples =
        make_examples<T>(table, model.feature_scaling, model.target_scaling, session.threads);
    visit_scores<T>(network, theta.data(), examples, session.threads,
                    [&](Index, const T* scores, double) { writer.append(scores, text); });
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
  const SafetensorsFile file = load_model(session, session.arguments.model);
  const ModelDescription model = read_description(file);
  take_seed_of_model(session.settings, model);
  if (!names_test_data(session.settings)) {
    throw UsageError("predict: no data; name it with --data.test FILE");
  }
  check_spares_model(session);
  const Table table = load_table(session, DataRole::test, TargetKind::none, model.schema);
  if (model.precision == "double") {
    predict_as<double>(session, file, model, table);
  } else {
    predict_as<float>(session, file, model, table);
  }
  say(session, fmt::format("{} predictions in {}", table.total_rows, session.arguments.output));
}

}  // namespace lockstep::trainer
