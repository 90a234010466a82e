#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/error.hpp"
#include "core/transform/column_options.hpp"

namespace lockstep {

/// The members of a JSON object that a model file keeps, read strictly: each has one type, and none
/// is there that nobody asked for. Throws DataError: "PLACE: fill: expected a number".
class StoredMembers {
 public:
  StoredMembers(std::string place, const nlohmann::json& json)
      : place_(std::move(place)), json_(json) {
    if (!json.is_object()) fail("expected an object");
  }

  bool has(const char* key) const { return json_.contains(key); }

  const nlohmann::json& at(const char* key) {
    const auto found = json_.find(key);
    if (found == json_.end()) fail(fmt::format("{}: expected a value", key));
    read_.insert(key);
    return *found;
  }

  double number(const char* key) {
    const nlohmann::json& value = at(key);
    if (!value.is_number()) fail(fmt::format("{}: expected a number", key));
    return value.get<double>();
  }

  /// An integer in [low, high].
  Index integer(const char* key, Index low, Index high) {
    const nlohmann::json& value = at(key);
    const bool fits = value.is_number_unsigned() &&
                      value.get<std::uint64_t>() <= static_cast<std::uint64_t>(high) &&
                      value.get<Index>() >= low;
    if (!fits) fail(fmt::format("{}: expected an integer in [{}, {}]", key, low, high));
    return value.get<Index>();
  }

  bool flag(const char* key) {
    const nlohmann::json& value = at(key);
    if (!value.is_boolean()) fail(fmt::format("{}: expected true or false", key));
    return value.get<bool>();
  }

  template <class Enum, std::size_t N>
  Enum word(const char* key, const std::array<std::string_view, N>& names) {
    const nlohmann::json& value = at(key);
    const std::string text = value.is_string() ? value.get<std::string>() : "";
    if (std::find(names.begin(), names.end(), text) == names.end()) {
      fail(fmt::format("{}: expected one of {}", key, fmt::join(names, ", ")));
    }
    return value_named<Enum>(names, text);
  }

  /// To be called last: whatever was not read is an error.
  void finish() const {
    for (const auto& [key, value] : json_.items()) {
      if (read_.count(key) == 0) fail(fmt::format("unknown member {}", lockstep::quoted(key)));
    }
  }

  [[noreturn]] void fail(const std::string& problem) const {
    throw DataError(fmt::format("{}: {}", place_, problem));
  }

 private:
  std::string place_;
  const nlohmann::json& json_;
  std::set<std::string, std::less<>> read_;
};

}  // namespace lockstep
