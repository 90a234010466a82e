#include "core/data/schema.hpp"

namespace lockstep {

TableSchema schema_of(const Table& table) {
  return {table.feature_names, table.target_kind, table.target_name, table.class_names,
          table.feature_types};
}

}  // namespace lockstep
