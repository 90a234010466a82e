#include "core/parallel/team.hpp"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

#include "core/base/error.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep {
namespace {

using test::for_each_team;

/// What guard throws when `work` is run; code ok and no message when it throws nothing.
struct Outcome {
  ExitCode code = ExitCode::ok;
  std::string message;
};

Outcome outcome_of(Team& team, const std::function<void()>& work) {
  try {
    guard(team, "loading rows", work);
  } catch (const CollectiveError& e) {
    return {e.exit_code(), e.what()};
  }
  return {};
}

std::string by_rank(int rank) {
  return " (rank " + std::to_string(rank) + " on " + host_name() + ")";
}

TEST(Guard, RunsTheWorkOnEveryRank) {
  for_each_team({1, 2, 5}, [](Team& team) {
    std::int64_t done = 0;
    EXPECT_EQ(outcome_of(team, [&] { done = 1; }).code, ExitCode::ok);
    EXPECT_EQ(sum_over(team, done), team.size());
  });
}

TEST(Guard, ThrowsTheErrorOfTheLowestFailingRankOnAll) {
  for_each_team({2, 3, 4, 7}, [](Team& team) {
    const Outcome outcome = outcome_of(team, [&] {
      if (team.rank() == 1) throw MissingInputError("iris.csv: no such file");
      if (team.rank() > 1) throw DataError("another error");
    });
    if (team.size() == 1) return;
    EXPECT_EQ(outcome.code, ExitCode::missing_input);
    EXPECT_EQ(outcome.message, "iris.csv: no such file" + by_rank(1));
  });
}

TEST(Guard, NamesNoRankWhenAllFailAlike) {
  for_each_team({1, 2, 4}, [](Team& team) {
    const Outcome outcome =
        outcome_of(team, [] { throw MissingInputError("iris.csv: no such file"); });
    EXPECT_EQ(outcome.code, ExitCode::missing_input);
    EXPECT_EQ(outcome.message, "iris.csv: no such file");
  });
}

TEST(Guard, GivesTheProblemWithoutTheRank) {
  for_each_team({1, 3}, [](Team& team) {
    std::string problem;
    try {
      guard(team, "loading rows", [&] {
        if (team.rank() == 0) throw DataError("iris.csv: empty file");
      });
    } catch (const CollectiveError& error) {
      problem = error.problem();
    }
    EXPECT_EQ(problem, "iris.csv: empty file");
  });
}

TEST(Guard, NamesTheRankWhenAllFailDifferently) {
  for_each_team({2, 3}, [](Team& team) {
    const Outcome outcome =
        outcome_of(team, [&] { throw DataError("row " + std::to_string(team.rank())); });
    EXPECT_EQ(outcome.code, ExitCode::bad_data);
    EXPECT_EQ(outcome.message, team.size() == 1 ? "row 0" : "row 0" + by_rank(0));
  });
}

TEST(Guard, SaysWhatItWasDoingWhenMemoryRunsOut) {
  for_each_team({1, 3}, [](Team& team) {
    const Outcome outcome = outcome_of(team, [] { throw std::bad_alloc(); });
    EXPECT_EQ(outcome.code, ExitCode::system);
    EXPECT_EQ(outcome.message, "out of memory while loading rows");
  });
}

TEST(Guard, CallsOtherExceptionsInternalErrors) {
  for_each_team({1, 3}, [](Team& team) {
    const Outcome known = outcome_of(team, [] { throw std::logic_error("no such layer"); });
    EXPECT_EQ(known.code, ExitCode::internal);
    EXPECT_EQ(known.message, "internal error while loading rows: no such layer");
    const Outcome unknown = outcome_of(team, [] { throw 1; });
    EXPECT_EQ(unknown.code, ExitCode::internal);
    EXPECT_EQ(unknown.message, "internal error while loading rows");
  });
}

TEST(Guard, LeavesTheTeamUsable) {
  for_each_team({1, 4}, [](Team& team) {
    const int last = team.size() - 1;
    for (int i = 0; i < 3; ++i) {
      const Outcome outcome = outcome_of(team, [&] {
        if (team.rank() == last) throw IoError("disk full");
      });
      EXPECT_EQ(outcome.message, team.size() == 1 ? "disk full" : "disk full" + by_rank(last));
      EXPECT_EQ(sum_over(team, 1), team.size());
    }
  });
}

TEST(Team, CombinesOneIntegerOverTheRanks) {
  for_each_team({1, 2, 3, 8}, [](Team& team) {
    const std::int64_t p = team.size();
    const std::int64_t r = team.rank();
    EXPECT_EQ(sum_over(team, r + 1), p * (p + 1) / 2);
    EXPECT_EQ(min_over(team, 5 - r), 6 - p);
    EXPECT_EQ(max_over(team, -r), 0);
  });
}

TEST(Team, ScansWithoutTheOwnValue) {
  for_each_team({1, 2, 3, 6}, [](Team& team) {
    const std::int64_t r = team.rank();
    EXPECT_EQ(exclusive_scan(team, 2 * r + 1), r * r);  // 1 + 3 + … + (2r − 1)
  });
}

TEST(Team, BroadcastsTextFromAnyRoot) {
  for_each_team({1, 2, 5}, [](Team& team) {
    for (int root = 0; root < team.size(); ++root) {
      const std::string sent = "[data]\ntarget = größe " + std::to_string(root);
      std::string text = team.rank() == root ? sent : "to be overwritten";
      broadcast_text(team, text, root);
      EXPECT_EQ(text, sent);
    }
    std::string empty = team.rank() == 0 ? "" : "x";
    broadcast_text(team, empty, 0);
    EXPECT_EQ(empty, "");
  });
}

TEST(Team, GathersTextInRankOrder) {
  for_each_team({1, 2, 5}, [](Team& team) {
    const auto of_rank = [](int r) { return std::string(static_cast<std::size_t>(r), 'x'); };
    const std::vector<std::string> texts = all_gather_text(team, of_rank(team.rank()));
    EXPECT_EQ(static_cast<int>(texts.size()), team.size());
    for (int r = 0; r < team.size(); ++r) EXPECT_EQ(texts[static_cast<std::size_t>(r)], of_rank(r));
  });
}

TEST(HostName, IsNotEmpty) { EXPECT_FALSE(host_name().empty()); }

}  // namespace
}  // namespace lockstep
