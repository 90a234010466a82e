// A rank of `lockstep train` is lost in the middle of an epoch: every process is gone soon after,
// and no half-written model stays.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/trainer/program_runner.hpp"

namespace lockstep::trainer {
namespace {

using namespace std::chrono_literals;
using test::TestFolder;
using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

/// Looks again and again until `condition` holds; false after `patience`.
template <class Condition>
bool eventually(std::chrono::milliseconds patience, const Condition& condition) {
  const auto deadline = Clock::now() + patience;
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

/// Whether a process runs the program; one that has ended and waits to be reaped does not.
bool runs_the_program(const fs::path& process) {
  std::error_code gone;
  return fs::read_symlink(process / "exe", gone) == fs::path(LOCKSTEP_PROGRAM) && !gone;
}

/// The processes that run the program as children of `parent`, by process id.
std::vector<pid_t> ranks_of(pid_t parent) {
  std::vector<pid_t> ranks;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    if (!runs_the_program(entry.path())) continue;
    std::ifstream stat(entry.path() / "stat");
    std::string id;
    std::string name;
    std::string state;
    pid_t its_parent = 0;
    if (stat >> id >> name >> state >> its_parent && its_parent == parent) {
      ranks.push_back(std::stoi(id));
    }
  }
  std::sort(ranks.begin(), ranks.end());
  return ranks;
}

/// A training run that would last for hours, under mpirun.
class LongRun {
 public:
  LongRun(const TestFolder& folder, int ranks) : folder_(folder) {
    const std::string np = std::to_string(ranks);
    process_ = fork();
    if (process_ != 0) return;
    const int errors = open(folder.file("err").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(open("/dev/null", O_RDONLY), 0);
    dup2(errors, 2);
    if (chdir(folder.path().c_str()) != 0) _exit(126);
    execlp("mpirun", "mpirun", "-q", "--oversubscribe", "-n", np.c_str(), LOCKSTEP_PROGRAM, "train",
           "--train.epochs=1000000", "--synthetic.rows=2000", "--synthetic.test_rows=100",
           "--model.hidden=64", "--comm.timeout=2", "--output.dir=run", nullptr);
    _exit(127);
  }
  ~LongRun() {
    if (process_ <= 0) return;
    kill(process_, SIGTERM);
    waitpid(process_, nullptr, 0);
  }
  LongRun(const LongRun&) = delete;
  LongRun& operator=(const LongRun&) = delete;
  LongRun(LongRun&&) = delete;
  LongRun& operator=(LongRun&&) = delete;

  pid_t process() const { return process_; }
  /// An epoch is on record; its timings are the last of it.
  bool trains() const { return !folder_.read("run/timings.jsonl").empty(); }
  bool has_ended() {
    int status = 0;
    if (process_ <= 0 || waitpid(process_, &status, WNOHANG) != process_) return process_ <= 0;
    process_ = 0;
    failed_ = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    return true;
  }
  bool failed() const { return failed_; }

 private:
  const TestFolder& folder_;
  pid_t process_ = -1;
  bool failed_ = false;
};

void lose_a_rank(int ranks, std::size_t victim, int signal, std::chrono::milliseconds patience) {
  SCOPED_TRACE(std::to_string(ranks) + " ranks, signal " + std::to_string(signal));
  const TestFolder folder;
  LongRun run(folder, ranks);
  ASSERT_TRUE(eventually(60s, [&] { return run.trains(); })) << folder.read("err");
  const std::vector<pid_t> processes = ranks_of(run.process());
  ASSERT_EQ(processes.size(), static_cast<std::size_t>(ranks));
  kill(processes[victim], signal);
  EXPECT_TRUE(eventually(patience, [&] { return run.has_ended(); })) << folder.read("err");
  EXPECT_TRUE(run.failed());
  for (const pid_t process : processes) {
    const fs::path folder_of_process = "/proc/" + std::to_string(process);
    EXPECT_TRUE(eventually(1s, [&] { return !runs_the_program(folder_of_process); }))
        << "a rank lives on";
  }
  EXPECT_EQ(folder.names(),
            (std::vector<std::string>{"err", "run", "run/config.ini", "run/metrics.jsonl",
                                      "run/provenance.json", "run/timings.jsonl"}));
  if (signal == SIGSTOP) {
    EXPECT_NE(folder.read("err").find("has not answered for 2 s (comm.timeout)"), std::string::npos)
        << folder.read("err");
    EXPECT_NE(folder.read("err").find(" has waited 0.2 s for rank " + std::to_string(victim)),
              std::string::npos)
        << folder.read("err");
  }
}

TEST(LostRank, AKilledRankEndsTheRun) {
  lose_a_rank(1, 0, SIGKILL, 5s);
  lose_a_rank(2, 1, SIGKILL, 5s);
  lose_a_rank(3, 0, SIGKILL, 5s);
}

TEST(LostRank, ASilentRankEndsTheRunAfterTheTimeout) {
  lose_a_rank(2, 1, SIGSTOP, 2s + 5s);
  lose_a_rank(3, 2, SIGSTOP, 2s + 5s);
}

}  // namespace
}  // namespace lockstep::trainer
