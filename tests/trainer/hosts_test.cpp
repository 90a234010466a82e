// Hosts that do not see the same files. A mount namespace of its own, with a name of its own,
// stands for another host; CMake registers these tests where such namespaces are allowed.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>

#include "tests/trainer/program_runner.hpp"

namespace lockstep::trainer {
namespace {

using test::TestFolder;

/// Runs the program on `here` ranks that see folder/data and one rank, the last or the first, on a
/// host named "elsewhere" where that folder is empty.
test::ProgramRun run_on_two_hosts(const TestFolder& folder, int here, bool elsewhere_first,
                                  const std::string& arguments) {
  const std::string near = fmt::format("-n {} {} {}", here, LOCKSTEP_PROGRAM, arguments);
  const std::string far = fmt::format(
      "-n 1 unshare --mount --uts --map-root-user sh -c "
      "'hostname elsewhere && mount -t tmpfs none {} && exec {} {}'",
      folder.file("data"), LOCKSTEP_PROGRAM, arguments);
  const std::string command = fmt::format(
      "cd {} && timeout 60 mpirun -q --oversubscribe {} : {} >out 2>err </dev/null",
      folder.path().string(), elsewhere_first ? far : near, elsewhere_first ? near : far);
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128, folder.read("out"), folder.read("err")};
}

TEST(Hosts, AFileThatOneHostLacksIsReportedWithTheHost) {
  for (const int here : {1, 2}) {
    for (const bool elsewhere_first : {false, true}) {
      const TestFolder folder;
      std::filesystem::create_directory(folder.path() / "data");
      folder.write("data/t.csv", "a,y\n1,x\n2,z\n3,x\n4,z\n");
      const auto run = run_on_two_hosts(folder, here, elsewhere_first,
                                        "train --data.train=data/t.csv --model.type=softmax");
      EXPECT_EQ(run.exit_code, 66);
      EXPECT_EQ(run.out, "");
      EXPECT_EQ(run.err,
                fmt::format("lockstep: error: data/t.csv: no such file (data.train; relative paths "
                            "start in the working directory, data.root is not set) (rank {} on "
                            "elsewhere)\n",
                            elsewhere_first ? 0 : here));
      EXPECT_EQ(folder.names(), (std::vector<std::string>{"data", "data/t.csv", "err", "out"}));
    }
  }
}

}  // namespace
}  // namespace lockstep::trainer
