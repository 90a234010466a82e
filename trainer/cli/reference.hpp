#pragma once

#include <string>

#include "core/base/options.hpp"

namespace lockstep::trainer {

/// The table of all keys for trainer/README.md, in Markdown, between its marker comments
/// `<!-- keys: begin -->` and `<!-- keys: end -->`, each on a line of its own.
std::string key_reference_markdown();

/// The text of a run's config.ini: every key with its value and, as a comment, the place that the
/// value came from. Read as a configuration it gives the same values. Keys that do not apply to
/// the run (momentum for adam) are commented out, for they would be refused.
/// That a sweep was asked for is no part of it.
std::string resolved_config(const Settings& settings);

/// The keys that were given alone, those of a sweep too: read as a configuration it gives the same
/// settings, and as few reasons to object to another value of a key as these had.
std::string given_config(const Settings& settings);

}  // namespace lockstep::trainer
