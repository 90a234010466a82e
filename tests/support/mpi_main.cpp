// main() of the test binaries that run under mpirun. A failure on any rank is a failure on all;
// only rank 0 reports the tests that pass. MPI that does not start is a failure.

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "comm/communicator.hpp"
#include "comm/environment.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep::test {
namespace {

/// Prints failures alone, with the rank in front.
class FailurePrinter final : public testing::EmptyTestEventListener {
 public:
  explicit FailurePrinter(int rank) : rank_(rank) {}

  // Asked for the current test inside OnTestPartResult, GoogleTest would wait for its own mutex.
  void OnTestStart(const testing::TestInfo& test) override {
    test_ = std::string(test.test_suite_name()) + "." + test.name();
  }
  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (!result.failed()) return;
    std::fprintf(stderr, "rank %d: %s: %s:%d: %s\n", rank_, test_.c_str(),
                 result.file_name() == nullptr ? "?" : result.file_name(), result.line_number(),
                 result.message());
  }

 private:
  int rank_;
  std::string test_;
};

int run_all_tests() {
  comm::Environment environment;
  if (!environment.uses_mpi()) {
    std::fputs("this test binary must be started by mpirun\n", stderr);
    return 1;
  }
  if (environment.rank() != 0) {
    testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new FailurePrinter(environment.rank()));
  }
  set_world(&environment.transport());
  const int own = RUN_ALL_TESTS();
  comm::Communicator team(environment.transport(), kTimeout);
  const auto worst = static_cast<int>(max_over(team, own));
  set_world(nullptr);
  environment.finalize();
  return worst;
}

}  // namespace
}  // namespace lockstep::test

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  // An exception that leaves a test ends this process, and mpirun the others: they would wait for
  // this rank in the next collective.
  GTEST_FLAG_SET(catch_exceptions, false);
  return lockstep::test::run_all_tests();
}
