#include "trainer/cli/reference.hpp"

#include <fmt/format.h>

#include <algorithm>

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
  std::string text;
  std::string section;
  for (const Option& option : settings.options()) {
    const std::size_t dot = option.name.rfind('.');
    if (option.name.substr(0, dot) != section) {
      section = option.name.substr(0, dot);
      text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", section);
    }
    const bool refused =
        !settings.given(option.name) && !key_objection(settings, option.name).empty();
    const std::string value = config_value(settings.text(option.name));
    text += fmt::format("{}{} ={}{}  # {}\n", refused ? "# " : "", option.name.substr(dot + 1),
                        value.empty() ? "" : " ", value,
                        refused ? "does not apply" : one_line(settings.place(option.name)));
  }
  return text;
}

}  // namespace lockstep::trainer
