#include "core/data/bad_rows.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace lockstep {
namespace {

std::vector<BadRow> numbered(const std::vector<Index>& numbers) {
  std::vector<BadRow> rows;
  for (const Index number : numbers) rows.push_back({number, "", "", ""});
  return rows;
}

TEST(BadRowRules, NumberRowsThatAreKeptAsTheyWereRead) {
  BadRowRules rules(OnBadRow::skip);
  EXPECT_TRUE(rules.add(numbered({1, 5})));
  EXPECT_TRUE(rules.add(numbered({0, 2, 6})));
  EXPECT_FALSE(rules.add({}));
  const std::vector<Index> kept{3, 4, 7, 8};
  for (Index row = 0; row < 4; ++row) {
    EXPECT_EQ(rules.number_of_kept(row), kept[static_cast<std::size_t>(row)]) << row;
  }
  EXPECT_EQ(BadRowRules(OnBadRow::skip).number_of_kept(2), 2);
}

TEST(BadRowRules, PassKnownRowsBy) {
  BadRowRules rules(OnBadRow::skip);
  rules.add(numbered({1, 2, 4}));
  BadRowWalk walk(rules);
  std::vector<Index> bad;
  for (int i = 0; i < 7; ++i) {
    if (walk.next_is_bad()) bad.push_back(walk.number());
  }
  EXPECT_EQ(bad, (std::vector<Index>{1, 2, 4}));
  EXPECT_EQ(walk.number(), 6);
}

}  // namespace
}  // namespace lockstep
