#include "core/base/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "core/base/error.hpp"

namespace lockstep {
namespace {

/// 2⁶³ as a number: one more than the largest Index, and not to be told from it in double.
constexpr double kIndexLimit = 0x1p63;

bool is_list(OptionType type) {
  return type == OptionType::integers || type == OptionType::texts || type == OptionType::reals;
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string bound_text(double bound) {
  if (bound >= kIndexLimit) return "2^63-1";
  if (bound == std::trunc(bound) && std::abs(bound) < 1e15) {
    return std::to_string(static_cast<Index>(bound));  // 1000000000 rather than 1e+09
  }
  return format_real(bound);
}

bool in_range(const Option& option, double value) {
  const bool above = option.min_excluded ? value > option.min : value >= option.min;
  const bool below = option.max_excluded ? value < option.max : value <= option.max;
  return above && below;
}

/// The elements of a comma list, without the blanks around them. An empty text has none.
std::vector<std::string> list_elements(std::string_view text) {
  std::vector<std::string> elements;
  if (trimmed(text).empty()) return elements;
  for (;;) {
    const std::size_t comma = text.find(',');
    elements.emplace_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) return elements;
    text.remove_prefix(comma + 1);
  }
}

/// "an integer ≥ 1 or all": what a message says was expected.
std::string expectation(const Option& option) {
  std::string text;
  switch (option.type) {
    case OptionType::text:
    case OptionType::path:
      return "text without control characters";
    case OptionType::texts:
      return "texts separated by commas";
    case OptionType::flag:
      return "true or false";
    case OptionType::choice:
      return option.type_name();
    case OptionType::integer:
      text = option.power_of_two ? "a power of two" : "an integer";
      break;
    case OptionType::real:
      text = "a real";
      break;
    case OptionType::integers:
      text = option.power_of_two ? "powers of two" : "integers";
      break;
    case OptionType::reals:
      text = "reals";
      break;
  }
  const std::string range = option.range_text();
  if (!range.empty()) text += " " + range;
  if (is_list(option.type)) text += " separated by commas";
  for (const std::string& word : option.choices) text += " or " + word;
  return text;
}

[[noreturn]] void refuse(const Option& option, const std::string& found) {
  throw ConfigError(
      fmt::format("{}: expected {}, found {}", option.name, expectation(option), found));
}

[[noreturn]] void refuse_choice(const Option& option, std::string_view value) {
  const std::string meant = nearest_name(value, option.choices);
  const std::string hint = meant.empty() ? "" : fmt::format(" (did you mean '{}'?)", meant);
  throw ConfigError(fmt::format("{}: unknown value {}; known: {}{}", option.name, quoted(value),
                                fmt::join(option.choices, ", "), hint));
}

/// The canonical spelling of one number in range, or "" when it is none.
std::string canonical_number(const Option& option, std::string_view text) {
  if (option.type == OptionType::real || option.type == OptionType::reals) {
    double value = 0;
    if (!parse_real(text, value) || !in_range(option, value)) return "";
    return format_real(value + 0.0);  // −0 becomes 0
  }
  Index value = 0;
  if (!parse_integer(text, value) || !in_range(option, static_cast<double>(value))) return "";
  if (option.power_of_two && (value <= 0 || (value & (value - 1)) != 0)) return "";
  return std::to_string(value);
}

std::string canonical_list(const Option& option, std::string_view text) {
  const std::vector<std::string> elements = list_elements(text);
  if (elements.empty() && option.type != OptionType::texts) refuse(option, quoted(text));
  std::string joined;
  for (const std::string& element : elements) {
    const std::string part =
        option.type == OptionType::texts ? element : canonical_number(option, element);
    if (part.empty() && !option.empty_elements) {
      refuse(option, elements.size() == 1 ? quoted(text)
                                          : fmt::format("{} in {}", quoted(element), quoted(text)));
    }
    if (&element != &elements.front()) joined += ',';
    joined += part;
  }
  return joined;
}

void refuse_control_characters(const Option& option, std::string_view text) {
  const bool has_control = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t';
  });
  if (has_control) {
    throw ConfigError(fmt::format("{}: expected text without control characters, found {}",
                                  option.name, quoted(text)));
  }
}

/// A column's name is part of a section's line, which has to be read back.
void check_column(const std::string& name, std::string_view column) {
  const bool has_control = std::any_of(column.begin(), column.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7F;
  });
  const bool has_comment = column.find(" #") != std::string_view::npos ||
                           column.find(" ;") != std::string_view::npos || column.front() == '#' ||
                           column.front() == ';';
  if (!has_control && !has_comment && trimmed(column) == column) return;
  throw ConfigError(fmt::format(
      "{}: expected a column's name without comment signs after blanks and without control "
      "characters; write ? for them",
      quoted(name)));
}

/// The option that a column has of its own.
Option for_column(Option general, const std::string& name) {
  general.name = name;
  general.per_column = false;
  return general;
}

}  // namespace

KeyParts key_parts(std::string_view name) {
  const std::size_t first = name.find('.');
  const std::size_t last = name.rfind('.');
  if (first == std::string_view::npos) return {"", "", name};
  if (first == last) return {name.substr(0, first), "", name.substr(first + 1)};
  return {name.substr(0, first), name.substr(first + 1, last - first - 1), name.substr(last + 1)};
}

std::string base_key(std::string_view name) {
  const KeyParts parts = key_parts(name);
  return parts.section.empty() ? std::string(name) : fmt::format("{}.{}", parts.section, parts.key);
}

std::string Option::type_name() const {
  std::string text;
  switch (type) {
    case OptionType::flag:
      return "true or false";
    case OptionType::choice:
      return fmt::format("one of {}", fmt::join(choices, ", "));
    case OptionType::text:
      text = "text";
      break;
    case OptionType::path:
      text = "path";
      break;
    case OptionType::integer:
      text = power_of_two ? "power of two" : "integer";
      break;
    case OptionType::real:
      text = "real";
      break;
    case OptionType::integers:
      text = power_of_two ? "list of powers of two" : "list of integers";
      break;
    case OptionType::texts:
      text = "list of texts";
      break;
    case OptionType::reals:
      text = "list of reals";
      break;
  }
  for (const std::string& word : choices) text += " or " + word;
  return text;
}

std::string Option::range_text() const {
  const bool below = std::isfinite(max);
  if (!std::isfinite(min)) {
    return below ? fmt::format("{} {}", max_excluded ? "<" : "≤", bound_text(max)) : "";
  }
  if (!below) return fmt::format("{} {}", min_excluded ? ">" : "≥", bound_text(min));
  return fmt::format("in {}{}, {}{}", min_excluded ? '(' : '[', bound_text(min), bound_text(max),
                     max_excluded ? ')' : ']');
}

std::string Option::canonical(std::string_view value) const {
  switch (type) {
    case OptionType::text:
    case OptionType::path:
      refuse_control_characters(*this, value);
      return std::string(value);
    case OptionType::flag:
      if (value != "true" && value != "false") refuse(*this, quoted(value));
      return std::string(value);
    case OptionType::choice:
      if (!contains(choices, value)) refuse_choice(*this, value);
      return std::string(value);
    case OptionType::integer:
    case OptionType::real: {
      if (contains(choices, value)) return std::string(value);
      std::string number = canonical_number(*this, value);
      if (number.empty()) refuse(*this, quoted(value));
      return number;
    }
    case OptionType::integers:
    case OptionType::texts:
    case OptionType::reals:
      if (contains(choices, value)) return std::string(value);
      if (type == OptionType::texts) refuse_control_characters(*this, value);
      return canonical_list(*this, value);
  }
  throw std::logic_error("unknown type of option " + name);
}

std::string swept_name(std::string_view key) { return fmt::format("{}.{}", kSweepSection, key); }

Settings::Settings(std::vector<Option> options) : options_(std::move(options)) {
  for (const Option& option : options_) {
    if (!values_.emplace(option.name, default_of(option)).second) {
      throw std::logic_error("two options are named " + option.name);
    }
  }
}

Settings::Value Settings::default_of(const Option& option) {
  return {option.canonical(option.default_value), Origin::standard, "default"};
}

void Settings::reset(const std::string& name) {
  if (key_parts(name).column.empty()) {
    values_.at(name) = default_of(*find(name));
    return;
  }
  values_.erase(name);
  std::erase_if(options_, [&](const Option& option) { return option.name == name; });
}

void Settings::set(const std::string& name, std::string_view value, Origin origin,
                   const std::string& place) {
  if (is_swept(name)) {
    Option swept;
    swept.name = name;
    refuse_control_characters(swept, value);
    Value& stored = values_[name];
    if (origin >= stored.origin) stored = {std::string(value), origin, place};
    return;
  }
  if (const Option* general = option_for_columns(name)) {
    const Option own = for_column(*general, name);
    check_column(name, key_parts(name).column);
    own.canonical(value);  // which throws before anything is changed
    add_for_column(own);
  }
  const Option* option = find(name);
  if (option == nullptr) {
    const std::string meant = nearest(name);
    throw ConfigError(
        fmt::format("unknown key {}{}", quoted(name),
                    meant.empty() ? "" : fmt::format(" (did you mean '{}'?)", meant)));
  }
  std::string text = option->canonical(value);
  Value& stored = values_.find(name)->second;
  if (origin >= stored.origin) stored = {std::move(text), origin, place};
}

const Option* Settings::find(std::string_view name) const {
  const auto found = std::find_if(options_.begin(), options_.end(),
                                  [&](const Option& option) { return option.name == name; });
  return found == options_.end() ? nullptr : &*found;
}

const Option* Settings::option_for_columns(std::string_view name) const {
  if (key_parts(name).column.empty() || find(name) != nullptr) return nullptr;
  const Option* option = find(base_key(name));
  return option != nullptr && option->per_column ? option : nullptr;
}

/// "sweep.KEY" of a KEY that is no such name itself.
bool Settings::is_swept(std::string_view name) const {
  const std::string prefix = swept_name("");
  if (!name.starts_with(prefix) || find(name) != nullptr) return false;
  const std::string_view key = name.substr(prefix.size());
  return !key.starts_with(prefix) && key.find('.') != std::string_view::npos && takes(key);
}

std::vector<std::string> Settings::swept() const {
  std::vector<std::string> keys;
  for (const auto& [name, ignored] : values_) {
    if (is_swept(name)) keys.push_back(name.substr(kSweepSection.size() + 1));
  }
  return keys;
}

/// Behind the last option of its section, or, where the section is new, of the column's section.
void Settings::add_for_column(const Option& option) {
  const KeyParts parts = key_parts(option.name);
  const auto last_with = [&](const auto& belongs) {
    const auto last = std::find_if(options_.rbegin(), options_.rend(), [&](const Option& other) {
      return belongs(key_parts(other.name));
    });
    return last.base();
  };
  auto place = last_with([&](const KeyParts& other) {
    return other.section == parts.section && other.column == parts.column;
  });
  if (place == options_.begin()) {
    place = last_with([&](const KeyParts& other) { return other.section == parts.section; });
  }
  values_.emplace(option.name, default_of(option));
  options_.insert(place, option);
}

bool Settings::takes(std::string_view name) const {
  return find(name) != nullptr || option_for_columns(name) != nullptr || is_swept(name);
}

bool Settings::has_columns(std::string_view section) const {
  return std::any_of(options_.begin(), options_.end(), [&](const Option& option) {
    return option.per_column && key_parts(option.name).section == section;
  });
}

std::vector<std::string> Settings::columns(std::string_view section) const {
  std::vector<std::string> columns;
  for (const Option& option : options_) {
    const KeyParts parts = key_parts(option.name);
    if (parts.section == section && !parts.column.empty()) columns.emplace_back(parts.column);
  }
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  return columns;
}

std::string Settings::nearest(std::string_view name) const {
  const std::string prefix = swept_name("");
  if (name.starts_with(prefix) && name.find('.', prefix.size()) != std::string_view::npos) {
    const std::string meant = nearest(name.substr(prefix.size()));
    return meant.empty() || meant.starts_with(prefix) ? meant : swept_name(meant);
  }
  const KeyParts wanted = key_parts(name);
  std::vector<std::string> names;
  std::vector<std::string> same_key;
  for (const Option& option : options_) {
    const KeyParts parts = key_parts(option.name);
    if (!parts.column.empty()) continue;
    const bool of_column =
        !wanted.column.empty() && parts.section == wanted.section && has_columns(wanted.section);
    if (of_column && !option.per_column) continue;
    names.push_back(of_column ? fmt::format("{}.{}.{}", parts.section, wanted.column, parts.key)
                              : option.name);
    if (parts.key == wanted.key) same_key.push_back(names.back());
  }
  return same_key.size() == 1 ? same_key.front() : nearest_name(name, names);
}

const Settings::Value& Settings::value(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) {
    throw std::logic_error(fmt::format("there is no option named '{}'", name));
  }
  return found->second;
}

namespace {

/// A programmer asked for a value as something that it is not.
[[noreturn]] void wrong_type(std::string_view name, std::string_view text) {
  throw std::logic_error(fmt::format("the value '{}' of option '{}' has another type", text, name));
}

void require_type(const Option* option, OptionType type, std::string_view text) {
  if (option->type != type) wrong_type(option->name, text);
}

}  // namespace

const std::string& Settings::text(std::string_view name) const { return value(name).text; }

bool Settings::flag(std::string_view name) const {
  const std::string& text = value(name).text;
  require_type(find(name), OptionType::flag, text);
  return text == "true";
}

Index Settings::integer(std::string_view name) const {
  const std::string& text = value(name).text;
  require_type(find(name), OptionType::integer, text);
  Index number = 0;
  if (!parse_integer(text, number)) wrong_type(name, text);
  return number;
}

double Settings::real(std::string_view name) const {
  const std::string& text = value(name).text;
  require_type(find(name), OptionType::real, text);
  double number = 0;
  if (!parse_real(text, number)) wrong_type(name, text);
  return number;
}

std::vector<Index> Settings::integers(std::string_view name) const {
  const std::string& text = value(name).text;
  require_type(find(name), OptionType::integers, text);
  std::vector<Index> numbers;
  for (const std::string& element : list_elements(text)) {
    if (!parse_integer(element, numbers.emplace_back())) wrong_type(name, text);
  }
  return numbers;
}

std::vector<double> Settings::reals(std::string_view name) const {
  const std::string& text = value(name).text;
  require_type(find(name), OptionType::reals, text);
  std::vector<double> numbers;
  for (const std::string& element : list_elements(text)) {
    if (!parse_real(element, numbers.emplace_back())) wrong_type(name, text);
  }
  return numbers;
}

std::vector<std::string> Settings::texts(std::string_view name) const {
  const std::string& text = value(name).text;
  require_type(find(name), OptionType::texts, text);
  return list_elements(text);
}

bool Settings::is_word(std::string_view name, std::string_view word) const {
  return value(name).text == word && contains(find(name)->choices, word);
}

bool Settings::is_default(std::string_view name) const {
  return value(name).text == default_of(*find(name)).text;
}

Origin Settings::origin(std::string_view name) const { return value(name).origin; }

const std::string& Settings::place(std::string_view name) const { return value(name).place; }

std::map<std::string, std::string> Settings::affecting_result() const {
  std::map<std::string, std::string> affecting;
  for (const Option& option : options_) {
    if (option.affects_result) affecting.emplace(option.name, text(option.name));
  }
  return affecting;
}

bool parse_real(std::string_view text, double& out) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc{} || stop != end || !std::isfinite(value)) return false;
  out = value;
  return true;
}

bool parse_integer(std::string_view text, Index& out) {
  Index value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc{} || stop != end) return false;
  out = value;
  return true;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string format_real(double value) {
  char digits[32];  // the longest shortest form, "-1.7976931348623157e+308", has 24 characters
  const auto [end, code] = std::to_chars(std::begin(digits), std::end(digits), value);
  if (code != std::errc{}) throw std::logic_error("a number is longer than its buffer");
  return {std::begin(digits), end};
}

}  // namespace lockstep
