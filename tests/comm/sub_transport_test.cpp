#include "comm/sub_transport.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "comm/thread_transport.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep::comm {
namespace {

using test::kTimeout;

/// Ranks 0, 2, 4 and 1, 3 talk at the same time, with the same tags; then all of them.
TEST(SubTransport, GroupsTalkSideBySideAndThenTogether) {
  run_ranks(5, [](Transport& whole) {
    const int parity = whole.rank() % 2;
    std::vector<int> members;
    for (int rank = parity; rank < whole.size(); rank += 2) members.push_back(rank);
    SubTransport transport(whole, members);
    Communicator team(transport, kTimeout);
    EXPECT_EQ(team.size(), parity == 0 ? 3 : 2);
    EXPECT_EQ(team.rank(), whole.rank() / 2);
    for (int round = 0; round < 100; ++round) {
      EXPECT_EQ(sum_over(team, whole.rank()), parity == 0 ? 6 : 4);
      const std::vector<std::string> texts = all_gather_text(team, std::to_string(whole.rank()));
      EXPECT_EQ(texts.front(), std::to_string(parity));
    }
    Communicator everybody(whole, kTimeout);
    EXPECT_EQ(sum_over(everybody, whole.rank()), 10);
  });
}

TEST(SubTransport, ARankMayBeAlone) {
  run_ranks(3, [](Transport& whole) {
    SubTransport transport(whole, {whole.rank()});
    Communicator team(transport, kTimeout);
    EXPECT_EQ(team.size(), 1);
    EXPECT_EQ(sum_over(team, 7), 7);
  });
}

}  // namespace
}  // namespace lockstep::comm
