#include "comm/mpi_transport.hpp"

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "comm/communicator.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep::comm {
namespace {

using namespace std::chrono_literals;
using test::kTimeout;
using test::pattern;

int after(const Transport& t, int distance) { return (t.rank() + distance) % t.size(); }
int before(const Transport& t, int distance) {
  return (t.rank() + t.size() - distance % t.size()) % t.size();
}

std::string error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const MpiError& e) {
    return e.what();
  }
  return "no error";
}

TEST(MpiTransport, HasAHostForEveryRank) {
  const MpiTransport transport;
  EXPECT_EQ(transport.size(), test::world()->size());
  EXPECT_EQ(transport.rank(), test::world()->rank());
  EXPECT_EQ(transport.hosts(),
            std::vector<std::string>(static_cast<std::size_t>(transport.size()), host_name()));
  EXPECT_FALSE(transport.failed());
}

TEST(MpiTransport, MatchesTagsInAnyOrderAndKeepsTheOrderOfATag) {
  MpiTransport transport;
  const int to = after(transport, 1);
  const int from = before(transport, 1);
  // A ring, which also sends to itself with one rank. 100 000 bytes are not sent eagerly.
  const std::array<Bytes, 4> out{pattern(10, 1), pattern(100000, 2), pattern(10, 3), {}};
  std::array<Bytes, 4> in{Bytes(10), Bytes(100000), Bytes(10), Bytes(0)};
  std::array<RequestPtr, 8> requests{
      transport.send(to, 5, out[0]),     transport.send(to, 6, out[1]),
      transport.send(to, 5, out[2]),     transport.send(to, 4, out[3]),
      transport.receive(from, 4, in[3]), transport.receive(from, 6, in[1]),
      transport.receive(from, 5, in[0]), transport.receive(from, 5, in[2])};
  transport.wait(requests, kTimeout);
  EXPECT_TRUE(in == out);
  for (const RequestPtr& request : requests) EXPECT_EQ(request, nullptr);
  transport.wait(requests, kTimeout);  // nothing is left to wait for
}

TEST(MpiTransport, CutsLargeMessagesIntoPieces) {
  for (const std::size_t piece : {1U, 7U, 64U, 1000U}) {
    MpiTransport transport(piece);
    for (const std::size_t size : {0U, 1U, 63U, 64U, 65U, 128U, 1001U}) {
      Bytes in(size);
      Bytes second(size);
      const Bytes out = pattern(size, 1);
      const Bytes next = pattern(size, 2);
      std::array<RequestPtr, 4> requests{transport.receive(before(transport, 1), 3, in),
                                         transport.receive(before(transport, 1), 3, second),
                                         transport.send(after(transport, 1), 3, out),
                                         transport.send(after(transport, 1), 3, next)};
      transport.wait(requests, kTimeout);
      EXPECT_EQ(in, out);
      EXPECT_EQ(second, next);
    }
  }
}

TEST(MpiTransport, CarriesATeamInPieces) {
  MpiTransport transport(100);
  Communicator team(transport, kTimeout);
  const auto of_rank = [](int r) { return pattern(5000 + static_cast<std::size_t>(r), 7); };
  const std::vector<Bytes> all = team.all_gather(of_rank(team.rank()));
  for (int r = 0; r < team.size(); ++r) {
    EXPECT_TRUE(all[static_cast<std::size_t>(r)] == of_rank(r));
  }
}

TEST(MpiTransport, NamesASilentPeer) {
  MpiTransport transport;
  const int peer = after(transport, 1);
  Bytes message(5);
  const std::string error = error_of([&] {
    std::array<RequestPtr, 1> requests{transport.receive(peer, 1, message)};
    transport.wait(requests, 200ms);
  });
  EXPECT_EQ(error, "rank " + std::to_string(peer) + " (host " + host_name() +
                       ") has not answered for 0.2 s (comm.timeout)");
  EXPECT_TRUE(transport.failed());
}

TEST(MpiTransport, StartsTheTimeoutAnewWithEveryPiece) {
  MpiTransport transport;
  Communicator team(transport, kTimeout);
  team.barrier();
  // Four messages 150 ms apart: no pause is longer than the timeout, all of them together are.
  std::array<std::byte, 4> in{};
  const Bytes out = pattern(1, 0);
  if (transport.rank() == 0) {
    std::array<RequestPtr, 4> receives;
    for (std::size_t i = 0; i < 4; ++i) {
      receives[i] = transport.receive(transport.size() - 1, 1, std::span(&in[i], 1));
    }
    if (transport.size() > 1) transport.wait(receives, 400ms);
  }
  if (transport.rank() == transport.size() - 1) {
    for (int i = 0; i < 4; ++i) {
      if (transport.size() > 1) std::this_thread::sleep_for(150ms);
      std::array<RequestPtr, 1> sends{transport.send(0, 1, out)};
      transport.wait(sends, kTimeout);
    }
  }
  team.barrier();
}

TEST(MpiTransport, NamesAPeerThatSendsAnotherSize) {
  for (const std::size_t size : {3U, 9U}) {
    MpiTransport transport;
    const Bytes out = pattern(size, 1);
    Bytes in(8);
    const std::string error = error_of([&] {
      std::array<RequestPtr, 2> requests{transport.send(after(transport, 1), 1, out),
                                         transport.receive(before(transport, 1), 1, in)};
      transport.wait(requests, kTimeout);
    });
    EXPECT_EQ(error, "rank " + std::to_string(before(transport, 1)) + " (host " + host_name() +
                         ") sent " + (size == 3 ? "3" : "more") +
                         " bytes where 8 were expected: the ranks do not run the same program");
    Communicator(*test::world(), kTimeout).barrier();
  }
}

TEST(CheckMpi, NamesTheCall) {
  check_mpi(0, "MPI_Isend");
  const std::string error = error_of([] { check_mpi(1, "MPI_Isend"); });
  EXPECT_EQ(error.rfind("MPI_Isend failed: ", 0), 0U) << error;
}

}  // namespace
}  // namespace lockstep::comm
