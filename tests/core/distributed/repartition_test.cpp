#include "core/parallel/repartition.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "core/parallel/ranges.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep {
namespace {

using test::for_each_team;

/// Passes everything on, and notes the most bytes that this rank sent or received at once.
class MeteredTeam final : public Team {
 public:
  explicit MeteredTeam(Team& team) : team_(team) {}

  int rank() const override { return team_.rank(); }
  int size() const override { return team_.size(); }
  std::vector<Bytes> exchange(std::vector<Bytes> to) override {
    note(to);
    std::vector<Bytes> from = team_.exchange(std::move(to));
    note(from);
    ++rounds_;
    return from;
  }
  void exchange_into(std::span<const std::span<const std::byte>> to,
                     std::span<const std::span<std::byte>> from) override {
    team_.exchange_into(to, from);
  }
  std::vector<Bytes> all_gather(std::span<const std::byte> mine) override {
    return team_.all_gather(mine);
  }
  void broadcast(Bytes& data, int root) override { team_.broadcast(data, root); }
  void all_reduce(std::span<std::int64_t> values, IntegerReduction how) override {
    team_.all_reduce(values, how);
  }
  void barrier() override { team_.barrier(); }

  std::size_t most_bytes() const { return most_bytes_; }
  int rounds() const { return rounds_; }

 private:
  void note(const std::vector<Bytes>& messages) {
    std::size_t bytes = 0;
    for (const Bytes& message : messages) bytes += message.size();
    most_bytes_ = std::max(most_bytes_, bytes);
  }

  Team& team_;
  std::size_t most_bytes_ = 0;
  int rounds_ = 0;
};

/// Rows whose bytes tell their numbers.
Bytes rows_of(Range rows, Index row_bytes) {
  Bytes bytes;
  for (Index row = rows.begin; row < rows.end; ++row) {
    const Bytes one =
        test::pattern(static_cast<std::size_t>(row_bytes), static_cast<unsigned>(row));
    bytes.insert(bytes.end(), one.begin(), one.end());
  }
  return bytes;
}

void expect_moved(Team& team, const std::vector<Index>& from, const std::vector<Index>& to,
                  Index row_bytes, Index round_bytes) {
  Bytes before = rows_of(part_of(from, team.rank()), row_bytes);
  const Bytes expected = rows_of(part_of(to, team.rank()), row_bytes);
  Bytes after(expected.size());
  repartition(team, from, to, before, row_bytes, after, round_bytes);
  EXPECT_TRUE(after == expected);
}

/// All rows on one rank.
std::vector<Index> all_on(int owner, Index rows, int ranks) {
  std::vector<Index> boundaries;
  for (int r = 0; r <= ranks; ++r) boundaries.push_back(r <= owner ? 0 : rows);
  return boundaries;
}

TEST(Repartition, MovesRowsBetweenAnyBoundaries) {
  for_each_team({1, 2, 3, 4, 7, 16}, [](Team& team) {
    const int last = team.size() - 1;
    const std::vector<std::vector<Index>> boundaries{
        even_boundaries(29, team.size()), all_on(0, 29, team.size()), all_on(last, 29, team.size()),
        all_on(last / 2, 29, team.size())};
    for (const std::vector<Index>& from : boundaries) {
      for (const std::vector<Index>& to : boundaries) {
        expect_moved(team, from, to, 5, kRepartitionRoundBytes);
        expect_moved(team, from, to, 5, 17);  // three rows at a time
        expect_moved(team, from, to, 5, 1);   // one row at a time, at least
      }
    }
  });
}

TEST(Repartition, MovesRandomPartsOfRows) {
  for_each_team({2, 3, 5, 8}, [](Team& team) {
    std::uint64_t state = 1;
    const auto draw = [&](Index n) {  // Lehmer's generator
      state = state * 48271 % 2147483647;
      return static_cast<Index>(state) % n;
    };
    const auto boundaries = [&](Index rows) {
      std::vector<Index> result{0, rows};
      for (int r = 1; r < team.size(); ++r) result.push_back(draw(rows + 1));
      std::sort(result.begin(), result.end());
      return result;
    };
    for (int i = 0; i < 50; ++i) {
      const Index rows = 1 + draw(60);
      const std::vector<Index> from = boundaries(rows);
      const std::vector<Index> to = boundaries(rows);
      expect_moved(team, from, to, 1 + draw(9), 1 + draw(100));
    }
  });
}

TEST(Repartition, MovesMoreThanIsCopiedAtATime) {
  constexpr Index kRowBytes = 1000;
  constexpr Index kRows = 120001;
  const auto fill = [](Bytes& rows, Range range) {
    rows.resize(static_cast<std::size_t>(range.size() * kRowBytes));
    for (Index row = range.begin; row < range.end; ++row) {
      const auto at = static_cast<std::ptrdiff_t>((row - range.begin) * kRowBytes);
      std::fill_n(rows.begin() + at, kRowBytes, static_cast<std::byte>(row % 251));
      std::memcpy(&rows[static_cast<std::size_t>(at)], &row, sizeof(row));
    }
  };
  for_each_team({1, 2, 3}, [&](Team& team) {
    std::vector<Index> from = even_boundaries(kRows, team.size());
    std::vector<Index> to = from;
    for (std::size_t r = 1; r + 1 < to.size(); ++r) to[r] += r % 2 == 0 ? -7000 : 7001;
    Bytes rows;
    Bytes expected;
    fill(rows, part_of(from, team.rank()));
    fill(expected, part_of(to, team.rank()));
    Bytes moved(expected.size());
    repartition(team, from, to, rows, kRowBytes, moved);
    EXPECT_TRUE(moved == expected);
  });
}

TEST(Repartition, HandlesNoRows) {
  for_each_team({1, 3}, [](Team& team) {
    const std::vector<Index> none = even_boundaries(0, team.size());
    repartition(team, none, none, {}, 8, {});
  });
}

TEST(Repartition, KeepsRowsWithoutCommunication) {
  for_each_team({1, 4}, [](Team& team) {
    MeteredTeam metered(team);
    const std::vector<Index> boundaries = even_boundaries(10, team.size());
    expect_moved(metered, boundaries, boundaries, 3, 3);
    EXPECT_EQ(metered.rounds(), 0);
  });
}

TEST(Repartition, BoundsWhatIsUnderWay) {
  for_each_team({2, 4, 9}, [](Team& team) {
    const Index row_bytes = 10;
    const Index round_bytes = 100;  // enough for a row of each rank
    const std::vector<std::vector<Index>> boundaries{even_boundaries(400, team.size()),
                                                     all_on(0, 400, team.size())};
    for (const std::vector<Index>& from : boundaries) {
      for (const std::vector<Index>& to : boundaries) {
        MeteredTeam metered(team);
        expect_moved(metered, from, to, row_bytes, round_bytes);
        EXPECT_LE(metered.most_bytes(), static_cast<std::size_t>(round_bytes));
      }
    }
  });
}

}  // namespace
}  // namespace lockstep
