#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <vector>

#include "core/profile/column_profile.hpp"
#include "tests/core/distributed/profile_data.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep {
namespace {

using test::category;
using test::kMissing;
using test::Rows;

constexpr std::initializer_list<int> kTeams{1, 2, 3, 4, 7};

/// What is counted of column j, but for its fingerprint.
ColumnProfile by_definition(const Rows& rows, std::size_t j) {
  ColumnProfile profile;
  std::map<double, std::int64_t> counts;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double x = rows[i][j];
    if (std::isnan(x)) {
      ++profile.missing;
      if (!profile.first_missing) profile.first_missing = static_cast<Index>(i);
    } else {
      ++profile.present;
      ++counts[x];
    }
  }
  profile.stored = profile.present;
  for (const auto& [value, count] : counts) {
    if (2 * count <= profile.present) continue;
    profile.common = value;
    profile.common_count = count;
  }
  if (std::isnan(profile.common)) return profile;
  for (std::size_t i = 0; i < rows.size() && !profile.first_other; ++i) {
    if (!std::isnan(rows[i][j]) && rows[i][j] != profile.common) {
      profile.first_other = static_cast<Index>(i);
    }
  }
  return profile;
}

/// Columns of all kinds: a constant, one of few others, none, one of half, missing ones, ….
Rows odd_rows(Index count) {
  Rows rows;
  for (Index i = 0; i < count; ++i) {
    const auto x = static_cast<double>(i);
    rows.push_back({7, i == count / 2 ? 1.0 : -0.0, x, i % 2 == 0 ? 3.0 : x, kMissing,
                    i % 3 == 0 ? kMissing : 2.0, i % 3 == 0 ? x : 0.0, i % 3 == 2 ? 0.0 : 4.0});
  }
  return rows;
}

TEST(ColumnProfileOverRanks, IsTheDefinition) {
  for (const Index count : {1, 2, 10, 1003}) {
    const Rows rows = odd_rows(count);
    const std::vector<ColumnType> types(rows.front().size());
    test::for_each_team(kTeams, [&](Team& team) {
      for (const int threads : {1, 2}) {
        for (const bool all_on_last : {false, true}) {
          TableProfile found =
              profile_columns(team, test::share_of(team, rows, types, all_on_last), threads);
          for (std::size_t j = 0; j < types.size(); ++j) {
            found.columns[j].fingerprint = {};
            EXPECT_EQ(found.columns[j], by_definition(rows, j)) << j << " of " << count << " rows";
          }
        }
      }
    });
  }
}

TEST(ColumnProfileOverRanks, OfSparseRowsIsThatOfTheSameRowsDense) {
  Rows rows = odd_rows(1003);
  for (auto& row : rows) {
    for (double& x : row) x = std::isnan(x) ? 0 : x;
  }
  const std::vector<ColumnType> types(rows.front().size());
  test::for_each_team(kTeams, [&](Team& team) {
    const Table dense = test::share_of(team, rows, types);
    const TableProfile expected = profile_columns(team, dense, 1);
    TableProfile found = profile_columns(team, test::as_sparse(dense), 2);
    EXPECT_EQ(found.columns[4].stored, 0);
    EXPECT_EQ(found.columns[0].stored, 1003);
    for (std::size_t j = 0; j < types.size(); ++j) {
      found.columns[j].stored = expected.columns[j].stored;
      EXPECT_EQ(found.columns[j], expected.columns[j]) << j;
    }
  });
}

TEST(ColumnProfile, KnowsWhatIsNearlyConstant) {
  ColumnProfile profile;
  EXPECT_FALSE(profile.is_constant());
  EXPECT_FALSE(profile.is_nearly_constant(0.999));
  profile.present = 1000;
  profile.common_count = 999;
  EXPECT_TRUE(profile.is_nearly_constant(0.999));
  EXPECT_FALSE(profile.is_constant());
  profile.common_count = 998;
  EXPECT_FALSE(profile.is_nearly_constant(0.999));
  profile.common_count = 1000;
  EXPECT_TRUE(profile.is_constant());
}

/// a = c, where 0 has either sign; b = d by names of categories, not by their order; e is not.
Table twins(const Team& team, Index count) {
  Rows rows;
  for (Index i = 0; i < count; ++i) {
    const auto k = static_cast<double>(i % 3);
    const double x = i % 4 == 0 ? 0.0 : 1.0 / static_cast<double>(i);
    rows.push_back({x, k, x == 0 ? -0.0 : x, 2 - k, i % 3 == 1 ? 0.0 : k, 5, 5});
  }
  const ColumnType names = category({"p", "q", "r"});
  Table table = test::share_of(team, rows, {{}, names, {}, names, names, {}, {}});
  for (Index i = table.rows.begin; i < table.rows.end; ++i) {
    table.target.push_back(rows[static_cast<std::size_t>(i)][1]);
  }
  table.target_kind = TargetKind::classes;
  table.target_names = {"y"};
  table.class_names = {"no", "perhaps", "yes"};
  return table;
}

/// Whether x tells the rows apart as y does, by all pairs of rows.
bool are_alike(const Rows& rows, std::size_t x, std::size_t y) {
  for (const auto& a : rows) {
    for (const auto& b : rows) {
      if ((a[x] == b[x]) != (a[y] == b[y])) return false;
    }
  }
  return true;
}

/// By class: other numbers, of which one is −0 or 0; two classes alike; one row of another number;
/// a gap; a constant; numbers that are all different; the class itself, as a category.
Rows rows_of_classes(Index count, Index classes) {
  Rows rows;
  for (Index i = 0; i < count; ++i) {
    const Index y = (i * i + i / 3) % classes;
    const auto k = static_cast<double>(y);
    const double zero = i % 2 == 0 ? 0.0 : -0.0;
    rows.push_back({y == 1 ? zero : 9 - k, y == 1 ? 0.0 : k, i == count / 2 ? 99.0 : k,
                    i == count - 1 ? kMissing : k, 5, static_cast<double>(i), k, k});
  }
  return rows;
}

TEST(ClassValuesOverRanks, AreTheDefinition) {
  for (const Index count : {6, 40, 301}) {
    const Rows rows = rows_of_classes(count, 3);
    std::vector<ColumnType> types(rows.front().size());
    types[6] = category({"p", "q", "r"});
    test::for_each_team(kTeams, [&](Team& team) {
      for (const bool all_on_last : {false, true}) {
        Table table = test::share_of(team, rows, types, all_on_last);
        for (Index i = table.rows.begin; i < table.rows.end; ++i) {
          table.target.push_back(rows[static_cast<std::size_t>(i)].back());
        }
        table.target_kind = TargetKind::classes;
        table.target_names = {"y"};
        table.class_names = {"a", "b", "c"};
        const TableProfile profile = profile_columns(team, table, 2);
        for (std::size_t j = 0; j < types.size(); ++j) {
          const bool expected = j != 6 && are_alike(rows, j, rows.front().size() - 1);
          EXPECT_EQ(profile.columns[j].tells_classes, expected) << j << " of " << count << " rows";
        }
        EXPECT_EQ(columns_equal_to_target(table, profile),
                  (std::vector<EqualToTarget>{{0, 0}, {6, 0}, {7, 0}}));
        table.class_names.resize(static_cast<std::size_t>(count));  // a row a class proves nothing
        EXPECT_FALSE(profile_columns(team, table, 1).columns[0].tells_classes);
      }
    });
  }
}

TEST(EqualColumns, AreFoundByTheirCells) {
  test::for_each_team(kTeams, [&](Team& team) {
    Table table = twins(team, 1003);
    const TableProfile profile = profile_columns(team, table, 2);
    const std::vector<std::vector<Index>> expected{{0, 2}, {1, 3}};
    EXPECT_EQ(equal_columns(table, profile), expected);
    EXPECT_EQ(columns_equal_to_target(table, profile),
              (std::vector<EqualToTarget>{{1, 0}, {3, 0}}));
    EXPECT_TRUE(profile.targets_as_numbers.empty());

    // A column of numbers is the target where the classes are these numbers, or the target is.
    table.class_names = {"0", "0.5", "1"};
    table.feature_types[1] = {};
    for (std::size_t i = 0; i < table.target.size(); ++i) {
      std::get<Table::NumberValues>(table.values)[i * 7 + 1] = table.target[i] / 2;
    }
    const TableProfile numbers = profile_columns(team, table, 1);
    EXPECT_EQ(columns_equal_to_target(table, numbers),
              (std::vector<EqualToTarget>{{1, 0}, {3, 0}}));
    for (double& y : table.target) y /= 2;
    table.target_kind = TargetKind::number;
    table.target_names = {"y"};
    const TableProfile target = profile_columns(team, table, 1);
    EXPECT_EQ(columns_equal_to_target(table, target), (std::vector<EqualToTarget>{{1, 0}}));

    Table both = table;  // of two targets, the second
    both.target_names = {"z", "y"};
    both.target.clear();
    for (const double y : table.target) both.target.insert(both.target.end(), {y + 1000, y});
    EXPECT_EQ(columns_equal_to_target(both, profile_columns(team, both, 1)),
              (std::vector<EqualToTarget>{{1, 1}}));
  });
}

}  // namespace
}  // namespace lockstep
