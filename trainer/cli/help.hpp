#pragma once

#include <string>

#include "trainer/cli/arguments.hpp"
#include "trainer/cli/command_specs.hpp"

namespace lockstep::trainer {

/// What `lockstep --help` prints: the commands, where to start, and the exit codes.
std::string program_help();

/// What `lockstep COMMAND --help` prints: usage, the command's options, and every key by section
/// with type, range, default and meaning. No line is wider than 100 columns.
std::string command_help(const CommandSpec& command);

/// What `lockstep --version` prints.
std::string version_text();

}  // namespace lockstep::trainer
