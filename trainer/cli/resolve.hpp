#pragma once

#include <optional>
#include <string>

#include "core/base/options.hpp"
#include "trainer/cli/arguments.hpp"

namespace lockstep::trainer {

/// The settings of a run: the command line beats the configuration file beats the defaults. A key
/// of the file falls back to its default when the command line replaces what it belongs to.
/// @param file_name  the configuration file as the user named it, for messages
/// @param file_text  its content, the same on all ranks; none when no file was given
/// Throws PlacedConfigError with every error, one a line: first those of the file, then those of
/// the command line; when there are none, those of check_given_keys, unless a model is going to say
/// what it was trained with. Rank-local.
Settings resolve_settings(const Arguments& arguments, const std::string& file_name,
                          const std::optional<std::string>& file_text);

/// Refuses given keys that have no effect beside the other settings, or contradict them
/// (key_rules.hpp). Throws PlacedConfigError with all of them, one a line. Rank-local.
void check_given_keys(const Settings& settings);

}  // namespace lockstep::trainer
