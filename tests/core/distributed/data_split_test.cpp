// Rows are split off by their hashes: the same ones on any number of ranks and threads, and those
// that sorting all hashes gives.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.hpp"
#include "core/data/data_hash.hpp"
#include "core/data/partition.hpp"
#include "core/data/split_categories.hpp"
#include "core/data/splits.hpp"
#include "core/parallel/ranges.hpp"
#include "tests/core/transform/tables.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep {
namespace {

using test::category;

constexpr std::initializer_list<int> kTeams{1, 2, 3, 4, 7};
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

Index class_of(Index row) { return row % 7 == 0 ? 2 : row % 3 == 0 ? 1 : 0; }

/// This rank's part of `rows` rows of two features, 10i and 10i + 1, as bytes or numbers.
Table table_of_rank(const Team& team, Index rows, bool bytes = false) {
  Table table;
  table.rows = even_part(rows, team.size(), team.rank());
  table.total_rows = rows;
  table.features = 2;
  table.feature_names = {"a", "b"};
  table.target_kind = TargetKind::classes;
  table.class_names = {"x", "y", "z"};
  table.target_names = {"kind"};
  if (bytes) table.values = Table::ByteValues();
  for (Index i = table.rows.begin; i < table.rows.end; ++i) {
    for (const Index value : {10 * i, 10 * i + 1}) {
      if (bytes) {
        std::get<Table::ByteValues>(table.values).push_back(static_cast<std::uint8_t>(value));
      } else {
        std::get<Table::NumberValues>(table.values).push_back(static_cast<double>(value));
      }
    }
    table.target.push_back(static_cast<double>(class_of(i)));
  }
  return table;
}

/// The part of each row by sorting all hashes, stratum by stratum.
std::vector<std::size_t> naive_parts(Index rows, std::uint64_t seed, const PartSizes& sizes) {
  std::vector<std::size_t> parts(static_cast<std::size_t>(rows));
  for (std::size_t s = 0; s < sizes.size(); ++s) {
    std::vector<std::pair<std::uint64_t, Index>> hashes;
    for (Index i = 0; i < rows; ++i) {
      if (sizes.size() > 1 && class_of(i) != static_cast<Index>(s)) continue;
      const auto row = static_cast<std::uint64_t>(i);
      hashes.emplace_back(RandomStream(seed, Purpose::split).words(row)[0] >> 16U, i);
    }
    std::sort(hashes.begin(), hashes.end());
    std::size_t next = 0;
    for (std::size_t part = 0; part < sizes[s].size(); ++part) {
      for (Index n = 0; n < sizes[s][part]; ++n) {
        parts[static_cast<std::size_t>(hashes[next++].second)] = part;
      }
    }
    EXPECT_EQ(next, hashes.size());
  }
  return parts;
}

TEST(SplitsOverRanks, AreThoseOfAllHashesSorted) {
  for (const Index rows : {3, 100, 1003}) {
    for (const bool stratified : {false, true}) {
      for (const std::uint64_t seed : {1U, 2U}) {
        test::for_each_team(kTeams, [&](Team& team) {
          const Table table = table_of_rank(team, rows);
          const PartSizes sizes =
              sizes_of_parts(rows_of_strata(team, table, stratified), {rows / 5, rows / 3});
          const auto expected = naive_parts(rows, seed, sizes);
          for (const int threads : {1, 2}) {
            const auto parts = parts_of_rows(team, table, seed, sizes, threads);
            const auto mine = expected.begin() + table.rows.begin;
            EXPECT_EQ(parts, std::vector<std::size_t>(mine, mine + table.rows.size()));
          }
        });
      }
    }
  }
}

TEST(SplitsOverRanks, ASelectionIsNumberedAgainAndRemembersWhatWasRead) {
  for (const bool bytes : {false, true}) {
    test::for_each_team(kTeams, [&](Team& team) {
      const Index rows = 203;
      const Table table = table_of_rank(team, rows, bytes);
      std::vector<Index> locals;  // every third row of all
      for (Index i = 0; i < table.rows.size(); ++i) {
        if ((table.rows.begin + i) % 3 == 1) locals.push_back(i);
      }
      Table some = select_rows(team, table, locals);
      EXPECT_EQ(some.total_rows, 68);
      const auto check = [&](const Table& t) {
        for (Index i = 0; i < t.rows.size(); ++i) {
          const Index number = 3 * (t.rows.begin + i) + 1;
          EXPECT_EQ(t.number_read(i), number);
          double row[2];
          t.copy_row(i, row);
          EXPECT_EQ(row[1], bytes ? static_cast<double>((10 * number + 1) % 256) / 255
                                  : static_cast<double>(10 * number + 1));
          EXPECT_EQ(t.target[static_cast<std::size_t>(i)], static_cast<double>(class_of(number)));
        }
      };
      check(some);
      EXPECT_EQ(some.class_names, table.class_names);
      EXPECT_EQ(some.target_name(), "kind");
      // Row numbers move with the rows, and the hash tells them from rows read alone.
      const std::string hash = data_hash(team, some);
      some = move_rows(team, std::move(some), even_boundaries(68, team.size()));
      EXPECT_EQ(some.rows.size(), even_part(68, team.size(), team.rank()).size());
      check(some);
      EXPECT_EQ(data_hash(team, some), hash);
      some.numbers_read.reset();
      EXPECT_NE(data_hash(team, some), hash);
    });
  }
}

TEST(SplitsOverRanks, CategoriesAreThoseOfTheRowsToTrainOn) {
  // Read together, the texts sort as such; without "n" they are numbers, and ascend.
  const std::vector<ColumnType> types{category({"10", "9", "n", "x"}), {}};
  const test::Rows train_rows{{1, 5}, {kMissing, 6}, {0, 7}, {0, 8}};
  const test::Rows test_rows{{0, 1}, {3, 2}, {kMissing, 3}, {2, 4}, {3, 9}};
  for (const auto unknown : {SplitOffCategory::kept, SplitOffCategory::missing}) {
    test::for_each_team(kTeams, [&](Team& team) {
      const auto share = [&](const test::Rows& rows) {
        return test::table_of(
            rows, even_part(static_cast<Index>(rows.size()), team.size(), team.rank()), types);
      };
      Table train = share(train_rows);
      Table test = share(test_rows);
      const auto found = narrow_categories(team, train, {&test}, {}, unknown);
      EXPECT_EQ(train.feature_types, (std::vector<ColumnType>{category({"9", "10"}), {}}));
      const bool kept = unknown == SplitOffCategory::kept;
      EXPECT_EQ(test.feature_types[0],
                kept ? category({"9", "10", "n", "x"}) : category({"9", "10"}));
      const std::vector<double> expected_train{0, kMissing, 1, 1};
      const std::vector<double> expected_test{1, kept ? 3 : kMissing, kMissing, kept ? 2 : kMissing,
                                              kept ? 3 : kMissing};
      const auto check = [&](const Table& table, const std::vector<double>& expected,
                             const test::Rows& rows) {
        for (Index i = 0; i < table.rows.size(); ++i) {
          double row[2];
          table.copy_row(i, row);
          const auto at = static_cast<std::size_t>(table.rows.begin + i);
          if (std::isnan(expected[at])) {
            EXPECT_TRUE(std::isnan(row[0])) << at;
          } else {
            EXPECT_EQ(row[0], expected[at]) << at;
          }
          EXPECT_EQ(row[1], rows[at][1]);
        }
      };
      check(train, expected_train, train_rows);
      check(test, expected_test, test_rows);
      ASSERT_EQ(found.size(), 1U);
      EXPECT_EQ(found[0].feature, 0U);
      EXPECT_EQ(found[0].cells, 3);
      EXPECT_EQ(found[0].first, "x");
      EXPECT_EQ(found[0].place, "row 2");
    });
  }
}

TEST(SplitsOverRanks, ACategoryThatAColumnHasAnywayStays) {
  test::for_each_team(kTeams, [&](Team& team) {
    const std::vector<ColumnType> types{category({"a", "b", "none"})};
    const auto share = [&](const test::Rows& rows) {
      return test::table_of(
          rows, even_part(static_cast<Index>(rows.size()), team.size(), team.rank()), types);
    };
    Table train = share({{1}, {1}});
    Table test = share({{2}, {0}});
    const auto found = narrow_categories(team, train, {&test}, {"none"}, SplitOffCategory::kept);
    EXPECT_EQ(train.feature_types[0], category({"b", "none"}));
    EXPECT_EQ(test.feature_types[0], category({"b", "none", "a"}));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].cells, 1);
    EXPECT_EQ(found[0].first, "a");
    // Where all occur nothing changes.
    EXPECT_TRUE(
        narrow_categories(team, train, {&train}, {"none"}, SplitOffCategory::missing).empty());
  });
}

}  // namespace
}  // namespace lockstep
