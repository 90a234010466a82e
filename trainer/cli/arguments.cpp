#include "trainer/cli/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <set>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/options.hpp"
#include "trainer/cli/command_specs.hpp"
#include "trainer/cli/option_schema.hpp"

namespace lockstep::trainer {
namespace {

namespace po = boost::program_options;

/// Ends a message about `command` ("" for none) with where help is.
[[noreturn]] void refuse(const std::string& command, const std::string& message) {
  const std::string help = command.empty() ? "lockstep --help" : "lockstep " + command + " --help";
  throw UsageError(fmt::format("{}; see '{}'", message, help));
}

std::string suggestion(const std::string& meant) {
  return meant.empty() ? "" : fmt::format(" (did you mean '{}'?)", meant);
}

bool starts_with_dash(const std::string& text) { return !text.empty() && text[0] == '-'; }

/// Boost.Program_options refuses the value of `--key=`; here that is how a key is emptied.
std::vector<po::option> parse_empty_value(std::vector<std::string>& tokens) {
  const std::string& token = tokens.front();
  if (token.size() < 4 || token.compare(0, 2, "--") != 0 || token.find('=') != token.size() - 1) {
    return {};
  }
  po::option option;
  option.string_key = token.substr(2, token.size() - 3);
  option.value = {""};
  option.original_tokens = {token};
  tokens.erase(tokens.begin());
  return {option};
}

/// The keys of columns that are given. A comma would be the end of a name in an
/// options_description; such a key is taken as --key=value alone, like one that is unknown there.
std::set<std::string> keys_of_columns(const Settings& keys,
                                      const std::vector<std::string>& tokens) {
  std::set<std::string> names;
  for (const std::string& token : tokens) {
    if (token.compare(0, 2, "--") != 0) continue;
    const std::string name = token.substr(2, token.find('=') - 2);
    const bool is_known = keys.find(name) != nullptr;
    if (!is_known && keys.takes(name) && name.find(',') == std::string::npos) names.insert(name);
  }
  return names;
}

/// Splits `tokens` into options and operands. Boost.Program_options does the splitting alone: no
/// abbreviations, no short options (so that `-1` is a value), no conversions (it reads -1 as
/// 4294967295 and accepts nan), and nothing is stored, for the checks below must see every option.
std::vector<po::option> split(const CommandSpec& spec, const Settings& keys,
                              const std::vector<std::string>& tokens) {
  po::options_description description;
  // untyped_value: one token, taken as it is; the description owns it.
  auto add = description.add_options();
  for (const CommandOption& option : spec.options) {
    if (option.value_name.empty()) {
      add(option.name.c_str(), "");
    } else {
      add(option.name.c_str(), new po::untyped_value(), "");
    }
  }
  for (const Option& key : keys.options()) {
    add(key.name.c_str(), new po::untyped_value(), "");
  }
  for (const std::string& name : keys_of_columns(keys, tokens)) {
    add(name.c_str(), new po::untyped_value(), "");
  }
  using Style = po::command_line_style::style_t;
  try {
    return po::command_line_parser(tokens)
        .options(description)
        .style(Style::allow_long | Style::long_allow_adjacent | Style::long_allow_next)
        .extra_style_parser(parse_empty_value)
        .allow_unregistered()
        .run()
        .options;
  } catch (const po::invalid_command_line_syntax& error) {
    if (error.kind() == po::invalid_syntax::missing_parameter) {
      refuse(spec.name, fmt::format("option '{}' needs a value", error.get_option_name()));
    }
    if (error.kind() == po::invalid_syntax::extra_parameter) {
      refuse(spec.name, fmt::format("option '{}' takes no value", error.get_option_name()));
    }
    refuse(spec.name, error.what());
  } catch (const po::error& error) {
    refuse(spec.name, error.what());
  }
}

/// Turns what Boost.Program_options split into Arguments, one option at a time.
class ArgumentReader {
 public:
  ArgumentReader(const CommandSpec& spec, const Settings& keys) : spec_(spec), keys_(keys) {
    arguments_.command = spec.name;
  }

  void read(const po::option& option) {
    if (option.position_key != -1) {
      for (const std::string& operand : option.value) read_operand(operand);
      return;
    }
    const std::string& name = option.string_key;
    const CommandOption* own = find_own(name);
    if (own == nullptr && !keys_.takes(name)) refuse_unknown(name);
    if (own == nullptr && !spec_.heeds(name)) {
      fail(fmt::format("option '--{}' has no effect on {}", name, spec_.name));
    }
    if (!given_.insert(name).second) fail(fmt::format("option '--{}' is given twice", name));
    const std::string value = option.value.empty() ? "" : option.value.front();
    // Boost.Program_options takes the next token for the value, even if that is an option.
    if (option.original_tokens.size() > 1 && value.compare(0, 2, "--") == 0) {
      fail(fmt::format("option '--{}' needs a value, found the option {}", name,
                       lockstep::quoted(value)));
    }
    if (own == nullptr) {
      arguments_.overrides.push_back({name, value});
    } else {
      store_own(*own, value);
    }
  }

  Arguments finish() {
    if (arguments_.help) return std::move(arguments_);
    if (!files_.empty()) store_files();
    for (const char* beside : {"config", "overwrite", "output.dir"}) {
      if (arguments_.resume.empty() || given_.count(beside) == 0) continue;
      fail(fmt::format(
          "option '--{}' contradicts --resume, which goes on in the directory of a run with its "
          "configuration",
          beside));
    }
    for (const CommandOption& option : spec_.options) {
      if (option.required && given_.count(option.name) == 0) {
        const bool as_operand = std::find(spec_.operands.begin(), spec_.operands.end(),
                                          option.name) != spec_.operands.end();
        fail(as_operand
                 ? needs_operand(option.name)
                 : fmt::format("{} needs --{}={}", spec_.name, option.name, option.value_name));
      }
      if (given_.count(option.name) == 0 && !option.default_value.empty()) {
        store_own(option, option.default_value);
      }
    }
    return std::move(arguments_);
  }

 private:
  [[noreturn]] void fail(const std::string& message) const { refuse(spec_.name, message); }

  const CommandOption* find_own(const std::string& name) const {
    const auto found =
        std::find_if(spec_.options.begin(), spec_.options.end(),
                     [&](const CommandOption& option) { return option.name == name; });
    return found == spec_.options.end() ? nullptr : &*found;
  }

  void read_operand(const std::string& operand) {
    if (starts_with_dash(operand))
      fail(fmt::format("unknown option {}", lockstep::quoted(operand)));
    if (spec_.takes_file_operands) return files_.push_back(operand);
    const auto next = std::find_if(spec_.operands.begin(), spec_.operands.end(),
                                   [&](const std::string& name) { return !given_.contains(name); });
    if (next == spec_.operands.end()) {
      fail(fmt::format("unexpected argument {}", lockstep::quoted(operand)));
    }
    given_.insert(*next);
    if (operand.empty()) fail(needs_operand(*next));
    store_own(*find_own(*next), operand);
  }

  std::string needs_operand(const std::string& name) const {
    const char* what = name == "model"   ? "a model file"
                       : name == "other" ? "the directories of two runs"
                                         : "the directory of a run";
    return fmt::format("{} needs {}", spec_.name, what);
  }

  /// Files to read and, unless --output names it, the one to write.
  void store_files() {
    if (given_.insert("output").second) {
      arguments_.output = files_.back();
      files_.pop_back();
    }
    if (files_.empty()) return;
    if (given_.count("data.train") > 0) {
      fail(fmt::format("unexpected argument {}", lockstep::quoted(files_.front())));
    }
    for (const std::string& file : files_) {
      if (!file.empty() && file.find(',') == std::string::npos) continue;
      fail(fmt::format("expected a file name without a comma, found {}", lockstep::quoted(file)));
    }
    arguments_.overrides.push_back({"data.train", fmt::format("{}", fmt::join(files_, ","))});
  }

  [[noreturn]] void refuse_unknown(const std::string& name) const {
    std::vector<std::string> own;
    for (const CommandOption& option : spec_.options) own.push_back(option.name);
    std::string meant = nearest_name(name, own);
    if (meant.empty() || name.find('.') != std::string::npos) meant = keys_.nearest(name);
    if (!meant.empty()) meant.insert(0, "--");
    fail(fmt::format("unknown option {}{}", lockstep::quoted("--" + name), suggestion(meant)));
  }

  void store_own(const CommandOption& option, const std::string& value) {
    if (!option.value_name.empty() && value.empty()) {
      fail(fmt::format("option '--{}' needs a value", option.name));
    }
    if (!option.choices.empty() &&
        std::find(option.choices.begin(), option.choices.end(), value) == option.choices.end()) {
      fail(fmt::format("--{}: unknown value {}; known: {}{}", option.name, lockstep::quoted(value),
                       fmt::join(option.choices, ", "),
                       suggestion(nearest_name(value, option.choices))));
    }
    if (option.name == "help") arguments_.help = true;
    if (option.name == "json") arguments_.json = true;
    if (option.name == "overwrite") arguments_.overwrite = true;
    if (option.name == "resume") arguments_.resume = value;
    if (option.name == "run") arguments_.run = value;
    if (option.name == "other") arguments_.other_run = value;
    if (option.name == "epoch") arguments_.epoch = positive_integer(option, value);
    if (option.name == "config") arguments_.config_file = value;
    if (option.name == "model") arguments_.model = value;
    if (option.name == "output") arguments_.output = value;
    if (option.name == "format") arguments_.format = value;
    if (option.name == "method") arguments_.method = value;
    if (option.name == "solver") arguments_.solver = value;
    if (option.name == "components") arguments_.components = positive_integer(option, value);
  }

  Index positive_integer(const CommandOption& option, const std::string& value) const {
    Index number = 0;
    if (parse_integer(value, number) && number >= 1) return number;
    fail(fmt::format("--{}: expected an integer ≥ 1, found {}", option.name,
                     lockstep::quoted(value)));
  }

  const CommandSpec& spec_;
  const Settings& keys_;
  std::set<std::string> given_;
  std::vector<std::string> files_;  ///< operands, where they are those
  Arguments arguments_;
};

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const CommandSpec& spec : command_specs()) names.push_back(spec.name);
  return names;
}

/// The ways to ask for help that people try, as `--help` and `COMMAND --help`.
std::vector<std::string> with_plain_help(std::vector<std::string> arguments) {
  std::replace(arguments.begin(), arguments.end(), std::string("-h"), std::string("--help"));
  if (arguments.empty()) return arguments;
  if (arguments[0] == "help") arguments[0] = "--help";
  const bool of_command =
      arguments.size() == 2 && arguments[0] == "--help" && find_command(arguments[1]) != nullptr;
  if (of_command) std::swap(arguments[0], arguments[1]);
  return arguments;
}

/// `lockstep`, `lockstep --help` and `lockstep --version`.
Arguments parse_without_command(const std::vector<std::string>& arguments) {
  Arguments parsed;
  for (const std::string& argument : arguments) {
    if (argument == "--help") {
      parsed.help = true;
    } else if (argument == "--version") {
      parsed.version = true;
    } else if (starts_with_dash(argument)) {
      refuse("", fmt::format("expected a command before {}; known: {}", lockstep::quoted(argument),
                             fmt::join(command_names(), ", ")));
    } else {
      refuse("", fmt::format("unexpected argument {}", lockstep::quoted(argument)));
    }
  }
  if (!parsed.help && !parsed.version) {
    refuse("", fmt::format("no command; known: {}", fmt::join(command_names(), ", ")));
  }
  return parsed;
}

}  // namespace

Arguments parse_arguments(const std::vector<std::string>& command_line) {
  const std::vector<std::string> arguments = with_plain_help(command_line);
  if (arguments.empty() || starts_with_dash(arguments.front())) {
    return parse_without_command(arguments);
  }
  const std::string& name = arguments.front();
  const CommandSpec* spec = find_command(name);
  if (spec == nullptr) {
    const auto names = command_names();
    refuse("", fmt::format("unknown command {}; known: {}{}", lockstep::quoted(name),
                           fmt::join(names, ", "), suggestion(nearest_name(name, names))));
  }
  const Settings keys(option_schema());
  ArgumentReader reader(*spec, keys);
  for (const po::option& option : split(*spec, keys, {arguments.begin() + 1, arguments.end()})) {
    reader.read(option);
  }
  return reader.finish();
}

}  // namespace lockstep::trainer
