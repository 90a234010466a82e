// A signal to stop that comes before the ranks have found each other.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "tests/trainer/program_runner.hpp"

namespace lockstep::trainer {
namespace {

using test::run_program;
using test::TestFolder;

/// Rank 1 starts when a file is there; rank 0 has until then nobody to talk to.
constexpr const char* kRanks = R"(
if [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then
  until [ -e go ]; do sleep 0.02; done
else
  echo $$ >id.tmp && mv id.tmp id
fi
exec "$@"
)";

/// Whether a process is the program by now, and does not take a signal yet.
bool holds(pid_t process, int signal) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  std::string line;
  // The shell, which holds all signals for a moment after each command, is no program.
  if (!std::getline(status, line) || line != "Name:\tlockstep") return false;
  while (std::getline(status, line)) {
    if (!line.starts_with("SigBlk:")) continue;
    return (std::stoull(line.substr(7), nullptr, 16) >> static_cast<unsigned>(signal - 1) & 1U) !=
           0;
  }
  return false;
}

/// The exit code of two ranks of a command, of which one gets a signal while it waits in MPI_Init;
/// −1 for no exit.
int end_after_early(int signal, const TestFolder& folder, const test::Words& command) {
  folder.write("ranks.sh", kRanks);
  const pid_t launcher = fork();
  if (launcher == 0) {
    std::string line = "exec mpirun -q --oversubscribe -n 2 sh ranks.sh " LOCKSTEP_PROGRAM;
    for (const std::string& word : command) line += " " + word;
    line += " >out 2>err </dev/null";
    if (chdir(folder.path().c_str()) != 0) _exit(126);
    execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
    _exit(127);
  }
  pid_t rank = 0;
  while (!(std::istringstream(folder.read("id")) >> rank) &&
         waitpid(launcher, nullptr, WNOHANG) == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!holds(rank, signal) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  kill(rank, signal);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  folder.write("go", "");
  int status = 0;
  waitpid(launcher, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(EarlySignal, StopsATrainingThatCanGoOn) {
  const test::Words options{"--synthetic.rows=300", "--synthetic.test_rows=50", "--model.hidden=8",
                            "--train.epochs=4"};
  for (const int signal : {SIGTERM, SIGUSR1, SIGINT}) {
    const TestFolder folder;
    EXPECT_EQ(end_after_early(signal, folder, test::train_to("run", options)), 75)
        << folder.read("err");
    ASSERT_EQ(run_program(folder.path(), 1, {"train", "--resume", "run"}).exit_code, 0);
    ASSERT_EQ(run_program(folder.path(), 1, test::train_to("whole", options)).exit_code, 0);
    EXPECT_TRUE(folder.read("run/model.safetensors") == folder.read("whole/model.safetensors"));
  }
}

TEST(EarlySignal, EndsACommandThatHasNothingToGoOnWith) {
  const test::Words generate{"generate", "--output", "rows"};
  const TestFolder folder;
  EXPECT_EQ(end_after_early(SIGTERM, folder, generate), 128 + SIGTERM) << folder.read("err");
  EXPECT_FALSE(std::filesystem::exists(folder.file("rows/train.csv")));
}

}  // namespace
}  // namespace lockstep::trainer
