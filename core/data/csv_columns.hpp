#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/bad_rows.hpp"
#include "core/data/csv_dialect.hpp"
#include "core/data/schema.hpp"

namespace lockstep {

/// What the cells of features may be: numbers alone; also text (categories) and empty (missing); or
/// categories, whatever they look like, but not empty.
enum class CsvFeatures { numbers, typed, categories };

/// What becomes of a category that a model's training data does not have.
enum class CsvUnknown {
  missing,  ///< the cell is missing
  kept,     ///< an index of its own, behind those of the model
  refused,  ///< an error
};

/// What typed cells of one feature may be: whatever a reader takes, where nothing is set.
struct CsvFeatureRules {
  bool takes_text = true;     ///< categories; otherwise the column is numbers
  bool takes_missing = true;  ///< also the texts that stand for an empty cell
  bool takes_mixed = true;    ///< numbers and texts in a column whose type nobody has named
  CsvUnknown unknown = CsvUnknown::missing;  ///< with a schema
  std::string category{};      ///< one that the column has even where no cell has it; empty: none
  std::string text_hint{};     ///< what ends the message about a text that should be a number,
  std::string missing_hint{};  ///< and that about a missing cell
};

/// The rules for features of these names, in their order. Called alike on all ranks; may throw.
using CsvRules =
    std::function<std::vector<CsvFeatureRules>(const std::vector<std::string>& features)>;

/// What a reader is asked to make of the columns.
struct CsvOptions {
  std::optional<char> delimiter;  ///< one of kCsvDelimiters; none: found out from the first records
  CsvHeader header = CsvHeader::automatic;
  /// Columns to predict, several only of numbers; none: the last one that is not ignored.
  std::vector<std::string> targets;
  std::vector<std::string> ignored;  ///< columns to leave out
  /// What the targets mean; none reads all columns as features, except those with a target's name,
  /// which are left out, or kept among them.
  TargetKind target_kind = TargetKind::classes;
  bool target_is_feature = false;
  bool target_is_optional = false;  ///< with a schema: a file without it has no target
  /// Columns and classes of the training data, for a set that must fit them: columns are found by
  /// name, in any order, others are left out. Replaces `targets`; its targets are read unless
  /// `target_kind` is none.
  std::optional<TableSchema> schema;
  CsvFeatures features = CsvFeatures::numbers;  ///< a schema with types reads by them anyway
  std::vector<std::string> categorical{};       ///< typed features that are categories, as written
  std::vector<std::string> numeric{};  ///< typed features that are numbers: text is an error
  std::vector<std::string> missing{};  ///< texts that stand for an empty cell, any column's
  /// Without a schema: the column of the weights of rows, which is no feature; empty: none.
  std::string weight{};
  CsvRules rules{};        ///< none: of no feature anything is set
  bool spellings = false;  ///< how the numbers of typed features are written is found out too
  OnBadRow on_bad_row = OnBadRow::fail;
};

/// The use of each column of a file.
struct CsvColumns {
  static constexpr Index kTarget = -1;
  static constexpr Index kSkipped = -2;

  std::vector<std::string> names;  ///< of all columns
  std::vector<Index> use;          ///< per column: number of the feature, kTarget or kSkipped
  TableSchema schema;              ///< without the class names, unless they were given
  std::vector<std::string> extra;  ///< neither used nor ignored on request, in file order
  /// So many features at the end are the targets, where these are several; a single one is no
  /// feature.
  Index carried_targets = 0;
  bool has_weights = false;                      ///< the last feature holds the weights of the rows
  std::vector<CsvFeatureRules> rules;            ///< by feature
  std::vector<std::optional<ColumnKind>> kinds;  ///< by feature; none: its cells will show
  std::vector<std::string> missing;              ///< texts that stand for an empty cell
  bool has_header = true;                        ///< the names are the file's
  /// Ends messages about rows for which it may be the reason: "; the header (a.csv:1) ends with a
  /// comma, so its last column has no name". Empty unless it does.
  std::string header_hint{};

  /// Features at the end that are something else (take_carried_columns).
  Index carried() const { return carried_targets + (has_weights ? 1 : 0); }

  bool is_missing(std::string_view text) const {
    return std::find(missing.begin(), missing.end(), text) != missing.end();
  }
};

/// The names in the header; the one at position N is cN when it has none.
/// Throws DataError: "PATH:1:3: duplicate column name 'x', first at column 2".
std::vector<std::string> parse_csv_header(std::string_view record, char delimiter,
                                          const std::string& path);

/// Names for the columns of a file without a header, one for each field of its first record: c0,
/// c1, …
std::vector<std::string> numbered_columns(std::string_view record, char delimiter);

/// The column that each feature is read from.
std::vector<Index> columns_of_features(const CsvColumns& columns);

/// Whether a header's last column has no name for a delimiter at the end, though others have names.
bool ends_with_delimiter(std::string_view header, char delimiter);

/// Where the names of columns are from: the first line of the file, or the columns' numbers.
enum class NamesFrom { header, numbers };

/// Decides what each column is for. Throws ConfigError when an option names a column that is not
/// there, DataError when the file lacks a column of the schema; both with a suggestion.
CsvColumns assign_csv_columns(const std::vector<std::string>& names, const CsvOptions& options,
                              const std::string& path, NamesFrom from = NamesFrom::header);

}  // namespace lockstep
