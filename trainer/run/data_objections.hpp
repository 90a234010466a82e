#pragma once

#include <initializer_list>
#include <string>

#include "core/data/schema.hpp"
#include "trainer/run/data_files.hpp"
#include "trainer/run/session.hpp"

namespace lockstep::trainer {

// What data of one format or another cannot give. Called alike on all ranks.

/// Throws PlacedConfigError: "PLACE: error: NAME: has no effect on DATA; remove it".
[[noreturn]] void refuse_key(const Settings& settings, const std::string& name,
                             const std::string& data);

/// Refuses those of the keys `unused` that training rows were given though their format takes no
/// notice of them.
void check_keys(const Settings& settings, DataRole role, const std::string& data,
                std::initializer_list<const char*> unused);

/// Throws DataError for a model that was trained with categories, where the data has no text.
void check_categories(const TableSchema& schema, const std::string& data);

}  // namespace lockstep::trainer
