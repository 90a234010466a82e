#include "trainer/cli/help.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/options.hpp"
#include "trainer/cli/option_schema.hpp"

namespace lockstep::trainer {
namespace {

constexpr std::size_t kColumns = 100;

/// Columns of a UTF-8 text without combining or wide characters: its code points.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

/// `text` in lines of at most kColumns, broken at blanks. `first` starts the first line; the others
/// are indented by `indent`.
std::string wrapped(std::string_view first, std::size_t indent, std::string_view text) {
  std::string out(first);
  std::size_t column = width(first);
  bool line_has_word = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (line_has_word && column + 1 + width(word) > kColumns) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
      line_has_word = false;
    }
    if (line_has_word) {
      out += ' ';
      ++column;
    }
    out += word;
    column += width(word);
    line_has_word = true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out + "\n";
}

/// A name padded to `columns`, then its meaning beside it.
std::string entry(const std::string& name, std::size_t columns, const std::string& meaning) {
  const std::string first = fmt::format("  {:<{}}  ", name, columns);
  return wrapped(first, first.size(), meaning);
}

std::string key_help(const Option& option) {
  std::string facts = option.type_name();
  const std::string range = option.range_text();
  if (!range.empty()) facts += ", " + range;
  facts += "; default " + (option.default_value.empty() ? "empty" : option.default_value);
  return wrapped(fmt::format("  --{:<23}  ", option.name), 8, facts) +
         wrapped(std::string(8, ' '), 8, option.help);
}

struct ExitCodeMeaning {
  ExitCode code;
  const char* meaning;
};

constexpr std::array kExitCodes{
    ExitCodeMeaning{ExitCode::ok, "success"},
    ExitCodeMeaning{ExitCode::internal, "internal error: a bug"},
    ExitCodeMeaning{ExitCode::usage, "wrong command line"},
    ExitCodeMeaning{ExitCode::diverged, "training diverged: NaN or infinity"},
    ExitCodeMeaning{ExitCode::bad_data, "wrong content of data or a model file"},
    ExitCodeMeaning{ExitCode::missing_input, "an input file is missing or cannot be opened"},
    ExitCodeMeaning{ExitCode::system, "MPI or the operating system failed"},
    ExitCodeMeaning{ExitCode::cannot_create, "an output cannot be created"},
    ExitCodeMeaning{ExitCode::io, "reading or writing failed midway"},
    ExitCodeMeaning{ExitCode::interrupted, "stopped on request, to be resumed"},
    ExitCodeMeaning{ExitCode::configuration, "wrong configuration"},
};

}  // namespace

std::string program_help() {
  std::string text =
      "Lockstep trains models with data-parallel MPI ranks; the model is the same, byte for byte,\n"
      "whatever the number of ranks and threads.\n"
      "\n"
      "Usage: lockstep COMMAND [options]\n"
      "       mpirun -n RANKS lockstep COMMAND [options]\n"
      "       lockstep --help | --version\n"
      "\n"
      "Commands:\n";
  for (const CommandSpec& command : command_specs())
    text += entry(command.name, 9, command.summary);
  text +=
      "\n"
      "Where to start:\n"
      "  lockstep train                                    a network on generated digits\n"
      "  mpirun -n 2 lockstep train --config FILE          an experiment of your own, with 2 "
      "ranks\n"
      "  lockstep train --model.type=softmax               any key of a configuration file\n"
      "  lockstep inspect RUN/model.safetensors            what a run has made\n"
      "  lockstep COMMAND --help                           its options, and all keys\n"
      "\n"
      "Exit codes:\n";
  for (const auto& [code, meaning] : kExitCodes) {
    text += entry(fmt::format("{:>2}", static_cast<int>(code)), 2, meaning);
  }
  return text;
}

std::string command_help(const CommandSpec& command) {
  std::string text = wrapped("", 0, command.summary + ".");
  text += "\n" + wrapped(fmt::format("Usage: lockstep {} ", command.name),
                         std::string_view("Usage: lockstep ").size() + command.name.size() + 1,
                         command.usage);
  text += "\nOptions:\n";
  for (const CommandOption& option : command.options) {
    const std::string value = option.value_name.empty() ? "" : " " + option.value_name;
    text += entry("--" + option.name + value, 22, option.help);
  }
  text +=
      "\n"
      "Keys, as --section.key=value here or as 'key = value' below [section] in a configuration\n"
      "file. The command line beats the file, and the file beats the default.\n";
  if (!command.keys.empty()) {
    text += "The file may have keys of other commands too; they have no effect here.\n";
  }
  if (command.heeds("preprocess.")) {
    text +=
        "Keys of [preprocess] but target_scale may have other values for some columns, as\n"
        "--preprocess.COLUMN.key=value or below [preprocess.COLUMN]; COLUMN is a name or a glob.\n";
  }
  std::string section;
  for (const Option& option : option_schema()) {
    if (!command.heeds(option.name)) continue;
    const std::string its_section = option.name.substr(0, option.name.find('.'));
    if (its_section != section) text += fmt::format("\n[{}]\n", its_section);
    section = its_section;
    text += key_help(option);
  }
  return text;
}

std::string version_text() { return "lockstep " LOCKSTEP_VERSION "\n"; }

}  // namespace lockstep::trainer
