#include "trainer/run/data_objections.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"

namespace lockstep::trainer {

void refuse_key(const Settings& settings, const std::string& name, const std::string& data) {
  throw PlacedConfigError(fmt::format("{}: error: {}: has no effect on {}; remove it",
                                      settings.place(name), name, data));
}

void check_keys(const Settings& settings, DataRole role, const std::string& data,
                std::initializer_list<const char*> unused) {
  for (const char* name : unused) {
    // Evaluate and predict take configurations that were written for training, and what a model
    // says of its data may have been said of another format.
    if (role != DataRole::train || settings.is_default(name)) continue;
    if (settings.origin(name) == Origin::standard) continue;
    refuse_key(settings, name, data);
  }
}

void check_categories(const TableSchema& schema, const std::string& data) {
  for (std::size_t j = 0; j < schema.feature_types.size(); ++j) {
    if (schema.feature_types[j].kind == ColumnKind::number) continue;
    throw DataError(fmt::format("the model has categories in the column {}, which {} cannot hold",
                                lockstep::quoted(schema.feature_names[j]), data));
  }
}

}  // namespace lockstep::trainer
