#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/parallel/ranges.hpp"
#include "core/probability/information.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep {
namespace {

constexpr Index kRows = 1003;
constexpr Index kTables = 5;
constexpr Index kCategories = 6;

Index target_at(Index row) { return row * 31 % 17 % kCategories; }

/// Column t follows the target loosely; column 3 is constant, column 4 always missing.
Index category_at(Index row, Index table) {
  if (table == 3) return 0;
  if (table == 4) return Binning::kMissing;
  const Index noise = row * (7 + table) % 11;
  return noise == 0 ? Binning::kMissing : (target_at(row) + noise / (4 + table)) % kCategories;
}

std::vector<ContingencyTable> tables_of(Range rows) {
  std::vector<Index> target;
  for (Index i = rows.begin; i < rows.end; ++i) target.push_back(target_at(i));
  std::vector<ContingencyTable> tables;
  for (Index t = 0; t < kTables; ++t) {
    std::vector<Index> column;
    for (Index i = rows.begin; i < rows.end; ++i) column.push_back(category_at(i, t));
    tables.emplace_back(kCategories, kCategories, column, target);
  }
  return tables;
}

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

std::string collective_message(const std::function<void()>& action) {
  try {
    action();
  } catch (const CollectiveError& error) {
    return error.what();
  }
  return "no error";
}

TEST(InformationOverRanks, HasTheBitsOfTheWhole) {
  std::vector<double> expected;
  for (const ContingencyTable& table : tables_of({0, kRows})) {
    expected.push_back(mutual_information(table));
  }
  EXPECT_GT(expected[0], 0.1);
  EXPECT_EQ(expected[3], 0);
  test::for_each_team({1, 2, 3, 4, 7, 16}, [&](Team& team) {
    const Range even = even_part(kRows, team.size(), team.rank());
    EXPECT_TRUE(same_bits(mutual_information(team, tables_of(even)), expected));
    const Range last{0, team.rank() == team.size() - 1 ? kRows : 0};
    EXPECT_TRUE(same_bits(mutual_information(team, tables_of(last)), expected));
    EXPECT_TRUE(mutual_information(team, {}).empty());
  });
}

TEST(InformationOverRanks, TablesMustFit) {
  test::for_each_team({2, 3}, [](Team& team) {
    if (team.size() == 1) return;
    std::vector<ContingencyTable> tables = tables_of({0, 10});
    if (team.rank() == 1) tables.pop_back();
    const std::string number = collective_message([&] { mutual_information(team, tables); });
    EXPECT_NE(number.find("4 contingency tables, and 5 on another rank; expected equally many"),
              std::string::npos)
        << number;
    tables = tables_of({0, 10});
    if (team.rank() == 1) tables[2] = ContingencyTable(3, 4, {}, {});
    const std::string shape = collective_message([&] { mutual_information(team, tables); });
    EXPECT_NE(shape.find("contingency tables of 6 x 6 and 3 x 4; expected one shape"),
              std::string::npos)
        << shape;
  });
}

TEST(InformationOverRanks, TheBaseIsChecked) {
  test::for_each_team({1, 2}, [](Team& team) {
    EXPECT_THROW(mutual_information(team, tables_of({0, 10}), 1), DataError);
  });
}

}  // namespace
}  // namespace lockstep
