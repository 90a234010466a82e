#include "core/data/columns.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/error.hpp"
#include "tests/core/data/data_files.hpp"

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
  table.target_names = {"y"};
  table.target = {1, 0};
  table.class_names = {"no", "yes"};
  return table;
}

TEST(Columns, EndWithTheTarget) {
  test::on_one_rank([](Team& team) {
    const Columns columns = columns_of(team, example());
    EXPECT_EQ(columns.names, (std::vector<std::string>{"a", "b", "y"}));
    EXPECT_EQ(columns.types,
              (std::vector<ColumnType>{{}, {}, {ColumnKind::category, {"no", "yes"}}}));
    EXPECT_EQ(columns.target, 2);
    EXPECT_EQ(columns.values.rows, (Range{4, 6}));
    EXPECT_EQ(columns.values.total_rows, 9);
    EXPECT_EQ(columns.values.values, (AlignedVector<double>{1, 2, 1, 3, 4, 0}));
  });
}

TEST(Columns, OfBytesAreParts255) {
  test::on_one_rank([](Team& team) {
    Table table;
    table.rows = {0, 1};
    table.total_rows = 1;
    table.features = 2;
    table.values = Table::ByteValues{0, 51};
    table.feature_names = {"p0", "p1"};
    const Columns columns = columns_of(team, table);
    EXPECT_EQ(columns.values.values, (AlignedVector<double>{0, 0.2}));
    EXPECT_FALSE(columns.target.has_value());
  });
}

TEST(Columns, CanBeSelectedInAnyOrder) {
  test::on_one_rank([](Team& team) {
    const Columns columns = columns_of(team, example());
    const Columns some = selected(team, columns, {2, 0});
    EXPECT_EQ(some.names, (std::vector<std::string>{"y", "a"}));
    EXPECT_EQ(some.types[0].categories.size(), 2U);
    EXPECT_EQ(some.target, 0);
    EXPECT_EQ(some.values.values, (AlignedVector<double>{1, 1, 0, 3}));
    EXPECT_FALSE(selected(team, columns, {1}).target.has_value());
  });
}

// A size that no vector can have stands for memory that runs out: a rank that fails alone must not
// leave the others waiting.
TEST(Columns, ThatDoNotFitOnOneRankAreAnErrorOfAll) {
  test::for_each_thread_team({2, 3}, [](Team& team) {
    constexpr Index kTooMany = Index{1} << 60U;
    const bool is_last = team.rank() == team.size() - 1;
    const auto message_of = [&](const auto& work) {
      std::string message = "no error";
      try {
        work();
      } catch (const CollectiveError& error) {
        message = error.what();
      }
      EXPECT_TRUE(message.ends_with(fmt::format(" (rank {} on {})", team.size() - 1, host_name())));
      return message.substr(0, message.find(':'));
    };
    Table table = example();
    if (is_last) table.rows.end += kTooMany;
    EXPECT_EQ(message_of([&] { columns_of(team, table); }),
              "internal error while taking the columns");
    Columns columns = columns_of(team, example());
    if (is_last) columns.values.rows.end += kTooMany;
    EXPECT_EQ(message_of([&] {
                selected(team, columns, {1, 0});
              }),
              "internal error while selecting columns");
  });
}

}  // namespace
}  // namespace lockstep
