#include "core/data/columns.hpp"

#include <gtest/gtest.h>

namespace lockstep {
namespace {

Table example() {
  Table table;
  table.rows = {4, 6};
  table.total_rows = 9;
  table.features = 2;
  table.values = Table::NumberValues{1, 2, 3, 4};
  table.feature_names = {"a", "b"};
  table.target_kind = TargetKind::classes;
  table.target_name = "y";
  table.target = {1, 0};
  table.class_names = {"no", "yes"};
  return table;
}

TEST(Columns, EndWithTheTarget) {
  const Columns columns = columns_of(example());
  EXPECT_EQ(columns.names, (std::vector<std::string>{"a", "b", "y"}));
  EXPECT_EQ(columns.types,
            (std::vector<ColumnType>{{}, {}, {ColumnKind::category, {"no", "yes"}}}));
  EXPECT_EQ(columns.target, 2);
  EXPECT_EQ(columns.values.rows, (Range{4, 6}));
  EXPECT_EQ(columns.values.total_rows, 9);
  EXPECT_EQ(columns.values.values, (AlignedVector<double>{1, 2, 1, 3, 4, 0}));
}

TEST(Columns, OfBytesAreParts255) {
  Table table;
  table.rows = {0, 1};
  table.total_rows = 1;
  table.features = 2;
  table.values = Table::ByteValues{0, 51};
  table.feature_names = {"p0", "p1"};
  const Columns columns = columns_of(table);
  EXPECT_EQ(columns.values.values, (AlignedVector<double>{0, 0.2}));
  EXPECT_FALSE(columns.target.has_value());
}

TEST(Columns, CanBeSelectedInAnyOrder) {
  const Columns columns = columns_of(example());
  const Columns some = selected(columns, {2, 0});
  EXPECT_EQ(some.names, (std::vector<std::string>{"y", "a"}));
  EXPECT_EQ(some.types[0].categories.size(), 2U);
  EXPECT_EQ(some.target, 0);
  EXPECT_EQ(some.values.values, (AlignedVector<double>{1, 1, 0, 3}));
  EXPECT_FALSE(selected(columns, {1}).target.has_value());
}

}  // namespace
}  // namespace lockstep
