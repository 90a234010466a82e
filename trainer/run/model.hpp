#pragma once

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/data/csv_columns.hpp"
#include "core/data/schema.hpp"
#include "core/data/table.hpp"
#include "core/format/safetensors.hpp"
#include "core/model/scoring.hpp"
#include "core/parallel/team.hpp"
#include "trainer/run/scoring_pass.hpp"

namespace lockstep::trainer {

/// What every model keeps of its training beside its parameters: how to read a second data set, and
/// what it is a function of.
struct ModelDescription {
  TableSchema schema;
  std::map<std::string, std::string> options;  ///< those that affect the result
  std::string data_hash;                       ///< of the training rows
  Index fold = 0;  ///< of data.folds the one that it was not trained on, from 1; 0 without folds
};

/// A trained model, as evaluate, predict and inspect see it. A new kind of model is a pair of files
/// with a class of its own, which trains it too, and a line in read_model.
class Model {
 public:
  virtual ~Model() = default;

  virtual const ModelDescription& description() const = 0;

  /// What the cells of data for it may be, by feature of the schema; none: whatever fits the types.
  virtual std::vector<CsvFeatureRules> feature_rules() const = 0;

  /// What raw scores mean.
  virtual const Scorer& scorer() const = 0;

  /// Numbers of it that were learned.
  virtual Index parameter_count() const = 0;

  /// What the objective adds to the mean loss.
  virtual double penalty() const = 0;

  /// Scores this rank's rows of a table that fits the schema, and visits them in row order. The
  /// threads share the work; visits are made by one. Throws DataError for a value that the model
  /// cannot take. Rank-local.
  virtual void visit_scores(const Table& table, int threads, const ScoreVisitor& visit) const = 0;

  /// What inspect tells of this kind of model: names and values.
  virtual std::vector<std::pair<std::string, std::string>> facts() const = 0;
  /// The same as JSON members.
  virtual nlohmann::ordered_json json_facts() const = 0;
};

/// Writes a model file: as write_safetensors, with a checksum of all of it among the metadata.
void write_model_file(const std::string& path, const std::vector<TensorView>& tensors,
                      Metadata metadata);
/// Throws DataError: "PATH: is damaged: its checksum differs". Files of former formats have none.
void check_model_file(const SafetensorsFile& file);

/// The model in a file. Throws DataError naming the file when it is damaged. Rank-local.
std::unique_ptr<Model> read_model(const SafetensorsFile& file);

/// evaluate_scores of a model over a table, with the model's penalty. *Collective*.
Evaluation evaluate_table(Team& team, const Model& model, const Table& table, MeasuredBy by);

/// The error about a file whose description is `wrong`.
DataError damaged_description(const SafetensorsFile& file, const std::string& wrong);

// Metadata of a model file that all kinds of models write and read.

/// data_hash, format, options, program, schema.
Metadata description_metadata(const ModelDescription& description);
/// Throws DataError, or nlohmann's exceptions, when the metadata is damaged.
ModelDescription read_description(const SafetensorsFile& file);

}  // namespace lockstep::trainer
