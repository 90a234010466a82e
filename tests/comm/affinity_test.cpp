#include "comm/affinity.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>

#include "tests/support/ranks.hpp"

namespace lockstep::comm {
namespace {

/// A rank bound to `cpus` of a node with `node_cpus` CPUs without hyperthreading.
RankPlace place(const std::string& host, std::vector<int> cpus, int node_cpus, int threads = 1) {
  return {"boot of " + host, host, std::move(cpus), node_cpus, 1, threads};
}

const std::vector<int> kEight{0, 1, 2, 3, 4, 5, 6, 7};

TEST(AllowedCpus, AreThoseOfTheScheduler) {
  const std::vector<int> cpus = allowed_cpus();
  ASSERT_FALSE(cpus.empty());
  EXPECT_TRUE(std::is_sorted(cpus.begin(), cpus.end()));
  EXPECT_NE(std::find(cpus.begin(), cpus.end(), sched_getcpu()), cpus.end());
}

TEST(PlaceOfThisRank, IsPlausible) {
  const RankPlace mine = place_of_this_rank(3);
  EXPECT_FALSE(mine.node.empty());
  EXPECT_EQ(mine.host, host_name());
  EXPECT_EQ(mine.cpus, allowed_cpus());
  EXPECT_GE(mine.node_cpus, 1);
  EXPECT_GE(mine.cpus_per_core, 1);
  EXPECT_EQ(mine.threads, 3);
}

TEST(SharedThreads, DividesTheMaskByTheRanksThatShareIt) {
  EXPECT_EQ(shared_threads({place("n1", kEight, 8)}, 0), 8);
  const std::vector<RankPlace> three(3, place("n1", kEight, 8));
  EXPECT_EQ(shared_threads(three, 0), 2);  // ⌊8/3⌋
  EXPECT_EQ(shared_threads(three, 2), 2);
}

TEST(SharedThreads, CountsDisjointMasksAndOtherNodesApart) {
  const std::vector<RankPlace> places{place("n1", {0, 1}, 8), place("n1", {2, 3}, 8),
                                      place("n2", {0, 1}, 8)};
  for (int r = 0; r < 3; ++r) EXPECT_EQ(shared_threads(places, r), 2);
}

TEST(SharedThreads, CountsMasksThatOverlap) {
  const std::vector<RankPlace> places{place("n1", {0, 1, 2, 3}, 8), place("n1", {3, 4}, 8)};
  EXPECT_EQ(shared_threads(places, 0), 2);
  EXPECT_EQ(shared_threads(places, 1), 1);
}

TEST(SharedThreads, IsAtLeastOne) {
  const std::vector<RankPlace> five(5, place("n1", {0, 1}, 2));
  EXPECT_EQ(shared_threads(five, 4), 1);
}

TEST(DefaultThreads, ShareThisMachine) {
  test::for_each_thread_team({1, 2, 5}, [](Team& team) {
    const int expected = static_cast<int>(allowed_cpus().size()) / team.size();
    EXPECT_EQ(default_threads(team), std::max(1, expected));
  });
  test::for_each_mpi_team([](Team& team) {
    EXPECT_GE(default_threads(team), 1);
    EXPECT_LE(default_threads(team), static_cast<int>(allowed_cpus().size()));
  });
}

TEST(GatherPlaces, TellsAllRanksAll) {
  test::for_each_team({1, 3}, [](Team& team) {
    RankPlace mine = place("n" + std::to_string(team.rank()), {team.rank(), 9}, 10, 2);
    mine.cpus_per_core = 2;
    const std::vector<RankPlace> places = gather_places(team, mine);
    EXPECT_EQ(static_cast<int>(places.size()), team.size());
    for (int r = 0; r < team.size(); ++r) {
      const RankPlace& of_rank = places[static_cast<std::size_t>(r)];
      EXPECT_EQ(of_rank.node, "boot of n" + std::to_string(r));
      EXPECT_EQ(of_rank.host, "n" + std::to_string(r));
      EXPECT_EQ(of_rank.cpus, (std::vector<int>{r, 9}));
      EXPECT_EQ(of_rank.node_cpus, 10);
      EXPECT_EQ(of_rank.cpus_per_core, 2);
      EXPECT_EQ(of_rank.threads, 2);
    }
  });
}

TEST(LaunchAdvice, IsSilentWhenAllIsWell) {
  EXPECT_EQ(launch_advice({place("n1", kEight, 8, 8)}), "");
  EXPECT_EQ(launch_advice({place("n1", {0, 1, 2, 3}, 8, 4), place("n1", {4, 5, 6, 7}, 8, 4)}), "");
  EXPECT_EQ(launch_advice(std::vector<RankPlace>(2, place("n1", kEight, 8, 1))), "");
}

TEST(LaunchAdvice, NamesANodeWhoseCoresAreMostlyUnused) {
  EXPECT_EQ(launch_advice({place("n1", {0}, 8), place("n1", {1}, 8)}),
            "2 ranks on n1 may use 2 of 8 CPUs: start with mpirun --map-by slot:PE=4");
  EXPECT_EQ(launch_advice({place("n1", kEight, 8, 8), place("n2", {5}, 4)}),
            "1 rank on n2 may use 1 of 4 CPUs: start with mpirun --map-by slot:PE=4");
}

TEST(LaunchAdvice, CountsCoresWithoutTheirHardwareThreads) {
  RankPlace bound = place("n1", {0, 8}, 16, 2);
  bound.cpus_per_core = 2;
  EXPECT_EQ(launch_advice({bound}),
            "1 rank on n1 may use 2 of 16 CPUs: start with mpirun --map-by slot:PE=8");
}

TEST(LaunchAdvice, NamesANodeThatRunsTooManyThreads) {
  EXPECT_EQ(launch_advice(std::vector<RankPlace>(4, place("n1", kEight, 8, 8))),
            "32 threads run on 8 CPUs of n1: start with mpirun --map-by slot:PE=2, or set "
            "run.threads = 2");
  EXPECT_EQ(launch_advice({place("n1", {3}, 1, 2)}),
            "2 threads run on 1 CPU of n1: start with mpirun --map-by slot:PE=1, or set "
            "run.threads = 1");
}

TEST(LaunchAdvice, NamesANodeWithMoreRanksThanCores) {
  EXPECT_EQ(launch_advice(std::vector<RankPlace>(3, place("n1", {0, 1}, 2, 1))),
            "3 threads run on 2 CPUs of n1: start at most 2 ranks there");
  EXPECT_EQ(launch_advice(std::vector<RankPlace>(3, place("n1", {0, 1}, 2, 2))),
            "6 threads run on 2 CPUs of n1: start at most 2 ranks there, or set run.threads = 1");
}

TEST(LaunchAdvice, IsTheSameOnAllRanks) {
  test::for_each_team({1, 2}, [](Team& team) {
    const int too_many = static_cast<int>(allowed_cpus().size()) + 1;
    const std::string advice = launch_advice(team, too_many);
    EXPECT_FALSE(advice.empty());
    for (const std::string& other : all_gather_text(team, advice)) EXPECT_EQ(other, advice);
  });
}

}  // namespace
}  // namespace lockstep::comm
