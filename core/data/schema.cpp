#include "core/data/schema.hpp"

namespace lockstep {

std::vector<std::string> name_of_labels(const std::optional<TableSchema>& schema) {
  return schema ? schema->target_names : std::vector<std::string>{"label"};
}

TableSchema schema_of(const Table& table) {
  return {table.feature_names, table.target_kind, table.target_names, table.class_names,
          table.feature_types};
}

}  // namespace lockstep
