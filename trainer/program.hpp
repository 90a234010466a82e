#pragma once

#include <string>
#include <vector>

namespace lockstep::trainer {

/// The program from its arguments to its exit code: opens the environment, runs the command, and
/// turns what is thrown into one message from rank 0 and the same exit code on every rank.
int run_program(const std::vector<std::string>& arguments);

}  // namespace lockstep::trainer
