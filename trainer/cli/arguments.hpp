#pragma once

#include <string>
#include <vector>

#include "core/base/types.hpp"

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
  bool takes_model_operand = false;  ///< `inspect MODEL`: the same as --model MODEL
  /// The keys that it heeds, or sections, with a dot at the end; none: all keys.
  std::vector<std::string> keys{};

  /// The key means something to this command. On the command line any other is a mistake; a
  /// configuration file may have others, since commands share it.
  bool heeds(std::string_view key) const;
};

/// All commands, in the order in which they are presented.
const std::vector<CommandSpec>& command_specs();

/// The command of this name, or nullptr.
const CommandSpec* find_command(const std::string& name);

/// A configuration key that the command line sets.
struct Override {
  std::string key;  ///< known, "section.key"
  std::string value;
};

/// The command line, taken apart. The values of configuration keys are not checked here but when
/// they are resolved against the configuration file.
struct Arguments {
  std::string command;  ///< empty for `lockstep --help` and `lockstep --version`
  std::string config_file;
  std::vector<Override> overrides;  ///< in the order given, no key twice
  bool help = false;
  bool version = false;
  bool json = false;
  bool overwrite = false;
  std::string model;
  std::string output;
  std::string format;    ///< of generate: csv or idx; of decompose and predict: npy or csv
  std::string method;    ///< of decompose
  std::string solver;    ///< of decompose
  Index components = 0;  ///< of decompose; 0 when it is not given
};

/// Parses the arguments after the program's name. Options are written `--name=value` or
/// `--name value`, in full. Throws UsageError for whatever is unknown, missing, given twice or
/// not expected; with --help, what is missing does not matter.
Arguments parse_arguments(const std::vector<std::string>& arguments);

}  // namespace lockstep::trainer
