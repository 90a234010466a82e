#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "core/base/error.hpp"
#include "core/base/options.hpp"
#include "core/data/csv_fields.hpp"
#include "core/data/matrix_writer.hpp"
#include "core/data/shared_file.hpp"
#include "core/format/npy.hpp"
#include "trainer/commands/commands.hpp"
#include "trainer/run/data_source.hpp"
#include "trainer/run/loaded_model.hpp"
#include "trainer/run/preprocessing.hpp"

namespace lockstep::trainer {
namespace {

/// Columns: prediction (of several targets prediction_NAME for each), then p_CLASS for each class
/// where the loss has probabilities, or where there are classes without, the raw score of two, or
/// score_CLASS for each of more.
class PredictionWriter {
 public:
  explicit PredictionWriter(const Model& model)
      : scorer_(model.scorer()), classes_(model.description().schema.class_names) {}

  std::vector<std::string> columns() const {
    if (scorer_.numbers().size() > 1) return names_of_numbers();
    std::vector<std::string> names{"prediction"};
    if (scorer_.has_probabilities()) {
      for (const std::string& name : classes_) names.push_back("p_" + name);
    } else if (scorer_.classifies() && scorer_.outputs() == 1) {
      names.emplace_back("score");
    } else if (scorer_.classifies()) {
      for (const std::string& name : classes_) names.push_back("score_" + name);
    }
    return names;
  }

  /// The columns of a row; a class is its index.
  void append(const double* scores, std::vector<double>& row) const {
    row.resize(row.size() + static_cast<std::size_t>(scorer_.predictions()));
    scorer_.predict(scores, row.data() + row.size() - scorer_.predictions());
    if (scorer_.has_probabilities()) {
      const std::vector<double> probabilities = scorer_.probabilities(scores);
      row.insert(row.end(), probabilities.begin(), probabilities.end());
    } else if (scorer_.classifies()) {
      row.insert(row.end(), scores, scores + scorer_.outputs());
    }
  }

  bool classifies() const { return scorer_.classifies(); }
  const std::vector<std::string>& classes() const { return classes_; }

 private:
  std::vector<std::string> names_of_numbers() const {
    std::vector<std::string> names;
    for (const PredictedNumber& number : scorer_.numbers()) {
      names.push_back("prediction_" + number.name);
    }
    return names;
  }

  const Scorer& scorer_;
  const std::vector<std::string>& classes_;
};

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) line += (line.empty() ? "" : ",") + csv_field(field);
  return line + '\n';
}

/// This rank's rows as CSV, with the classes' names.
std::string csv_predictions(Session& session, const Model& model, const Table& table) {
  const PredictionWriter writer(model);
  std::vector<std::string> classes;
  for (const std::string& name : writer.classes()) classes.push_back(csv_field(name));
  std::string text;
  std::vector<double> row;
  model.visit_scores(table, session.threads, [&](Index, const double* scores, double) {
    row.clear();
    writer.append(scores, row);
    text += writer.classifies() ? classes[static_cast<std::size_t>(row[0])] : format_real(row[0]);
    for (std::size_t j = 1; j < row.size(); ++j) text += "," + format_real(row[j]);
    text += '\n';
  });
  return text;
}

/// Every class is the name of a number, of which there is one for each: 007 is none.
bool are_numbers(const std::vector<std::string>& classes) {
  return std::all_of(classes.begin(), classes.end(), [](const std::string& name) {
    double number = 0;
    return parse_real(name, number) && format_real(number) == name;
  });
}

/// What stands for the classes in .npy: themselves where all are numbers, else their indices.
std::vector<double> class_numbers(const std::vector<std::string>& classes) {
  std::vector<double> numbers(classes.size());
  if (are_numbers(classes)) {
    for (std::size_t k = 0; k < classes.size(); ++k) parse_real(classes[k], numbers[k]);
  } else {
    std::iota(numbers.begin(), numbers.end(), 0.0);
  }
  return numbers;
}

/// This rank's rows as numbers.
std::vector<double> npy_predictions(Session& session, const Model& model, const Table& table) {
  const PredictionWriter writer(model);
  const std::vector<double> numbers = class_numbers(writer.classes());
  std::vector<double> rows;
  rows.reserve(static_cast<std::size_t>(table.rows.size()) * writer.columns().size());
  model.visit_scores(table, session.threads, [&](Index, const double* scores, double) {
    const std::size_t begin = rows.size();
    writer.append(scores, rows);
    if (writer.classifies()) rows[begin] = numbers[static_cast<std::size_t>(rows[begin])];
  });
  return rows;
}

MatrixFormat format_of(const Arguments& given) {
  if (!given.format.empty()) return given.format == "npy" ? MatrixFormat::npy : MatrixFormat::csv;
  return given.output.ends_with(".npy") ? MatrixFormat::npy : MatrixFormat::csv;
}

void write_file(Session& session, const std::string& header, std::span<const std::byte> part) {
  SharedFile output(session.team, session.arguments.output);
  output.write_parts(header, part);
  output.commit();
}

void write_predictions(Session& session, const Model& model, const Table& table) {
  const std::vector<std::string> columns = PredictionWriter(model).columns();
  if (format_of(session.arguments) == MatrixFormat::csv) {
    std::string text;
    guard(session.team, "predicting", [&] { text = csv_predictions(session, model, table); });
    return write_file(session, csv_line(columns), std::as_bytes(std::span(text)));
  }
  std::vector<double> rows;
  guard(session.team, "predicting", [&] { rows = npy_predictions(session, model, table); });
  std::vector<Index> shape{table.total_rows};
  if (columns.size() > 1) shape.push_back(static_cast<Index>(columns.size()));
  write_file(session, npy_header(NpyType::f64, shape), std::as_bytes(std::span(rows)));
  const std::vector<std::string>& classes = model.description().schema.class_names;
  if (are_numbers(classes)) return;
  say(session, fmt::format("column 0 numbers the classes, from {} = 0 to {} = {}, as lockstep "
                           "inspect --json lists them",
                           lockstep::quoted(classes.front()), lockstep::quoted(classes.back()),
                           classes.size() - 1));
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
      load_table(session, DataRole::test, TargetKind::none, model->description().schema,
                 CsvFeatures::numbers, fixed_rules(model->feature_rules()));
  write_predictions(session, *model, table);
  say(session, fmt::format("{} predictions in {}", table.total_rows, session.arguments.output));
}

}  // namespace lockstep::trainer
