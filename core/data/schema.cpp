#include "core/data/schema.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"

namespace lockstep {

std::vector<std::string> name_of_labels(const std::optional<TableSchema>& schema) {
  return schema ? schema->target_names : std::vector<std::string>{"label"};
}

void check_one_label(const std::optional<TableSchema>& schema, const std::string& data) {
  if (!schema || schema->target_names.size() < 2) return;
  throw DataError(
      fmt::format("{}: expected the {} targets of the model ({}), found one label a row", data,
                  schema->target_names.size(), schema->target_name()));
}

TableSchema schema_of(const Table& table) {
  return {table.feature_names, table.target_kind, table.target_names, table.class_names,
          table.feature_types};
}

}  // namespace lockstep
