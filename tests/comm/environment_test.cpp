#include "comm/environment.hpp"

#include <gtest/gtest.h>

#include <map>

#include "core/base/error.hpp"

namespace lockstep::comm {
namespace {

using Variables = std::map<std::string, std::string>;

bool started_with(const Variables& variables) {
  return started_by_launcher([&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

TEST(StartedByLauncher, KnowsTheVariablesOfLaunchers) {
  EXPECT_TRUE(started_with({{"OMPI_COMM_WORLD_SIZE", "4"}}));
  EXPECT_TRUE(started_with({{"PMIX_RANK", "0"}}));
  EXPECT_TRUE(started_with({{"PMI_RANK", "0"}}));
  EXPECT_TRUE(started_with({{"PMI_SIZE", "1"}}));
  EXPECT_TRUE(
      started_with({{"SLURM_PROCID", "1"}, {"SLURM_STEP_NUM_TASKS", "4"}, {"PMIX_RANK", "1"}}));
}

TEST(StartedByLauncher, IsFalseInAShellOrABatchScript) {
  EXPECT_FALSE(started_with({}));
  EXPECT_FALSE(started_with({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}}));
  EXPECT_FALSE(started_with({{"SLURM_PROCID", "0"}, {"SLURM_STEP_NUM_TASKS", "1"}}));
}

TEST(StartedByLauncher, RefusesTasksWithoutMpi) {
  try {
    started_with({{"SLURM_PROCID", "2"}, {"SLURM_STEP_NUM_TASKS", "4"}});
    ADD_FAILURE() << "accepted";
  } catch (const MpiError& e) {
    EXPECT_EQ(std::string(e.what()),
              "srun started 4 tasks without MPI support (PMIX_RANK and PMI_RANK are not set): "
              "start with srun --mpi=pmix, or with mpirun");
  }
}

}  // namespace
}  // namespace lockstep::comm
