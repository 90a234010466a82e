#include "comm/thread_transport.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <stdexcept>
#include <thread>

#include "core/parallel/team.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep::comm {
namespace {

using namespace std::chrono_literals;
using test::kTimeout;
using test::pattern;

void finish(Transport& transport, RequestPtr request,
            std::chrono::milliseconds timeout = kTimeout) {
  std::array<RequestPtr, 1> requests{std::move(request)};
  transport.wait(requests, timeout);
  EXPECT_EQ(requests[0], nullptr);
}

std::string error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const MpiError& e) {
    return e.what();
  }
  return "no error";
}

TEST(ThreadTransport, KnowsRanksAndSize) {
  const auto transports = make_thread_transports(16);
  ASSERT_EQ(transports.size(), 16U);
  for (int r = 0; r < 16; ++r) {
    EXPECT_EQ(transports[static_cast<std::size_t>(r)]->rank(), r);
    EXPECT_EQ(transports[static_cast<std::size_t>(r)]->size(), 16);
  }
}

TEST(ThreadTransport, KeepsTheOrderOfATagAndSeparatesTags) {
  const auto ranks = make_thread_transports(2);
  for (const unsigned message : {1U, 2U, 3U}) {
    finish(*ranks[0], ranks[0]->send(1, 7, pattern(10, message)));
  }
  finish(*ranks[0], ranks[0]->send(1, 8, pattern(20, 4)));

  Bytes other_tag(20);
  finish(*ranks[1], ranks[1]->receive(0, 8, other_tag));  // the last one first
  EXPECT_EQ(other_tag, pattern(20, 4));
  Bytes first(10);
  Bytes second(10);
  Bytes third(10);
  std::array<RequestPtr, 3> requests{ranks[1]->receive(0, 7, first),
                                     ranks[1]->receive(0, 7, second),
                                     ranks[1]->receive(0, 7, third)};
  ranks[1]->wait(requests, kTimeout);
  EXPECT_EQ(first, pattern(10, 1));
  EXPECT_EQ(second, pattern(10, 2));
  EXPECT_EQ(third, pattern(10, 3));
}

TEST(ThreadTransport, MatchesReceivesThatWereStartedBeforeTheMessages) {
  const auto ranks = make_thread_transports(2);
  Bytes first(4);
  Bytes second(4);
  std::array<RequestPtr, 2> requests{ranks[1]->receive(0, 7, first),
                                     ranks[1]->receive(0, 7, second)};
  finish(*ranks[0], ranks[0]->send(1, 7, pattern(4, 1)));
  finish(*ranks[0], ranks[0]->send(1, 7, pattern(4, 2)));
  ranks[1]->wait(requests, kTimeout);
  EXPECT_EQ(first, pattern(4, 1));
  EXPECT_EQ(second, pattern(4, 2));
}

TEST(ThreadTransport, SendsToItselfAndSendsNothing) {
  const auto ranks = make_thread_transports(1);
  finish(*ranks[0], ranks[0]->send(0, 1, pattern(5, 9)));
  finish(*ranks[0], ranks[0]->send(0, 1, {}));
  Bytes message(5);
  finish(*ranks[0], ranks[0]->receive(0, 1, message));
  finish(*ranks[0], ranks[0]->receive(0, 1, {}));
  EXPECT_EQ(message, pattern(5, 9));
}

TEST(ThreadTransport, NamesASilentPeer) {
  const auto ranks = make_thread_transports(3);
  Bytes message(5);
  EXPECT_EQ(error_of([&] { finish(*ranks[0], ranks[0]->receive(2, 1, message), 200ms); }),
            "rank 2 (host " + host_name() + ") has not answered for 0.2 s (comm.timeout)");
}

TEST(ThreadTransport, ForgetsAReceiveThatWasGivenUp) {
  const auto ranks = make_thread_transports(2);
  {
    Bytes message(5);
    EXPECT_NE(error_of([&] { finish(*ranks[0], ranks[0]->receive(1, 1, message), 1ms); }),
              "no error");
  }
  finish(*ranks[1], ranks[1]->send(0, 1, pattern(5, 3)));
  Bytes message(5);
  finish(*ranks[0], ranks[0]->receive(1, 1, message));
  EXPECT_EQ(message, pattern(5, 3));
}

TEST(ThreadTransport, DeliversWhatAPeerSentBeforeItEndedAndThenNamesIt) {
  auto ranks = make_thread_transports(2);
  finish(*ranks[1], ranks[1]->send(0, 1, pattern(5, 3)));
  ranks[1].reset();
  Bytes message(5);
  finish(*ranks[0], ranks[0]->receive(1, 1, message));
  EXPECT_EQ(message, pattern(5, 3));
  const std::string gone = "rank 1 (host " + host_name() + ") is gone: it ended before the others";
  EXPECT_EQ(error_of([&] { finish(*ranks[0], ranks[0]->receive(1, 1, message)); }), gone);
  EXPECT_EQ(error_of([&] { finish(*ranks[0], ranks[0]->send(1, 1, message)); }), gone);
}

TEST(ThreadTransport, NamesAPeerThatSendsAnotherSize) {
  for (const bool receive_first : {false, true}) {
    const auto ranks = make_thread_transports(2);
    Bytes expected(8);
    RequestPtr receive;
    if (receive_first) receive = ranks[0]->receive(1, 1, expected);
    finish(*ranks[1], ranks[1]->send(0, 1, pattern(3, 1)));
    if (!receive_first) receive = ranks[0]->receive(1, 1, expected);
    EXPECT_EQ(error_of([&] { finish(*ranks[0], std::move(receive)); }),
              "rank 1 (host " + host_name() +
                  ") sent 3 bytes where 8 were expected: the ranks do not run the same program");
  }
}

TEST(ThreadTransport, AbortEndsTheProcessWithTheCode) {
  EXPECT_EXIT(make_thread_transports(2)[1]->abort(71), testing::ExitedWithCode(71), "");
}

TEST(RunRanks, RunsEveryRankOnceAtTheSameTime) {
  std::atomic<int> sum = 0;
  run_ranks(16, [&](Transport& transport) {
    // A ring would hang if the ranks ran one after another.
    const int p = transport.size();
    std::byte token{};
    std::array<RequestPtr, 2> requests{
        transport.receive((transport.rank() + p - 1) % p, 0, std::span(&token, 1)),
        transport.send((transport.rank() + 1) % p, 0, pattern(1, 0))};
    transport.wait(requests, kTimeout);
    sum += transport.rank();
  });
  EXPECT_EQ(sum, 120);
}

TEST(RunRanks, RethrowsTheFirstExceptionAndHangsNobody) {
  std::atomic<int> told = 0;
  const auto run = [&] {
    run_ranks(5, [&](Transport& transport) {
      if (transport.rank() == 3) throw std::invalid_argument("rank 3's own");
      std::byte token{};
      // Rank 3 is gone; who waits for another waiting rank learns it from that one.
      const int from = (transport.rank() + 1) % transport.size();
      const std::string message =
          error_of([&] { finish(transport, transport.receive(from, 0, std::span(&token, 1))); });
      EXPECT_EQ(message, "rank " + std::to_string(from) + " (host " + host_name() +
                             ") is gone: it ended before the others");
      ++told;
      throw MpiError(message);
    });
  };
  EXPECT_THROW(run(), std::invalid_argument);
  EXPECT_EQ(told, 4);
}

}  // namespace
}  // namespace lockstep::comm
