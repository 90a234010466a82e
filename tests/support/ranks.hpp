#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <vector>

#include "comm/communicator.hpp"
#include "comm/transport.hpp"
#include "core/parallel/team.hpp"

namespace lockstep::test {

/// Long enough for any test on a busy machine; short enough to see which rank hung.
inline constexpr std::chrono::milliseconds kTimeout = std::chrono::seconds(60);

/// The transport of the mpirun that this binary runs under, or nullptr: mpi_main.cpp sets it.
comm::Transport* world();
void set_world(comm::Transport* transport);

/// Runs `test` with a team over threads of this process, at each of the sizes.
void for_each_thread_team(std::initializer_list<int> sizes, const std::function<void(Team&)>& test);

/// Runs `test` with a team over the first k ranks of the world, for k = 1 … its size; a rank that
/// is not in a team waits for the others. Nothing happens without a world. Collective over it.
void for_each_mpi_team(const std::function<void(Team&)>& test);

/// Both. Under mpirun only rank 0 runs the teams of threads.
/// EXPECT, not ASSERT, before a collective: a rank that leaves early hangs the others.
void for_each_team(std::initializer_list<int> thread_sizes, const std::function<void(Team&)>& test);

/// A message whose bytes differ by place and seed.
Bytes pattern(std::size_t size, unsigned seed);

}  // namespace lockstep::test
