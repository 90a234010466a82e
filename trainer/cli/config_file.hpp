#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/options.hpp"

namespace lockstep::trainer {

/// Reads a configuration and stores its values, with Origin::file and "name:line" as their place.
///
///     # a comment; so is a line that starts with ';'
///     [train]
///     epochs = 20        # '#' and ';' start a comment after a blank, and only there
///     [data]
///     target = "a # b"   # quotes keep blanks and '#'; inside them \" is " and \\ is \ itself
///
/// [preprocess.COLUMN] holds the values of one column, or of those that a glob stands for.
/// Lines end with LF or CRLF; a byte order mark at the start is skipped; no line continues on the
/// next. A section may appear more than once, a key may not.
/// @param name  the file as the user named it, for messages
/// @return every error, in line order, as "name:line: error: what"; empty when all is well
std::vector<std::string> read_config(std::string_view text, const std::string& name,
                                     Settings& settings);

/// The content of a small text file. Throws MissingInputError when it is missing, is a directory
/// or cannot be opened, ConfigError when it has more than 1 MiB, IoError when reading fails.
std::string load_config_text(const std::string& path);

/// `value` as read_config reads it back: in quotes where it needs them. No control characters.
std::string config_value(std::string_view value);

}  // namespace lockstep::trainer
