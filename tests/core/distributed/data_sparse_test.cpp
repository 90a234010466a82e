// Tables of sparse values are what dense ones of the same numbers are.

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.hpp"
#include "core/data/data_hash.hpp"
#include "core/data/partition.hpp"
#include "core/data/splits.hpp"
#include "core/data/table.hpp"
#include "core/parallel/ranges.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep {
namespace {

using test::for_each_team;

constexpr Index kRows = 211;
constexpr Index kFeatures = 300;

/// Row i of the example, mostly zeros; some rows are all of them.
std::vector<double> numbers_of(Index i) {
  std::vector<double> row(kFeatures);
  RandomSequence draws(RandomStream(7, Purpose::synthetic), static_cast<std::uint64_t>(i));
  const auto cells = i % 10 == 3 ? 0 : i % 7 * 5;
  for (Index c = 0; c < cells; ++c) row[draws.below(kFeatures)] = draws.uniform(-1, 1);
  if (i % 50 == 0) row[1] = -0.0;
  return row;
}

Table example(Range rows, bool sparse) {
  Table table;
  table.rows = rows;
  table.total_rows = kRows;
  table.features = kFeatures;
  table.target_kind = TargetKind::number;
  table.target_names = {"y"};
  for (Index j = 0; j < kFeatures; ++j) table.feature_names.push_back("c" + std::to_string(j));
  SparseValues cells;
  Table::NumberValues dense;
  if (!rows.empty()) cells.begins.push_back(0);
  for (Index i = rows.begin; i < rows.end; ++i) {
    const std::vector<double> row = numbers_of(i);
    dense.insert(dense.end(), row.begin(), row.end());
    for (std::size_t j = 0; j < row.size(); ++j) {
      if (row[j] == 0 && !std::signbit(row[j])) continue;
      cells.columns.push_back(static_cast<std::uint32_t>(j));
      cells.numbers.push_back(row[j]);
    }
    cells.begins.push_back(cells.cells());
    table.target.push_back(static_cast<double>(i) / 8);
  }
  if (sparse) {
    table.values = std::move(cells);
  } else {
    table.values = std::move(dense);
  }
  return table;
}

TEST(DistributedSparse, RowsMoveWithTheirCells) {
  for_each_team({1, 2, 3, 4, 7, 16}, [](Team& team) {
    const std::vector<std::vector<Index>> sharings{
        even_boundaries(kRows, team.size()),
        [&] {
          std::vector<Index> all_on_last(static_cast<std::size_t>(team.size()), 0);
          all_on_last.push_back(kRows);
          return all_on_last;
        }(),
        [&] {
          std::vector<Index> all_on_first(static_cast<std::size_t>(team.size()) + 1, kRows);
          all_on_first.front() = 0;
          return all_on_first;
        }(),
    };
    for (const auto& from : sharings) {
      for (const auto& to : sharings) {
        const Table moved = move_rows(team, example(part_of(from, team.rank()), true), to);
        const Table expected = example(part_of(to, team.rank()), true);
        ASSERT_NE(moved.sparse(), nullptr);
        EXPECT_EQ(*moved.sparse(), *expected.sparse());
        EXPECT_EQ(moved.target, expected.target);
        EXPECT_EQ(moved.rows.begin, expected.rows.begin);
      }
    }
  });
}

TEST(DistributedSparse, HasTheFingerprintOfTheSameNumbersDense) {
  for_each_team({1, 2, 3, 4, 7, 16}, [](Team& team) {
    const Range mine = part_of(even_boundaries(kRows, team.size()), team.rank());
    EXPECT_EQ(data_hash(team, example(mine, true)), data_hash(team, example(mine, false)));
    // A number in another column is another table.
    Table changed = example(mine, true);
    if (!mine.empty() && mine.contains(1)) {
      auto& cells = std::get<SparseValues>(changed.values);
      const auto at =
          static_cast<std::size_t>(cells.begins[static_cast<std::size_t>(1 - mine.begin)]);
      cells.columns[at] += 1;
    }
    EXPECT_NE(data_hash(team, changed), data_hash(team, example(mine, false)));
  });
}

TEST(DistributedSparse, RowsAreSelectedAsOfDenseTables) {
  for_each_team({1, 2, 3, 7}, [](Team& team) {
    const Range mine = part_of(even_boundaries(kRows, team.size()), team.rank());
    std::vector<Index> locals;  // rank 1 keeps none
    for (Index i = 0; i < mine.size() && team.rank() != 1; i += 1 + i % 3) locals.push_back(i);
    const Table some = select_rows(team, example(mine, true), locals);
    const Table expected = select_rows(team, example(mine, false), locals);
    EXPECT_EQ(data_hash(team, some), data_hash(team, expected));
    EXPECT_EQ(some.rows, expected.rows);
    ASSERT_NE(some.sparse(), nullptr);
    EXPECT_EQ(some.sparse()->rows(), some.rows.size());
  });
}

TEST(DistributedSparse, RowsAreCopiedWithTheirZeros) {
  const Table sparse = example({0, kRows}, true);
  std::vector<double> row(kFeatures, 5);
  for (Index i = 0; i < kRows; ++i) {
    sparse.copy_row(i, row.data());
    ASSERT_EQ(row, numbers_of(i));
  }
}

}  // namespace
}  // namespace lockstep
