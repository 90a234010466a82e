#include "tests/support/ranks.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <string>

#include "comm/sub_transport.hpp"
#include "comm/thread_transport.hpp"

namespace lockstep::test {
namespace {

comm::Transport* the_world = nullptr;

std::string trace(const char* kind, const comm::Transport& transport) {
  return "rank " + std::to_string(transport.rank()) + " of " + std::to_string(transport.size()) +
         " over " + kind;
}

}  // namespace

comm::Transport* world() { return the_world; }
void set_world(comm::Transport* transport) { the_world = transport; }

void for_each_thread_team(std::initializer_list<int> sizes,
                          const std::function<void(Team&)>& test) {
  for (const int size : sizes) {
    comm::run_ranks(size, [&](comm::Transport& transport) {
      SCOPED_TRACE(trace("threads", transport));
      comm::Communicator team(transport, kTimeout);
      test(team);
    });
  }
}

void for_each_mpi_team(const std::function<void(Team&)>& test) {
  if (the_world == nullptr) return;
  comm::Communicator everybody(*the_world, kTimeout);
  for (int size = 1; size <= everybody.size(); ++size) {
    if (everybody.rank() < size) {
      std::vector<int> members(static_cast<std::size_t>(size));
      std::iota(members.begin(), members.end(), 0);
      comm::SubTransport transport(*the_world, members);
      SCOPED_TRACE(trace("MPI", transport));
      comm::Communicator team(transport, kTimeout);
      test(team);
    }
    everybody.barrier();
  }
}

void for_each_team(std::initializer_list<int> thread_sizes,
                   const std::function<void(Team&)>& test) {
  if (the_world == nullptr || the_world->rank() == 0) for_each_thread_team(thread_sizes, test);
  for_each_mpi_team(test);
}

Bytes pattern(std::size_t size, unsigned seed) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::byte>((i * 131 + (i >> 8) * 17 + std::size_t{seed} * 29) & 0xFF);
  }
  return bytes;
}

}  // namespace lockstep::test
