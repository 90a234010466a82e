// The promise under random configurations: the same bits on any number of ranks and threads.
// Ranks are threads of this process, up to 16 of them, and the ranks of the mpirun that this binary
// runs under. The seed and the number of cases come from the environment:
// scripts/identity_campaign.sh runs thousands, CI a few.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <numeric>
#include <string>

#include "comm/communicator.hpp"
#include "comm/sub_transport.hpp"
#include "core/base/random.hpp"
#include "tests/support/ranks.hpp"
#include "tests/trainer/run/training_cases.hpp"

namespace lockstep::test {
namespace {

constexpr int kMostThreadRanks = 16;
constexpr int kMostThreads = 3;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::stoull(value);
}

std::uint64_t seed() { return from_environment("LOCKSTEP_CAMPAIGN_SEED", 1); }
std::uint64_t cases() { return from_environment("LOCKSTEP_CAMPAIGN_CASES", 100); }

/// How to see a failure again.
std::string name_of(std::uint64_t number, const TrainingCase& c, int ranks, int threads) {
  return fmt::format("seed {} case {}, {} ranks × {} threads: {}", seed(), number, ranks, threads,
                     describe(c));
}

int draw(RandomSequence& draws, int most) {
  return 1 + static_cast<int>(draws.below(static_cast<std::uint64_t>(most)));
}

/// What a case is compared with: itself on one rank, and of sparse rows the dense ones. Where
/// products underflow or training diverges these may differ in the sign of a zero, or in a NaN.
TrainingCase reference_of(TrainingCase c) {
  if (c.magnitude == 1) c.sparse = false;
  return c;
}

template <class T>
void compare_on_threads(std::uint64_t number, int ranks, int threads) {
  const TrainingCase c = random_training_case(seed(), number);
  // EXPECT_TRUE: nobody wants to read the bytes.
  EXPECT_TRUE(train_on_threads<T>(c, ranks, threads) == train_on_threads<T>(reference_of(c), 1, 1))
      << name_of(number, c, ranks, threads);
}

TEST(IdentityCampaign, HoldsOverThreadsAsRanks) {
  if (world()->rank() != 0) return;
  const RandomStream stream(seed(), Purpose::shuffle);
  for (std::uint64_t number = 0; number < cases(); ++number) {
    RandomSequence draws(stream, number);
    const int ranks = draw(draws, kMostThreadRanks);
    const int threads = draw(draws, kMostThreads);
    if (draws.below(2) == 0) {
      compare_on_threads<float>(number, ranks, threads);
    } else {
      compare_on_threads<double>(number, ranks, threads);
    }
  }
}

template <class T>
void compare_over_mpi(std::uint64_t number, comm::Transport& transport, int threads) {
  const TrainingCase c = random_training_case(seed(), number);
  EXPECT_TRUE(train<T>(transport, c, threads) ==
              *train_on_threads<T>(reference_of(c), 1, 1).begin())
      << name_of(number, c, transport.size(), threads);
}

TEST(IdentityCampaign, HoldsOverMpi) {
  comm::Communicator everybody(*world(), kTimeout);
  const RandomStream stream(seed(), Purpose::shuffle);
  // Other cases than those over threads.
  for (std::uint64_t number = cases(); number < 2 * cases(); ++number) {
    RandomSequence draws(stream, number);
    const int ranks = draw(draws, everybody.size());
    const int threads = draw(draws, kMostThreads);
    const bool single = draws.below(2) == 0;
    if (everybody.rank() < ranks) {
      std::vector<int> members(static_cast<std::size_t>(ranks));
      std::iota(members.begin(), members.end(), 0);
      comm::SubTransport transport(*world(), members);
      if (single) {
        compare_over_mpi<float>(number, transport, threads);
      } else {
        compare_over_mpi<double>(number, transport, threads);
      }
    }
    everybody.barrier();
  }
}

}  // namespace
}  // namespace lockstep::test
