#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/options.hpp"
#include "core/data/csv_columns.hpp"
#include "core/transform/column_options.hpp"
#include "core/transform/feature_transform.hpp"

namespace lockstep::trainer {

// From the keys of [preprocess] and of its columns to what core/transform fits.

/// What the features of a data set are to become.
struct ColumnChoices {
  std::vector<ColumnOptions> options;  ///< by feature
  /// By key of a column or glob ("preprocess.*_rooms.scale"): the features that take its value.
  std::map<std::string, std::vector<std::size_t>> features_of{};
};

/// The options of each feature: a key of its own section beats that of a glob, which beats
/// [preprocess]; whether file or command line gave them does not matter.
/// Throws PlacedConfigError for a section that matches no feature, for globs that disagree on a
/// feature, for a key that has no effect on any of its features, and for a constant that is not
/// given.
ColumnChoices choose_columns(const Settings& settings, const std::vector<std::string>& features);

/// Throws PlacedConfigError for a key of a column or glob that has no effect, since all its
/// features are numbers (encode and what belongs to it), or have no scale; and for a scale that
/// would fill the zeros of sparse rows.
void check_kinds(const Settings& settings, const ColumnChoices& choices, const Table& train);

/// Whether features may be text, or miss cells, for what the keys say.
CsvFeatures wanted_features(const Settings& settings);

/// How the cells of training data are read.
CsvRules rules_for_training(const Settings& settings);

/// The same where all that can be read is taken, to be looked at.
CsvRules rules_for_checking(const Settings& settings);

/// What becomes of a category that the training rows do not have.
/// @param fills_missing  something fills the missing cells of the column
CsvUnknown unknown_for(Encoding encoding, UnknownCategory unknown, bool fills_missing);

/// How those of later data are read: by feature of the schema.
std::vector<CsvFeatureRules> rules_of(const FeatureTransform& transform);

/// The same for a reader; none for a model that has none.
CsvRules fixed_rules(const std::vector<CsvFeatureRules>& rules);

/// The schema that a model keeps: without the categories of hashed columns, which nobody looks up,
/// and saying of every column that it may miss cells, where one may.
TableSchema schema_of_model(TableSchema schema, const FeatureTransform& transform);

}  // namespace lockstep::trainer
