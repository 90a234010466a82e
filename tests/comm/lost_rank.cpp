// Run under mpirun: a rank is lost in the middle of the run. With the argument "killed" rank 1 dies
// by a signal, and mpirun ends the others; with "silent" it stops answering, and the others end by
// the timeout; with "throws" it meets an error that the others do not, and aborts. The run must end
// within seconds and with a failure, whatever the number of ranks.
// With "suspended" and two ranks nobody is lost: rank 1 is stopped for longer than the timeout
// while it waits, and must not hold that against rank 0, which comes late. The run must succeed.

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>

#include "comm/communicator.hpp"
#include "comm/environment.hpp"
#include "core/base/error.hpp"

namespace {

using namespace lockstep;
using namespace std::chrono_literals;

void lose(const std::string& how) {
  if (how == "killed") std::raise(SIGKILL);
  if (how == "throws") throw DataError("rank 1 lost its way");
  std::this_thread::sleep_for(60s);
}

/// A child stops this process for 6 s, soon.
void suspend_me() {
  const pid_t parent = getpid();
  if (fork() != 0) return;
  std::this_thread::sleep_for(500ms);
  kill(parent, SIGSTOP);
  std::this_thread::sleep_for(6s);
  kill(parent, SIGCONT);
  _exit(0);
}

void meet_late(comm::Environment& environment) {
  comm::Communicator team(environment.transport(), 4s);
  team.barrier();
  if (environment.rank() == 1) suspend_me();
  if (environment.rank() == 0) std::this_thread::sleep_for(8s);
  team.barrier();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string how = argc > 1 ? argv[1] : "silent";
  comm::Environment environment;
  try {
    if (how == "suspended") {
      meet_late(environment);
      environment.finalize();
      return 0;
    }
    comm::Communicator team(environment.transport(), 2s);
    const int victim = environment.size() > 1 ? 1 : 0;
    for (int round = 0; round < 100; ++round) {
      if (round == 50 && environment.rank() == victim) lose(how);
      team.all_gather(Bytes(1000));
    }
    std::fputs("the lost rank was not missed\n", stderr);
  } catch (const Error& error) {
    std::fprintf(stderr, "lockstep: %s\n", error.what());
    environment.transport().abort(static_cast<int>(error.exit_code()));
  }
  environment.finalize();
  return 0;
}
