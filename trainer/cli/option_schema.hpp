#pragma once

#include <vector>

#include "core/base/options.hpp"

namespace lockstep::trainer {

/// Every configuration key of Lockstep, by section: the one table from which the parser, --help,
/// the reference in trainer/README.md, config.ini and the options stored in a model are made.
std::vector<Option> option_schema();

}  // namespace lockstep::trainer
