#include "core/statistics/scaling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/error.hpp"

namespace lockstep {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"none", "standard", "minmax"};

struct OffsetAndScale {
  double offset = 0;
  double scale = 1;
};

OffsetAndScale fit_column(Scaling kind, const ColumnMoments& column, const std::string& name) {
  const bool standard = kind == Scaling::standard;
  OffsetAndScale fitted{standard ? column.mean : column.min, 1};
  if (!column.is_constant()) {
    const double spread = standard ? column.population_deviation() : column.max - column.min;
    // Training takes denormal numbers for 0.
    if (spread >= std::numeric_limits<double>::min()) fitted.scale = spread;
  }
  if (!std::isfinite(fitted.offset) || !std::isfinite(fitted.scale)) {
    throw DataError(fmt::format("column {}: values from {} to {} are too large to be scaled",
                                lockstep::quoted(name), column.min, column.max));
  }
  return fitted;
}

/// The list of `columns` finite numbers under `key`.
std::vector<double> parse_numbers(const std::string& place, const nlohmann::json& object,
                                  const char* key, Index columns) {
  const auto found = object.find(key);
  bool valid = found != object.end() && found->is_array() &&
               found->size() == static_cast<std::size_t>(columns);
  std::vector<double> numbers;
  for (std::size_t i = 0; valid && i < found->size(); ++i) {
    const nlohmann::json& number = (*found)[i];
    valid = number.is_number();
    if (valid) numbers.push_back(number.get<double>());
  }
  if (!valid) {
    throw DataError(fmt::format("{}: {}: expected a list of {} numbers", place, key, columns));
  }
  return numbers;
}

}  // namespace

std::string_view scaling_name(Scaling kind) { return kNames[static_cast<std::size_t>(kind)]; }

Scaling scaling_named(std::string_view name) {
  std::size_t i = 0;
  while (i < kNames.size() && kNames[i] != name) ++i;
  assert(i < kNames.size());
  return static_cast<Scaling>(i);
}

FeatureScaling::FeatureScaling(Scaling kind, std::vector<double> offsets,
                               std::vector<double> scales)
    : kind_(kind), offsets_(std::move(offsets)), scales_(std::move(scales)) {
  assert(offsets_.size() == scales_.size());
  assert(kind_ != Scaling::none || offsets_.empty());
}

FeatureScaling FeatureScaling::fit(Scaling kind, std::span<const ColumnMoments> columns,
                                   std::span<const std::string> names) {
  assert(columns.size() == names.size());
  if (kind == Scaling::none) return {};
  std::vector<double> offsets;
  std::vector<double> scales;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    const OffsetAndScale fitted = fit_column(kind, columns[j], names[j]);
    offsets.push_back(fitted.offset);
    scales.push_back(fitted.scale);
  }
  return {kind, std::move(offsets), std::move(scales)};
}

void FeatureScaling::apply(std::span<double> row) const {
  if (kind_ == Scaling::none) return;
  assert(row.size() == offsets_.size());
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = (row[j] - offsets_[j]) / scales_[j];
}

double FeatureScaling::apply(Index j, double x) const {
  if (kind_ == Scaling::none) return x;
  const auto column = static_cast<std::size_t>(j);
  return (x - offsets_[column]) / scales_[column];
}

double FeatureScaling::invert(Index j, double y) const {
  if (kind_ == Scaling::none) return y;
  const auto column = static_cast<std::size_t>(j);
  return y * scales_[column] + offsets_[column];
}

std::string FeatureScaling::to_text() const {
  nlohmann::ordered_json object;
  object["kind"] = scaling_name(kind_);
  if (kind_ != Scaling::none) {
    object["offset"] = offsets_;
    object["scale"] = scales_;
  }
  return object.dump();
}

FeatureScaling FeatureScaling::from_text(const std::string& place, std::string_view text,
                                         Index columns) {
  nlohmann::json object;
  try {
    object = nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception&) {
    throw DataError(place + ": not valid JSON");
  }
  const auto kind = object.is_object() ? object.find("kind") : object.end();
  const auto name = kind != object.end() && kind->is_string() ? kind->get<std::string>() : "";
  if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) {
    throw DataError(place + ": kind: expected one of none, standard, minmax");
  }
  if (name == kNames[0]) return {};
  std::vector<double> offsets = parse_numbers(place, object, "offset", columns);
  std::vector<double> scales = parse_numbers(place, object, "scale", columns);
  for (const double scale : scales) {
    if (!(scale > 0)) throw DataError(place + ": scale: expected numbers > 0");
  }
  return {scaling_named(name), std::move(offsets), std::move(scales)};
}

}  // namespace lockstep
