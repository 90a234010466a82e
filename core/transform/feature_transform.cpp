#include "core/transform/feature_transform.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/error.hpp"
#include "core/transform/stored_members.hpp"

namespace lockstep {
namespace {

constexpr Index kVersion = 1;

/// The type of a column in a schema, which has none where all columns are numbers.
const ColumnType& type_of(std::span<const ColumnType> types, std::size_t column) {
  static const ColumnType kNumber;
  return types.empty() ? kNumber : types[column];
}

}  // namespace

FeatureTransform::FeatureTransform(const TableSchema& schema, std::vector<ColumnTransform> columns)
    : sources_(schema.feature_names), columns_(std::move(columns)) {
  assert(columns_.size() == sources_.size());
  for (std::size_t j = 0; j < columns_.size(); ++j) {
    columns_[j].append_names(sources_[j], type_of(schema.feature_types, j), names_);
  }
}

bool FeatureTransform::keeps_zeros() const {
  return std::all_of(columns_.begin(), columns_.end(), [](const ColumnTransform& column) {
    const Scaling kind = column.scaling.kind;
    return column.encoding == Encoding::none && !column.indicator &&
           (kind == Scaling::none || kind == Scaling::log1p);
  });
}

bool FeatureTransform::apply(std::span<const double> row, std::span<const ColumnType> types,
                             std::span<double> out) const {
  assert(row.size() == columns_.size() && out.size() == names_.size());
  double* to = out.data();
  for (std::size_t j = 0; j < columns_.size(); ++j) {
    if (!columns_[j].apply(row[j], type_of(types, j).categories, to)) return false;
    to += columns_[j].width();
  }
  return true;
}

std::string FeatureTransform::problem(std::span<const double> row,
                                      std::span<const ColumnType> types) const {
  std::vector<double> features(names_.size());
  std::size_t j = 0;
  while (j + 1 < columns_.size() &&
         columns_[j].apply(row[j], type_of(types, j).categories, features.data())) {
    ++j;
  }
  return columns_[j].problem(row[j], type_of(types, j).categories, sources_[j]);
}

std::string FeatureTransform::to_text() const {
  nlohmann::json json{{"columns", nlohmann::json::array()}, {"version", kVersion}};
  for (const ColumnTransform& column : columns_) json["columns"].push_back(column.to_json());
  return json.dump();
}

FeatureTransform FeatureTransform::from_text(const std::string& place, std::string_view text,
                                             const TableSchema& schema) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded()) throw DataError(place + ": not valid JSON");
  StoredMembers members(place, json);
  members.integer("version", kVersion, kVersion);
  const nlohmann::json& stored = members.at("columns");
  const std::size_t sources = schema.feature_names.size();
  if (!stored.is_array() || stored.size() != sources) {
    members.fail(fmt::format("columns: expected a list of {}", sources));
  }
  members.finish();
  std::vector<ColumnTransform> columns;
  for (std::size_t j = 0; j < sources; ++j) {
    columns.push_back(ColumnTransform::from_json(
        fmt::format("{}: column {}", place, lockstep::quoted(schema.feature_names[j])), stored[j],
        type_of(schema.feature_types, j)));
  }
  return {schema, std::move(columns)};
}

}  // namespace lockstep
