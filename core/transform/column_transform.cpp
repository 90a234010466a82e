#include "core/transform/column_transform.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/transform/category_bucket.hpp"
#include "core/transform/stored_members.hpp"

namespace lockstep {

Index ColumnTransform::width() const { return (is_one_of_many() ? size : 1) + (indicator ? 1 : 0); }

void ColumnTransform::append_names(const std::string& column, const ColumnType& type,
                                   std::vector<std::string>& names) const {
  if (encoding == Encoding::onehot) {
    for (Index k = 0; k < size; ++k) {
      names.push_back(fmt::format("{}={}", column, type.categories[static_cast<std::size_t>(k)]));
    }
  } else if (encoding == Encoding::hash) {
    for (Index k = 0; k < size; ++k) names.push_back(fmt::format("{}#{}", column, k));
  } else {
    names.push_back(column);
  }
  if (indicator) names.push_back(column + "_missing");
}

bool ColumnTransform::is_unknown(double cell) const {
  const bool knows_categories = encoding != Encoding::none && encoding != Encoding::hash;
  return knows_categories && cell >= static_cast<double>(size);
}

bool ColumnTransform::apply(double cell, std::span<const std::string> categories,
                            double* out) const {
  const bool is_new = is_unknown(cell);
  if (is_new && unknown == UnknownCategory::error) return false;
  const bool missing = std::isnan(cell) || (is_new && encoding == Encoding::ordinal);
  if (missing && !fill) return false;
  if (indicator) out[width() - 1] = missing ? 1 : 0;
  if (!is_one_of_many()) {
    const double known = is_new ? static_cast<double>(size) : cell;  // of an embedding, if new
    const double value = missing ? *fill : known;
    if (!scaling.takes(value)) return false;
    out[0] = scaling.apply(value);
    return true;
  }
  std::fill_n(out, size, 0.0);
  if (missing) {
    out[static_cast<Index>(*fill)] = 1;
  } else if (encoding == Encoding::hash) {
    out[category_bucket(categories[static_cast<std::size_t>(cell)], size)] = 1;
  } else if (!is_new) {
    out[static_cast<Index>(cell)] = 1;
  }
  return true;
}

std::string ColumnTransform::problem(double cell, std::span<const std::string> categories,
                                     const std::string& column) const {
  if (std::isnan(cell)) return fmt::format("missing value in column {}", lockstep::quoted(column));
  if (is_unknown(cell)) {
    const auto index = static_cast<std::size_t>(cell);
    return fmt::format(
        "category {} in column {} does not occur in the training data",
        index < categories.size() ? lockstep::quoted(categories[index]) : std::string(),
        lockstep::quoted(column));
  }
  return fmt::format("expected a number > -1 in column {}, whose scale is log1p, found {}",
                     lockstep::quoted(column), cell);
}

nlohmann::json ColumnTransform::to_json() const {
  nlohmann::json json = nlohmann::json::object();
  if (encoding != Encoding::none) json["encode"] = name_of(kEncodingNames, encoding);
  if (encoding == Encoding::hash) json["buckets"] = size;
  if (encoding == Encoding::embedding) json["dimension"] = dimension;
  if (unknown != UnknownCategory::zero) json["unknown"] = name_of(kUnknownCategoryNames, unknown);
  if (fill) {
    json["fill"] = encoding == Encoding::none ? nlohmann::json(*fill)
                                              : nlohmann::json(static_cast<Index>(*fill));
  }
  if (indicator) json["indicator"] = true;
  if (scaling.kind != Scaling::none) json["scaling"] = scaling.to_json();
  return json;
}

ColumnTransform ColumnTransform::from_json(const std::string& place, const nlohmann::json& json,
                                           const ColumnType& type) {
  StoredMembers members(place, json);
  ColumnTransform column;
  if (members.has("encode")) column.encoding = members.word<Encoding>("encode", kEncodingNames);
  if ((type.kind == ColumnKind::category) != (column.encoding != Encoding::none)) {
    members.fail("encode: expected an encoding of categories, and of no numbers");
  }
  if (column.encoding == Encoding::hash) {
    column.size = members.integer("buckets", 1, kMostFeatures);
  } else {
    column.size = static_cast<Index>(type.categories.size());
  }
  if (column.encoding == Encoding::embedding) {
    column.dimension = members.integer("dimension", 1, kMostDimensions);
  }
  if (column.encoding != Encoding::none && column.size < 1) {
    members.fail("expected at least one category");
  }
  if (column.encoding != Encoding::ordinal && column.size > kMostFeatures) {
    members.fail(
        fmt::format("expected at most {} categories, found {}", kMostFeatures, column.size));
  }
  if (members.has("unknown")) {
    column.unknown = members.word<UnknownCategory>("unknown", kUnknownCategoryNames);
  }
  if (members.has("fill")) {
    column.fill = column.encoding == Encoding::none
                      ? members.number("fill")
                      : static_cast<double>(members.integer("fill", 0, column.size - 1));
  }
  if (members.has("indicator")) column.indicator = members.flag("indicator");
  if (members.has("scaling")) {
    column.scaling = ColumnScaling::from_json(place + ": scaling", members.at("scaling"));
    if (!column.has_scale()) members.fail("scaling: expected none of this encoding");
  }
  members.finish();
  return column;
}

}  // namespace lockstep
