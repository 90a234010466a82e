#include "core/transform/examples.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "tests/core/transform/tables.hpp"

namespace lockstep {
namespace {

using test::category;
using test::message_of;
using test::Rows;
using test::table_of;
using test::whole_table;

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// Numbers as they are and one-hot categories.
FeatureTransform plain(const Table& table) {
  std::vector<ColumnTransform> columns;
  for (const ColumnType& type : table.feature_types) {
    ColumnTransform column;
    if (type.kind == ColumnKind::category) {
      column.encoding = Encoding::onehot;
      column.size = static_cast<Index>(type.categories.size());
    }
    columns.push_back(column);
  }
  return {schema_of(table), std::move(columns)};
}

TEST(Examples, HaveTheFeaturesOfTheirRowsAndZerosBehind) {
  Rows rows;
  for (int i = 0; i < 1000; ++i) rows.push_back({i * 0.5, static_cast<double>(i % 3)});
  const Table table = table_of(rows, {300, 1000}, {{}, category({"p", "q", "r"})});
  for (const int threads : {1, 2, 3}) {
    const auto examples = make_examples<float>(table, plain(table), {}, threads);
    EXPECT_EQ(examples.features, 4);
    EXPECT_EQ(examples.rows, (Range{300, 1000}));
    EXPECT_EQ(examples.total_rows, 1000);
    for (Index i = 0; i < 700; ++i) {
      const float* row = examples.row(i);
      EXPECT_EQ(row[0], 0.5F * static_cast<float>(i + 300));
      for (Index k = 0; k < 3; ++k) EXPECT_EQ(row[1 + k], (i + 300) % 3 == k ? 1 : 0);
      for (Index k = 4; k < examples.stride; ++k) EXPECT_EQ(row[k], 0);
    }
  }
}

TEST(Examples, ScaleTheTargetAndKeepItToo) {
  Table table = whole_table({{1}, {2}}, {{}});
  table.target_kind = TargetKind::number;
  table.target = {10, 30};
  const auto examples = make_examples<double>(table, plain(table), {Scaling::standard, 20, 5}, 1);
  EXPECT_EQ(examples.targets, (std::vector<double>{-2, 2}));
  EXPECT_EQ(examples.actual_targets, (std::vector<double>{10, 30}));
}

TEST(Examples, NameTheFirstRowThatCannotBeUsed) {
  const auto message = [](const Table& table) {
    return message_of([&] { make_examples<float>(table, plain(table), {}, 2); });
  };
  Rows rows(1000, {1, 2});
  rows[900][1] = kMissing;
  rows[700][1] = kMissing;
  EXPECT_EQ(message(table_of(rows, {500, 1000}, {{}, {}})), "row 701: missing value in column 'b'");
  rows[600][0] = 1e39;
  EXPECT_EQ(message(table_of(rows, {500, 1000}, {{}, {}})),
            "row 601: the value in column 'a' is too large for train.precision = float; scale the "
            "column or set double");
  Table table = whole_table({{1}, {2}}, {{}});
  table.target_kind = TargetKind::number;
  table.target_name = "price";
  table.target = {1, 1e39};
  EXPECT_EQ(message(table),
            "row 2: the value in column 'price' is too large for train.precision = float; scale "
            "the column or set double");
}

}  // namespace
}  // namespace lockstep
