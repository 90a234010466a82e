#include "comm/communicator.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <span>
#include <thread>
#include <vector>

#include "comm/thread_transport.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep::comm {
namespace {

using namespace std::chrono_literals;
using test::for_each_team;
using test::pattern;

std::size_t at(int i) { return static_cast<std::size_t>(i); }

/// The size of the message from one rank to another: some are empty, some large.
std::size_t size_between(int from, int to) {
  if ((from + to) % 3 == 0) return 0;
  return at(from * 1000 + to * 10) * ((from + 2 * to) % 4 == 0 ? 5U : 1U);
}

TEST(Communicator, StatesItsTransportAndTimeout) {
  const auto transports = make_thread_transports(3);
  Communicator standard(*transports[2]);
  EXPECT_EQ(&standard.transport(), transports[2].get());
  EXPECT_EQ(standard.rank(), 2);
  EXPECT_EQ(standard.size(), 3);
  EXPECT_EQ(standard.timeout(), 5min);
  EXPECT_EQ(Communicator(*transports[2], 7s).timeout(), 7s);
}

TEST(Communicator, ExchangesAMessageWithEveryRank) {
  for_each_team({1, 2, 3, 4, 5, 16, 19, 40}, [](Team& team) {
    std::vector<Bytes> to;
    for (int r = 0; r < team.size(); ++r) {
      to.push_back(pattern(size_between(team.rank(), r), static_cast<unsigned>(r)));
    }
    const std::vector<Bytes> got = team.exchange(std::move(to));
    EXPECT_EQ(got.size(), at(team.size()));
    for (int r = 0; r < team.size(); ++r) {
      EXPECT_TRUE(got[at(r)] ==
                  pattern(size_between(r, team.rank()), static_cast<unsigned>(team.rank())))
          << "from " << r;
    }
  });
}

TEST(Communicator, ExchangesIntoPlace) {
  for_each_team({1, 2, 3, 4, 5, 16, 19, 40}, [](Team& team) {
    std::vector<Bytes> given;
    std::vector<Bytes> got;
    for (int r = 0; r < team.size(); ++r) {
      given.push_back(pattern(size_between(team.rank(), r), static_cast<unsigned>(r)));
      got.emplace_back(size_between(r, team.rank()));
    }
    team.exchange_into(std::vector<std::span<const std::byte>>(given.begin(), given.end()),
                       std::vector<std::span<std::byte>>(got.begin(), got.end()));
    for (int r = 0; r < team.size(); ++r) {
      const bool own = r == team.rank();  // stays as it was
      EXPECT_TRUE(got[at(r)] ==
                  (own ? Bytes(got[at(r)].size())
                       : pattern(size_between(r, team.rank()), static_cast<unsigned>(team.rank()))))
          << "from " << r;
    }
  });
}

TEST(Communicator, GathersMessagesOfAnySizesInRankOrder) {
  for_each_team({1, 2, 3, 4, 5, 6, 7, 8, 13, 16}, [](Team& team) {
    for (const std::size_t scale : {0U, 1U, 5000U}) {
      const auto of_rank = [&](int r) { return pattern(scale * at(r % 3), unsigned(r)); };
      const std::vector<Bytes> got = team.all_gather(of_rank(team.rank()));
      EXPECT_EQ(got.size(), at(team.size()));
      for (int r = 0; r < team.size(); ++r) EXPECT_TRUE(got[at(r)] == of_rank(r)) << "from " << r;
    }
  });
}

TEST(Communicator, BroadcastsFromAnyRoot) {
  for_each_team({1, 2, 3, 4, 5, 7, 8, 16}, [](Team& team) {
    for (int root = 0; root < team.size(); ++root) {
      for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{300000}}) {
        const Bytes sent = pattern(size, static_cast<unsigned>(root));
        Bytes data = team.rank() == root ? sent : Bytes(7);
        team.broadcast(data, root);
        EXPECT_TRUE(data == sent) << "root " << root << ", " << size << " bytes";
      }
    }
  });
}

TEST(Communicator, ReducesIntegersElementByElement) {
  for_each_team({1, 2, 3, 4, 5, 6, 7, 8, 11, 16}, [](Team& team) {
    const std::int64_t r = team.rank();
    const std::int64_t p = team.size();
    std::vector<std::int64_t> values{r, -r, std::int64_t{1} << 40};
    team.all_reduce(values, IntegerReduction::sum);
    EXPECT_EQ(values, (std::vector<std::int64_t>{p * (p - 1) / 2, -p * (p - 1) / 2, p << 40}));
    values = {r, -r, 3};
    team.all_reduce(values, IntegerReduction::min);
    EXPECT_EQ(values, (std::vector<std::int64_t>{0, 1 - p, 3}));
    values = {r, -r, 3};
    team.all_reduce(values, IntegerReduction::max);
    EXPECT_EQ(values, (std::vector<std::int64_t>{p - 1, 0, 3}));
    values = {std::int64_t{1} << r, r == 0 ? -4 : 0, 5};
    team.all_reduce(values, IntegerReduction::bit_or);
    EXPECT_EQ(values, (std::vector<std::int64_t>{(std::int64_t{1} << p) - 1, -4, 5}));
    team.all_reduce({}, IntegerReduction::sum);
  });
}

TEST(Communicator, SumsWrapAround) {
  for_each_team({2}, [](Team& team) {
    if (team.size() != 2) return;
    std::int64_t value = std::numeric_limits<std::int64_t>::max();
    team.all_reduce(std::span(&value, 1), IntegerReduction::sum);
    EXPECT_EQ(value, -2);
  });
}

TEST(Communicator, NobodyLeavesABarrierBeforeTheLastEnters) {
  for (const int size : {2, 3, 5, 8, 16}) {
    std::atomic<int> entered = 0;
    run_ranks(size, [&](Transport& transport) {
      Communicator team(transport, test::kTimeout);
      for (int round = 1; round <= 20; ++round) {
        if (transport.rank() == round % size) std::this_thread::sleep_for(1ms);
        ++entered;
        team.barrier();
        EXPECT_GE(entered, round * size);
        team.barrier();
      }
    });
  }
  test::for_each_mpi_team([](Team& team) {
    for (int round = 0; round < 20; ++round) team.barrier();
  });
}

TEST(Communicator, MixesCallsInAnyOrder) {
  for_each_team({2, 3, 5, 16}, [](Team& team) {
    for (int round = 0; round < 30; ++round) {
      const unsigned seed = static_cast<unsigned>(round);
      Bytes data = team.rank() == round % team.size() ? pattern(40, seed) : Bytes();
      team.broadcast(data, round % team.size());
      EXPECT_EQ(data, pattern(40, seed));
      EXPECT_EQ(sum_over(team, round), round * team.size());
      const std::vector<Bytes> all = team.all_gather(data);
      EXPECT_EQ(all.back(), data);
      const std::vector<Bytes> got = team.exchange(std::vector<Bytes>(at(team.size()), data));
      EXPECT_EQ(got.front(), data);
    }
  });
}

TEST(Communicator, ARankThatThrowsEndsTheOthersAtOnce) {
  for (const int size : {2, 3, 8}) {
    std::atomic<int> failed = 0;
    const auto run = [&] {
      run_ranks(size, [&](Transport& transport) {
        Communicator team(transport, test::kTimeout);
        team.barrier();
        if (transport.rank() == 1) throw DataError("rank 1's own");
        try {
          team.all_gather(pattern(10, 0));
          team.barrier();
        } catch (const MpiError&) {
          ++failed;
          throw;
        }
      });
    };
    EXPECT_THROW(run(), DataError);
    EXPECT_EQ(failed, size - 1);
  }
}

TEST(Communicator, ASilentRankIsNamedAfterTheTimeout) {
  const auto transports = make_thread_transports(2);
  Communicator team(*transports[0], 100ms);
  try {
    team.barrier();
    ADD_FAILURE() << "the barrier returned";
  } catch (const MpiError& e) {
    EXPECT_EQ(std::string(e.what()),
              "rank 1 (host " + host_name() + ") has not answered for 0.1 s (comm.timeout)");
  }
}

}  // namespace
}  // namespace lockstep::comm
