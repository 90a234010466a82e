#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lockstep::trainer {

/// An option of one command that is no configuration key.
struct CommandOption {
  std::string name;        ///< without the dashes
  std::string value_name;  ///< "FILE"; empty when the option takes no value
  std::string help;        ///< one sentence, without a full stop
  bool required = false;
  std::vector<std::string> choices{};  ///< the values that it takes; none: any text
  std::string default_value{};         ///< where it is not given; empty: none
};

/// One of the commands of the program, for the parser and for --help.
struct CommandSpec {
  std::string name;
  std::string usage;    ///< what follows "lockstep NAME"
  std::string summary;  ///< one sentence, without a full stop
  std::vector<CommandOption> options;
  /// `inspect MODEL`: the options that the arguments stand for, one after the other.
  std::vector<std::string> operands{};
  /// The keys that it heeds, or sections, with a dot at the end; none: all keys.
  std::vector<std::string> keys{};
  bool sweeps = false;               ///< it alone heeds the keys of [sweep]
  bool takes_file_operands = false;  ///< `convert IN... OUT`: data.train, and --output

  /// The key means something to this command. On the command line any other is a mistake; a
  /// configuration file may have others, since commands share it.
  bool heeds(std::string_view key) const;
};

/// All commands, in the order in which they are presented.
const std::vector<CommandSpec>& command_specs();

/// The command of this name, or nullptr.
const CommandSpec* find_command(const std::string& name);

}  // namespace lockstep::trainer
