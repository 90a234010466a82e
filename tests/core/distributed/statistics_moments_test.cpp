#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include "core/data/table.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/statistics/moments.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep {
namespace {

constexpr Index kFeatures = 3;

/// Column 0 has rounding in every sum, column 1 is constant, column 2 a trend, so that the
/// means of neighbouring blocks lie far apart and the order of every merge shows in the bits.
double value_at(Index row, Index column) {
  if (column == 1) return 0.1;
  const double x = static_cast<double>(row * 7919 % 1009) * 0.001;
  return column == 0 ? x : 0.1 * static_cast<double>(row) * static_cast<double>(row) + x;
}

double target_at(Index row) { return static_cast<double>(row * 31 % 17) / 3; }

/// The rows between two boundaries.
Table numbers_table(Index total_rows, Range rows) {
  Table table;
  table.rows = rows;
  table.total_rows = total_rows;
  table.features = kFeatures;
  Table::NumberValues values;
  for (Index i = rows.begin; i < rows.end; ++i) {
    for (Index j = 0; j < kFeatures; ++j) values.push_back(value_at(i, j));
    table.target.push_back(target_at(i));
    table.target.push_back(value_at(i, 0));
  }
  table.values = values;
  table.target_kind = TargetKind::number;
  table.target_names = {"y", "z"};
  return table;
}

/// The definition, written down without ranks: rows in order inside blocks, blocks along the tree.
template <class Value>
ColumnMoments reference(Index total_rows, Index first_block, Index span, const Value& value) {
  if (first_block >= RowBlocks(total_rows).count()) return {};
  if (span > 1) {
    return merge(reference(total_rows, first_block, span / 2, value),
                 reference(total_rows, first_block + span / 2, span / 2, value));
  }
  ColumnMoments moments;
  const Range rows = RowBlocks(total_rows).rows(first_block);
  for (Index i = rows.begin; i < rows.end; ++i) moments.add(value(i));
  return moments;
}

/// The rows of this rank: even shares, or all that exist but none for the first ranks.
Range rows_of_rank(const Team& team, Index total_rows, bool all_on_last) {
  const std::vector<Index> even = RowBlocks(total_rows).row_boundaries(team.size());
  if (!all_on_last) {
    return {even[static_cast<std::size_t>(team.rank())],
            even[static_cast<std::size_t>(team.rank()) + 1]};
  }
  return {0, team.rank() == team.size() - 1 ? total_rows : 0};
}

TEST(ColumnMomentsOverRanks, HaveTheBitsOfTheDefinition) {
  test::for_each_team({1, 2, 3, 5, 8, 16}, [](Team& team) {
    for (const Index total_rows : {1, 255, 256, 257, 1003, 5000}) {
      for (const bool all_on_last : {false, true}) {
        const Table table = numbers_table(total_rows, rows_of_rank(team, total_rows, all_on_last));
        const std::vector<ColumnMoments> moments = column_moments(team, table);
        EXPECT_EQ(moments.size(), static_cast<std::size_t>(kFeatures));
        for (Index j = 0; j < kFeatures; ++j) {
          const auto column = [&](Index row) { return value_at(row, j); };
          EXPECT_EQ(moments[static_cast<std::size_t>(j)], reference(total_rows, 0, 64, column))
              << total_rows << " rows, column " << j << ", " << team.size() << " ranks";
        }
        EXPECT_EQ(moments[1].m2, 0);
        const auto first = [](Index row) { return value_at(row, 0); };
        EXPECT_EQ(target_moments(team, table),
                  (std::vector<ColumnMoments>{reference(total_rows, 0, 64, target_at),
                                              reference(total_rows, 0, 64, first)}));
      }
    }
  });
}

TEST(ColumnMomentsOverRanks, OfNoRows) {
  test::for_each_team({1, 3}, [](Team& team) {
    const Table table = numbers_table(0, {0, 0});
    EXPECT_EQ(column_moments(team, table), std::vector<ColumnMoments>(kFeatures));
    EXPECT_EQ(target_moments(team, table), std::vector<ColumnMoments>(2));
  });
}

TEST(ColumnMomentsOverRanks, BytesCountAsParts255) {
  test::for_each_team({1, 2, 4}, [](Team& team) {
    constexpr Index kRows = 600;
    Table bytes;
    bytes.total_rows = kRows;
    bytes.rows = rows_of_rank(team, kRows, false);
    bytes.features = 1;
    Table::ByteValues values;
    for (Index i = bytes.rows.begin; i < bytes.rows.end; ++i) {
      values.push_back(static_cast<std::uint8_t>(i % 256));
    }
    bytes.values = values;
    const auto part = [](Index row) { return static_cast<double>(row % 256) / 255; };
    EXPECT_EQ(column_moments(team, bytes).at(0), reference(kRows, 0, 4, part));
  });
}

}  // namespace
}  // namespace lockstep
