#pragma once

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "comm/environment.hpp"

namespace lockstep {

/// Does the work so often; returns the seconds of each time, from when all ranks are ready until
/// all have finished. *Collective*.
inline std::vector<double> seconds_of_runs(Team& team, Index runs,
                                           const std::function<void()>& work) {
  std::vector<double> seconds;
  for (; runs > 0; --runs) {
    team.barrier();
    const auto start = std::chrono::steady_clock::now();
    work();
    team.barrier();
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return seconds;
}

/// The main function of a program that measures on the ranks of mpirun: `run` gets the arguments
/// after the program's name. An exception on a rank ends all of them.
inline int bench_main(
    const char* name, int argc, char** argv,
    const std::function<void(Team&, const std::vector<std::string>& arguments)>& run) {
  comm::Environment environment;
  comm::Communicator team(environment.transport());
  try {
    run(team, {argv + 1, argv + argc});
    environment.finalize();
    return 0;
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}: {}\n", name, e.what());
    if (team.size() > 1) environment.transport().abort(1);
    return 1;
  }
}

}  // namespace lockstep
