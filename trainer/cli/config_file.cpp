#include "trainer/cli/config_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <system_error>
#include <utility>

#include "core/base/error.hpp"

namespace lockstep::trainer {
namespace {

// Boost.Program_options reads no files here, only the command line (arguments.cpp). Its file parser
// gives no line numbers, stops at the first error, cuts a value at any '#' and lets unknown empty
// sections pass; and once the lines are read, keys looked up and values checked by Settings, which
// the model file and the reference need anyway, an options_description of strings adds nothing.

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// Where a comment starts: at a '#' or ';' at the start of the line or after a blank. npos if none.
std::size_t comment_start(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if ((line[i] == '#' || line[i] == ';') && (i == 0 || is_blank(line[i - 1]))) return i;
  }
  return std::string_view::npos;
}

std::string_view without_comment(std::string_view line) {
  return trimmed(line.substr(0, comment_start(line)));
}

std::string suggestion(const std::string& meant) {
  return meant.empty() ? "" : fmt::format(" (did you mean '{}'?)", meant);
}

std::string section_of(std::string_view name) { return std::string(key_parts(name).section); }

/// Reads one line after the other, remembers the section, and collects errors.
class ConfigReader {
 public:
  ConfigReader(std::string file, Settings& settings) : file_(std::move(file)), settings_(settings) {
    for (const Option& option : settings_.options()) {
      const std::string section = section_of(option.name);
      if (sections_.empty() || sections_.back() != section) sections_.push_back(section);
    }
  }

  void read_line(std::string_view line) {
    ++line_number_;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    const std::string_view content = trimmed(line);
    if (content.empty() || content[0] == '#' || content[0] == ';') return;
    try {
      if (content[0] == '[') {
        read_section(without_comment(content));
      } else {
        read_key(content);
      }
    } catch (const ConfigError& error) {
      errors_.push_back(fmt::format("{}: error: {}", place(), error.what()));
    }
  }

  std::vector<std::string> take_errors() { return std::move(errors_); }

 private:
  std::string place() const { return fmt::format("{}:{}", file_, line_number_); }

  void read_section(std::string_view content) {
    in_section_ = true;
    section_.clear();  // the keys of a section that is wrong are skipped: one slip, one error
    if (content.back() != ']') {
      throw ConfigError(
          fmt::format("expected ']' after a section's name, found {}", lockstep::quoted(content)));
    }
    const std::string name(trimmed(content.substr(1, content.size() - 2)));
    for (const std::string& known : sections_) {
      if (known == name) section_ = name;
    }
    const std::size_t dot = name.find('.');  // a column may have its own section
    if (dot != std::string::npos && dot + 1 < name.size() &&
        settings_.has_columns(name.substr(0, dot))) {
      section_ = name;
    }
    if (section_.empty()) {
      const std::string near = nearest_name(name, sections_);
      throw ConfigError(fmt::format("unknown section {}{}", lockstep::quoted("[" + name + "]"),
                                    suggestion(near.empty() ? "" : "[" + near + "]")));
    }
  }

  void read_key(std::string_view content) {
    const std::size_t equals = content.find('=');
    if (equals == std::string_view::npos || comment_start(content) < equals) {
      throw ConfigError(fmt::format("expected 'key = value', found {}", lockstep::quoted(content)));
    }
    const std::string key(trimmed(content.substr(0, equals)));
    if (key.empty()) {
      throw ConfigError(
          fmt::format("expected a key before '=', found {}", lockstep::quoted(content)));
    }
    if (!in_section_) refuse_outside_section(key);
    if (section_.empty()) return;
    store(section_ + "." + key, content.substr(equals));
  }

  [[noreturn]] void refuse_outside_section(const std::string& key) const {
    const std::string meant = settings_.nearest(key);
    const std::string hint =
        meant.empty() ? ""
                      : fmt::format("; did you mean '{}' below '[{}]'?",
                                    meant.substr(meant.find('.') + 1), section_of(meant));
    throw ConfigError(fmt::format("key {} outside a section{}", lockstep::quoted(key), hint));
  }

  /// @param assignment  the line from '=' on
  void store(const std::string& name, std::string_view assignment) {
    const auto [first, is_new] = first_lines_.emplace(name, line_number_);
    if (!is_new && settings_.takes(name)) {
      throw ConfigError(fmt::format("duplicate key '{}', first on line {}", name, first->second));
    }
    settings_.set(name, read_value(name, assignment), Origin::file, place());
  }

  /// What stands after '=': up to a comment, or between quotes.
  static std::string read_value(const std::string& name, std::string_view assignment) {
    const std::string_view start = trimmed(assignment.substr(1));
    if (start.empty() || start[0] != '"') {
      // With '=' in front: in "key =#1" the '#' follows no blank and is part of the value.
      return std::string(trimmed(without_comment(assignment).substr(1)));
    }
    std::string value;
    std::size_t i = 1;
    for (; i < start.size() && start[i] != '"'; ++i) {
      const bool escaped =
          start[i] == '\\' && i + 1 < start.size() && (start[i + 1] == '"' || start[i + 1] == '\\');
      if (escaped) ++i;
      value += start[i];
    }
    if (i == start.size()) {
      throw ConfigError(
          fmt::format("{}: expected a closing '\"', found {}", name, lockstep::quoted(start)));
    }
    const std::string_view after = start.substr(i + 1);
    if (!after.empty() && (!is_blank(after[0]) || !without_comment(after).empty())) {
      throw ConfigError(
          fmt::format("{}: expected a comment or nothing after the closing '\"', found {}", name,
                      lockstep::quoted(trimmed(after))));
    }
    return value;
  }

  std::string file_;
  Settings& settings_;
  std::vector<std::string> sections_;
  bool in_section_ = false;
  std::string section_;
  int line_number_ = 0;
  std::map<std::string, int> first_lines_;
  std::vector<std::string> errors_;
};

}  // namespace

std::vector<std::string> read_config(std::string_view text, const std::string& name,
                                     Settings& settings) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  ConfigReader reader(name, settings);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    reader.read_line(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return reader.take_errors();
}

std::string load_config_text(const std::string& path) {
  constexpr std::size_t kLargest = 1 << 20;
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (!std::filesystem::exists(status)) {
    throw MissingInputError(fmt::format("{}: no such configuration file", path));
  }
  if (std::filesystem::is_directory(status)) {
    throw MissingInputError(
        fmt::format("{}: expected a configuration file, found a directory", path));
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw MissingInputError(
        fmt::format("{}: cannot open the configuration file: {}", path, std::strerror(errno)));
  }
  std::string text(kLargest + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) throw IoError(fmt::format("{}: reading failed", path));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kLargest) {
    throw ConfigError(
        fmt::format("{}: expected a configuration file, found more than 1 MiB", path));
  }
  return text;
}

std::string config_value(std::string_view value) {
  const bool plain = trimmed(value) == value && comment_start(value) == std::string_view::npos &&
                     (value.empty() || value[0] != '"');
  if (plain) return std::string(value);
  std::string quoted_value = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') quoted_value += '\\';
    quoted_value += c;
  }
  return quoted_value + '"';
}

}  // namespace lockstep::trainer
