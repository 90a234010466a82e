#include "trainer/cli/reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "trainer/cli/config_file.hpp"
#include "trainer/cli/key_rules.hpp"
#include "trainer/cli/option_schema.hpp"

namespace lockstep::trainer {
namespace {

/// Text for a cell of a Markdown table, where '|' would end the cell.
std::string cell(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string code_cell(const std::string& text) {
  return text.empty() ? "*empty*" : "`" + cell(text) + "`";
}

/// A file name may hold a line break, and a comment may not.
std::string one_line(std::string text) {
  const auto is_break = [](char c) { return c == '\n' || c == '\r'; };
  std::replace_if(text.begin(), text.end(), is_break, '?');
  return text;
}

/// A configuration, line by line.
class ConfigText {
 public:
  void add(const std::string& section, const std::string& key, const std::string& value,
           const std::string& comment) {
    if (section != section_) {
      section_ = section;
      text_ += fmt::format("{}[{}]\n", text_.empty() ? "" : "\n", section);
    }
    const std::string shown = config_value(value);
    text_ +=
        fmt::format("{} ={}{}  # {}\n", key, shown.empty() ? "" : " ", shown, one_line(comment));
  }

  std::string take() { return std::move(text_); }

 private:
  std::string section_;
  std::string text_;
};

bool is_of_sweep(const Option& option) { return key_parts(option.name).section == kSweepSection; }

}  // namespace

std::string key_reference_markdown() {
  std::string table =
      "<!-- keys: begin -->\n"
      "| Key | Type | Range | Default | Meaning | Part of the model file |\n"
      "|---|---|---|---|---|---|\n";
  for (const Option& option : option_schema()) {
    const std::string of_column = option.per_column ? "; may be set per column" : "";
    table +=
        fmt::format("| `{}` | {} | {} | {} | {}{} | {} |\n", option.name, cell(option.type_name()),
                    cell(option.range_text()), code_cell(option.default_value), cell(option.help),
                    of_column, option.affects_result ? "yes" : "no");
  }
  return table + "<!-- keys: end -->\n";
}

std::string resolved_config(const Settings& settings) {
  ConfigText text;
  for (const Option& option : settings.options()) {
    if (is_of_sweep(option)) continue;
    const std::size_t dot = option.name.rfind('.');
    const bool refused =
        !settings.given(option.name) && !key_objection(settings, option.name).empty();
    text.add(option.name.substr(0, dot), (refused ? "# " : "") + option.name.substr(dot + 1),
             settings.text(option.name), refused ? "does not apply" : settings.place(option.name));
  }
  return text.take();
}

std::string given_config(const Settings& settings) {
  ConfigText text;
  const auto add = [&](const std::string& name, std::size_t dot) {
    text.add(name.substr(0, dot), name.substr(dot + 1), settings.text(name), settings.place(name));
  };
  for (const Option& option : settings.options()) {
    if (settings.given(option.name)) add(option.name, option.name.rfind('.'));
  }
  for (const std::string& key : settings.swept()) add(swept_name(key), kSweepSection.size());
  return text.take();
}

}  // namespace lockstep::trainer
