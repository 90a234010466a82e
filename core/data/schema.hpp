#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/data/table.hpp"

namespace lockstep {

/// What the columns of a table mean, without its rows: what a model keeps of its training data, so
/// that a second data set is read the same way.
struct TableSchema {
  std::vector<std::string> feature_names;
  TargetKind target_kind = TargetKind::none;
  std::vector<std::string> target_names;    ///< as of a table
  std::vector<std::string> class_names;     ///< in the order of their indices; empty unless classes
  std::vector<ColumnType> feature_types{};  ///< as of a table: empty for numbers without gaps

  /// As of a table.
  std::string target_name() const { return joined_names(target_names); }

  friend bool operator==(const TableSchema&, const TableSchema&) = default;
};

/// Of labels that stand beside the rows: as the schema has it, otherwise "label".
std::vector<std::string> name_of_labels(const std::optional<TableSchema>& schema);

/// Throws DataError where the schema has several targets, and `data` one label a row.
void check_one_label(const std::optional<TableSchema>& schema, const std::string& data);

/// The schema that `table` has.
TableSchema schema_of(const Table& table);

}  // namespace lockstep
