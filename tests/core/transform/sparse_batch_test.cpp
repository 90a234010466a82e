#include "core/transform/sparse_batch.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/core/data/sparse_files.hpp"
#include "tests/core/transform/tables.hpp"

namespace lockstep {
namespace {

using test::message_of;

constexpr Index kColumns = 40;

Table table_of(SparseValues values) {
  Table table;
  table.rows = {0, values.rows()};
  table.total_rows = values.rows();
  table.features = kColumns;
  for (Index c = 0; c < kColumns; ++c) table.feature_names.push_back("c" + std::to_string(c));
  table.values = std::move(values);
  return table;
}

/// The same rows in a file.
Table in_file(const test::TemporaryDirectory& folder, const Table& table) {
  Table mapped = table;
  mapped.values = test::mapped_rows(folder / "rows", *table.sparse(), 150, 1, kColumns);
  return mapped;
}

FeatureTransform scaled(const Table& table, Scaling kind) {
  ColumnTransform column;
  column.scaling = ColumnScaling{kind};
  return {schema_of(table), std::vector<ColumnTransform>(kColumns, column)};
}

/// Rows of a batch, in full; whether values are left out, which may not depend on where rows are.
template <class T>
std::pair<std::vector<std::vector<std::pair<std::uint32_t, T>>>, bool> rows_of(
    const SparseBatch<T>& batch) {
  std::vector<std::vector<std::pair<std::uint32_t, T>>> rows;
  const kernel::SparseRows<T> features = batch.features();
  for (const Index row : batch.rows()) {
    auto& cells = rows.emplace_back();
    for (Index i = features.begins[row]; i < features.begins[row + 1]; ++i) {
      cells.emplace_back(features.columns[i],
                         features.values == nullptr ? T(1) : features.values[i]);
    }
  }
  return {rows, features.values == nullptr};
}

template <class T>
void expect_same_batches(const Table& memory, const FeatureTransform& features) {
  const test::TemporaryDirectory folder;
  const Table file = in_file(folder, memory);
  const std::vector<std::vector<Index>> batches{
      {3, 1, 2, 499, 0}, {}, std::vector<Index>(300, 7), {150, 149, 151, 63, 64, 65}, {4}};
  for (const int threads : {1, 3}) {
    const auto expected = make_examples<T>(memory, features, {}, threads);
    const auto found = make_examples<T>(file, features, {}, threads);
    EXPECT_TRUE(found.is_sparse);
    EXPECT_EQ(found.memory_bytes(), 0);
    found.will_need({0, 500});
    SparseBatch<T> of_memory(expected);
    SparseBatch<T> of_file(found);
    for (const std::vector<Index>& locals : batches) {
      of_memory.choose(locals, threads);
      of_file.choose(locals, threads);
      EXPECT_EQ(rows_of(of_file).first.size(), locals.size());
      EXPECT_EQ(rows_of(of_file), rows_of(of_memory));
    }
  }
}

TEST(SparseBatch, OfRowsInTheFileIsThatOfRowsInMemory) {
  Table table = table_of(test::scattered_rows(500, kColumns));
  expect_same_batches<float>(table, scaled(table, Scaling::none));
  expect_same_batches<double>(table, scaled(table, Scaling::none));
  auto& numbers = std::get<SparseValues>(table.values).numbers;
  for (double& x : numbers) x = x < 0 ? -x / 1000 : x;
  expect_same_batches<float>(table, scaled(table, Scaling::log1p));
  for (double& x : numbers) x = 1;
  expect_same_batches<float>(table, scaled(table, Scaling::none));  // values are left out
  numbers.back() = 2;
  expect_same_batches<float>(table, scaled(table, Scaling::none));
}

TEST(SparseBatch, OfARowThatCannotBeUsedIsNamedAsInMemory) {
  const test::TemporaryDirectory folder;
  for (const double wrong : {1e39, -1.0}) {
    Table table = table_of(test::scattered_rows(500, kColumns));
    auto& values = std::get<SparseValues>(table.values);
    for (double& x : values.numbers) x = 2;
    for (const std::size_t row : {std::size_t{300}, std::size_t{407}}) {
      values.numbers[static_cast<std::size_t>(values.begins[row])] = wrong;
    }
    const FeatureTransform features = scaled(table, wrong < 0 ? Scaling::log1p : Scaling::none);
    const std::string expected = message_of([&] { make_examples<float>(table, features, {}, 2); });
    EXPECT_TRUE(expected.starts_with("row 301: ")) << expected;
    EXPECT_EQ(message_of([&] { make_examples<float>(in_file(folder, table), features, {}, 2); }),
              expected);
  }
}

}  // namespace
}  // namespace lockstep
