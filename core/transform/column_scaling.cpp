#include "core/transform/column_scaling.hpp"

#include <fmt/format.h>

#include <cassert>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/transform/stored_members.hpp"

namespace lockstep {
namespace {

/// What a spread is divided by. Training takes denormal numbers for 0.
double divisor_of(double spread) {
  return spread >= std::numeric_limits<double>::min() ? spread : 1;
}

void check_finite(const ColumnScaling& scaling, const std::string& name, double low, double high) {
  if (std::isfinite(scaling.offset) && std::isfinite(scaling.scale)) return;
  throw DataError(fmt::format("column {}: values from {} to {} are too large to be scaled",
                              lockstep::quoted(name), low, high));
}

/// Of a kind that keeps an offset and a scale.
bool has_parameters(Scaling kind) { return kind != Scaling::none && kind != Scaling::log1p; }

}  // namespace

ColumnScaling ColumnScaling::fit(Scaling kind, const ColumnMoments& moments,
                                 const std::string& name) {
  assert(kind != Scaling::robust);
  ColumnScaling fitted{kind};
  if (!has_parameters(kind)) return fitted;
  const bool standard = kind == Scaling::standard;
  fitted.offset = standard ? moments.mean : moments.min;
  if (!moments.is_constant()) {
    fitted.scale =
        divisor_of(standard ? moments.population_deviation() : moments.max - moments.min);
  }
  check_finite(fitted, name, moments.min, moments.max);
  return fitted;
}

ColumnScaling ColumnScaling::fit(const Quartiles& quartiles, const std::string& name) {
  const ColumnScaling fitted{Scaling::robust, quartiles.median,
                             divisor_of(quartiles.interquartile_range())};
  check_finite(fitted, name, quartiles.lower, quartiles.upper);
  return fitted;
}

double ColumnScaling::invert(double y) const {
  assert(kind != Scaling::log1p);
  return kind == Scaling::none ? y : y * scale + offset;
}

nlohmann::json ColumnScaling::to_json() const {
  nlohmann::json json{{"kind", name_of(kScalingNames, kind)}};
  if (has_parameters(kind)) {
    json["offset"] = offset;
    json["scale"] = scale;
  }
  return json;
}

ColumnScaling ColumnScaling::from_json(const std::string& place, const nlohmann::json& json) {
  StoredMembers members(place, json);
  ColumnScaling scaling{members.word<Scaling>("kind", kScalingNames)};
  if (has_parameters(scaling.kind)) {
    scaling.offset = members.number("offset");
    scaling.scale = members.number("scale");
    if (!(scaling.scale > 0)) throw DataError(place + ": scale: expected a number > 0");
  }
  members.finish();
  return scaling;
}

}  // namespace lockstep
