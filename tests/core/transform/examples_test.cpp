#include "core/transform/examples.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <utility>
#include <variant>
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

/// 60 MB of rows: several pieces are given back as they are made.
Table large_table(Index rows, Index features) {
  Table table;
  table.rows = {0, rows};
  table.total_rows = rows;
  table.features = features;
  for (Index c = 0; c < features; ++c) table.feature_names.push_back(std::to_string(c));
  table.feature_types.resize(static_cast<std::size_t>(features));
  Table::NumberValues values(static_cast<std::size_t>(rows * features));
  double next = 0;
  for (double& value : values) value = next++;
  table.values = std::move(values);
  return table;
}

TEST(Examples, AreTheSameOfATableThatIsGivenBack) {
  constexpr Index kRows = 100003;
  constexpr Index kFeatures = 75;
  const Table table = large_table(kRows, kFeatures);
  const FeatureTransform features = plain(table);
  for (const int threads : {1, 2}) {
    const auto expected = make_examples<float>(table, features, {}, threads);
    Table copy = table;
    EXPECT_TRUE(make_examples<float>(std::move(copy), features, {}, threads).values ==
                expected.values);
  }
  // A row that is refused late, when others have been given back.
  for (const Index refused : {Index{0}, Index{64000}, kRows - 1}) {
    Table wrong = table;
    std::get<Table::NumberValues>(wrong.values)[static_cast<std::size_t>(refused * kFeatures + 3)] =
        kMissing;
    EXPECT_EQ(message_of([&] { make_examples<float>(std::move(wrong), features, {}, 2); }),
              "row " + std::to_string(refused + 1) + ": missing value in column '3'");
  }
}

TEST(Examples, ScaleTheTargetsAndKeepThemToo) {
  Table table = whole_table({{1}, {2}}, {{}});
  table.target_kind = TargetKind::number;
  table.target_names = {"a", "b"};
  table.target = {10, 1, 30, 5};
  const auto examples = make_examples<double>(
      table, plain(table), {{Scaling::standard, 20, 5}, {Scaling::standard, 1, 2}}, 1);
  EXPECT_EQ(examples.target_count, 2);
  EXPECT_EQ(examples.targets, (std::vector<double>{-2, 0, 2, 2}));
  EXPECT_EQ(examples.actual_targets, (std::vector<double>{10, 1, 30, 5}));
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
  table.target_names = {"rooms", "price"};
  table.target = {1, 1, 2, 1e39};
  EXPECT_EQ(message(table),
            "row 2: the value in column 'price' is too large for train.precision = float; set "
            "preprocess.target_scale = standard or set double");
}

/// The rows of `dense` without their zeros.
Table sparse_of(Table dense) {
  SparseValues cells;
  const auto& numbers = std::get<Table::NumberValues>(dense.values);
  for (Index r = 0; r <= dense.rows.size(); ++r) {
    cells.begins.push_back(cells.cells());
    for (Index c = 0; c < dense.features && r < dense.rows.size(); ++c) {
      const double x = numbers[static_cast<std::size_t>(r * dense.features + c)];
      if (x == 0) continue;
      cells.columns.push_back(static_cast<std::uint32_t>(c));
      cells.numbers.push_back(x);
    }
  }
  dense.values = std::move(cells);
  return dense;
}

Rows mostly_zeros() {
  Rows rows;
  for (int i = 0; i < 1000; ++i) {
    rows.push_back({i % 3 == 1 ? i * 0.5 : 0.0, i % 5 == 2 ? 7.0 : 0.0});
  }
  return rows;
}

/// One scaling of both columns.
FeatureTransform scaled(const Table& table, const ColumnScaling& scaling) {
  ColumnTransform column;
  column.scaling = scaling;
  return {schema_of(table), {column, column}};
}

TEST(Examples, OfSparseRowsStaySparseWhereZerosDo) {
  const Table dense = table_of(mostly_zeros(), {300, 1000}, {{}, {}});
  const Table sparse = sparse_of(dense);
  for (const Scaling kind : {Scaling::none, Scaling::log1p}) {
    const FeatureTransform features = scaled(dense, {kind});
    EXPECT_TRUE(features.keeps_zeros());
    const auto expected = make_examples<float>(dense, features, {}, 1);
    for (const int threads : {1, 3}) {
      const auto examples = make_examples<float>(sparse, features, {}, threads);
      EXPECT_TRUE(examples.is_sparse);
      EXPECT_TRUE(examples.values.empty());
      EXPECT_EQ(examples.features, 2);
      const auto rows = examples.sparse_rows();
      for (Index i = 0; i < 700; ++i) {
        std::vector<float> row(2);
        for (Index cell = rows.begins[i]; cell < rows.begins[i + 1]; ++cell) {
          row[rows.columns[cell]] = rows.values[cell];
        }
        EXPECT_EQ(row, (std::vector<float>{expected.row(i)[0], expected.row(i)[1]}));
      }
    }
  }
}

TEST(Examples, OfSparseRowsHaveNoCellsWhereAllAreOne) {
  Rows rows = mostly_zeros();
  for (auto& row : rows) {
    for (double& x : row) x = x == 0 ? 0 : 1;
  }
  const auto examples_of = [&](const Rows& all) {
    const Table table = sparse_of(whole_table(all, {{}, {}}));
    return make_examples<float>(table, scaled(table, {}), {}, 2);
  };
  const auto ones = examples_of(rows);
  EXPECT_EQ(ones.sparse_rows().values, nullptr);
  EXPECT_EQ(ones.memory_bytes(),
            static_cast<Index>(ones.columns.size() * 4 + ones.begins.size() * 8));
  rows[999] = {0, 1.5};
  EXPECT_EQ(examples_of(rows).cells.back(), 1.5F);
}

TEST(Examples, OfSparseRowsAreDenseWhereZerosAreFilled) {
  const Table dense = whole_table(mostly_zeros(), {{}, {}});
  const FeatureTransform features = scaled(dense, {Scaling::standard, 1, 2});
  EXPECT_FALSE(features.keeps_zeros());
  const auto examples = make_examples<float>(sparse_of(dense), features, {}, 2);
  EXPECT_FALSE(examples.is_sparse);
  EXPECT_EQ(examples.values, make_examples<float>(dense, features, {}, 1).values);
}

TEST(Examples, NameTheFirstSparseRowThatCannotBeUsed) {
  Rows rows = mostly_zeros();
  rows[700][1] = -1;
  rows[600][0] = 1e39;
  const Table table = sparse_of(table_of(rows, {500, 1000}, {{}, {}}));
  const auto message = [&](const ColumnScaling& scaling) {
    return message_of([&] { make_examples<float>(table, scaled(table, scaling), {}, 2); });
  };
  EXPECT_EQ(message({}),
            "row 601: the value in column 'a' is too large for train.precision = float; scale the "
            "column or set double");
  EXPECT_EQ(message({Scaling::log1p}),
            "row 701: expected a number > -1 in column 'b', whose scale is log1p, found -1");
  const Table none = sparse_of(table_of(rows, {1000, 1000}, {{}, {}}));
  const auto examples = make_examples<double>(none, scaled(none, {}), {}, 2);
  EXPECT_TRUE(examples.is_sparse);
  EXPECT_NE(examples.sparse_rows().begins, nullptr);
}

}  // namespace
}  // namespace lockstep
