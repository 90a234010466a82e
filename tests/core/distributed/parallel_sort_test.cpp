#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "core/parallel/fold.hpp"
#include "core/parallel/ranges.hpp"
#include "core/parallel/sort_over_ranks.hpp"
#include "tests/support/counting_team.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep {
namespace {

using Records = SortRecords;

enum class Keys { distinct, tied, constant, two_values, ascending, descending };

SortRecord record_at(Keys keys, Index row) {
  const auto i = static_cast<std::uint64_t>(row);
  switch (keys) {
    case Keys::distinct:
      return {i * 0x9E3779B97F4A7C15U, i};
    case Keys::tied:
      return {i * 7919 % 13, i};
    case Keys::constant:
      return {42, i};
    case Keys::two_values:
      return {i == 500 ? 1U : 0U, i};
    case Keys::ascending:
      return {i, i};
    case Keys::descending:
      return {~i, ~i};
  }
  return {};
}

Records records_of(Keys keys, Range rows) {
  Records records;
  for (Index row = rows.begin; row < rows.end; ++row) records.push_back(record_at(keys, row));
  return records;
}

/// How the rows are held before: evenly, all on the last rank, or more on each further rank.
enum class Held { evenly, all_on_last, unevenly };

Range rows_of_rank(Held held, Index total, const Team& team) {
  const Index rank = team.rank();
  const Index ranks = team.size();
  if (held == Held::evenly) return even_part(total, ranks, rank);
  if (held == Held::all_on_last) return {0, rank == ranks - 1 ? total : 0};
  return {total * rank * rank / (ranks * ranks), total * (rank + 1) * (rank + 1) / (ranks * ranks)};
}

RecordSource source_of(const Records& records) {
  return [&records](Index first, std::span<SortRecord> made) {
    std::copy_n(records.begin() + first, made.size(), made.begin());
  };
}

void expect_sorted(Team& team, const Records& mine, const Records& expected, int threads) {
  const auto total = static_cast<Index>(expected.size());
  const SortedSlice slice =
      sort_over_ranks(team, static_cast<Index>(mine.size()), source_of(mine), threads);
  EXPECT_EQ(slice.total(), total);
  EXPECT_EQ(slice.boundaries, RowBlocks(total).row_boundaries(team.size()));
  EXPECT_EQ(slice.positions, part_of(slice.boundaries, team.rank()));
  const std::span<const SortRecord> records = slice.records();
  EXPECT_EQ(static_cast<Index>(records.size()), slice.positions.size());
  EXPECT_TRUE(std::equal(records.begin(), records.end(), expected.begin() + slice.positions.begin));
  if (!slice.positions.empty()) {
    EXPECT_EQ(slice.at(slice.positions.end - 1), records.back());
  }
}

TEST(SortOverRanks, GivesEachRankItsSliceOfTheWholeSequence) {
  test::for_each_team({1, 2, 3, 4, 7, 16}, [](Team& team) {
    for (const Index total : {0, 1, 255, 257, 1003, 5000}) {
      for (const Keys keys : {Keys::distinct, Keys::tied, Keys::constant, Keys::two_values,
                              Keys::ascending, Keys::descending}) {
        Records expected = records_of(keys, {0, total});
        std::sort(expected.begin(), expected.end());
        for (const Held held : {Held::evenly, Held::all_on_last, Held::unevenly}) {
          SCOPED_TRACE(::testing::Message() << total << " rows, keys " << static_cast<int>(keys)
                                            << ", " << team.size() << " ranks");
          expect_sorted(team, records_of(keys, rows_of_rank(held, total, team)), expected, 1);
        }
      }
    }
  });
}

// So many that the threads share the work.
TEST(SortOverRanks, IsTheSameForAnyThreads) {
  test::for_each_team({1, 2, 3}, [](Team& team) {
    constexpr Index kTotal = 60000;
    for (const Keys keys : {Keys::distinct, Keys::tied, Keys::descending}) {
      Records expected = records_of(keys, {0, kTotal});
      std::sort(expected.begin(), expected.end());
      for (const int threads : {1, 2, 3}) {
        expect_sorted(team, records_of(keys, even_part(kTotal, team.size(), team.rank())), expected,
                      threads);
      }
    }
  });
}

// Records that are equal in key and payload cannot be told apart, but none is lost, and the shares
// stay even.
TEST(SortOverRanks, KeepsEqualRecords) {
  test::for_each_team({1, 2, 5}, [](Team& team) {
    const Range rows = even_part(3000, team.size(), team.rank());
    expect_sorted(team, Records(static_cast<std::size_t>(rows.size()), {7, 7}),
                  Records(3000, {7, 7}), 1);
    constexpr std::uint64_t kLast = ~std::uint64_t{0};
    expect_sorted(team, Records(static_cast<std::size_t>(rows.size()), {kLast, kLast}),
                  Records(3000, {kLast, kLast}), 1);
  });
}

// So many that a sample tells where the shares begin: it is never quite right.
TEST(SortOverRanks, DoesNotDependOnTheSample) {
  test::for_each_team({2, 3, 4, 7, 16}, [](Team& team) {
    const Index total = Index{8192} * team.size() + 5003;
    for (const Keys keys : {Keys::distinct, Keys::tied, Keys::constant, Keys::two_values,
                            Keys::ascending, Keys::descending}) {
      Records expected = records_of(keys, {0, total});
      std::sort(expected.begin(), expected.end());
      for (const Held held : {Held::evenly, Held::all_on_last, Held::unevenly}) {
        SCOPED_TRACE(::testing::Message()
                     << "keys " << static_cast<int>(keys) << ", " << team.size() << " ranks");
        const Records mine = records_of(keys, rows_of_rank(held, total, team));
        for (const int threads : {1, 2}) expect_sorted(team, mine, expected, threads);
      }
    }
  });
}

// All records that are looked at first have lower keys than the others, or higher ones: so nearly
// all of the records are expected at the wrong rank.
TEST(SortOverRanks, ToleratesASampleThatMisleads) {
  test::for_each_team({2, 3, 7}, [](Team& team) {
    const Index total = Index{8192} * team.size() + 77;
    const Range rows = even_part(total, team.size(), team.rank());
    const Records distinct = records_of(Keys::distinct, rows);
    std::vector<Index> looked_at;
    const auto noting = [&](Index first, std::span<SortRecord> made) {
      if (made.size() <= 8) {
        for (Index i = 0; i < static_cast<Index>(made.size()); ++i) looked_at.push_back(first + i);
      }
      source_of(distinct)(first, made);
    };
    sort_over_ranks(team, rows.size(), noting);
    for (const bool lower : {false, true}) {
      Records mine = distinct;
      for (SortRecord& record : mine) record.key = record.key >> 2U | std::uint64_t{1} << 62U;
      for (const Index i : looked_at) {
        SortRecord& record = mine[static_cast<std::size_t>(i)];
        record.key = lower ? record.key - (std::uint64_t{1} << 62U) : ~record.key;
      }
      Records expected;
      for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(mine)))) {
        const auto of_rank = FoldCodec<Records>::decode(bytes);
        expected.insert(expected.end(), of_rank.begin(), of_rank.end());
      }
      std::sort(expected.begin(), expected.end());
      expect_sorted(team, mine, expected, 1);
    }
  });
}

TEST(SortOverRanks, SendsNoMoreThanItSays) {
  test::for_each_thread_team({2, 4, 8}, [](Team& team) {
    constexpr Index kTotal = 100000;
    const auto ranks = static_cast<std::size_t>(team.size());
    for (const Keys keys : {Keys::distinct, Keys::constant, Keys::descending}) {
      test::CountingTeam counting(team);
      const Records mine = records_of(keys, even_part(kTotal, team.size(), team.rank()));
      sort_over_ranks(counting, static_cast<Index>(mine.size()), source_of(mine));
      EXPECT_LE(counting.exchanged(), 16 * (kTotal / ranks) * 11 / 10);
      EXPECT_LE(counting.gathered(), 16 * 4096 + 16 * 8 + 8 * ranks);
      EXPECT_EQ(counting.gathers(), 2);
      EXPECT_EQ(counting.reductions(), 1);
    }
  });
}

}  // namespace
}  // namespace lockstep
