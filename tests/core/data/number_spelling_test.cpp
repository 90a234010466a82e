#include "core/data/number_spelling.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/data/class_labels.hpp"
#include "tests/core/data/data_files.hpp"

namespace lockstep {
namespace {

using Kind = NumberSpelling::Kind;

/// Of the texts of ranks.
NumberSpelling spelling_of(const std::vector<std::vector<std::string>>& texts) {
  NumberSpelling found;
  test::for_each_thread_team({static_cast<int>(texts.size())}, [&](Team& team) {
    SpellingCollector collector;
    for (const std::string& text : texts[static_cast<std::size_t>(team.rank())]) {
      double number = 0;
      EXPECT_TRUE(parse_csv_number(text, number));
      collector.add(text, number);
    }
    const NumberSpelling agreed = collector.agree(team);
    if (team.rank() == 0) found = agreed;
  });
  return found;
}

TEST(NumberSpelling, IsFoundOverAllRanks) {
  EXPECT_EQ(spelling_of({{"1", "-20", "1000000"}, {"0"}}).kind, Kind::integer);
  EXPECT_EQ(spelling_of({{"1", "0.5"}, {"1e+300", "-0.25"}}).kind, Kind::shortest);
  EXPECT_EQ(spelling_of({{"1"}, {"01"}}).kind, Kind::lost);
  EXPECT_EQ(spelling_of({{"0"}, {"-0"}}).kind, Kind::shortest);  // two numbers
  EXPECT_EQ(spelling_of({{"9007199254740993"}, {"1"}}).kind, Kind::listed);
  EXPECT_EQ(spelling_of({{}, {}}).kind, Kind::integer);
}

TEST(NumberSpelling, GivesTextsBack) {
  const NumberSpelling listed = spelling_of({{"1.0", "007"}, {"+3", "1e2"}});
  EXPECT_EQ(listed.kind, Kind::listed);
  EXPECT_EQ(listed.text_of(1), "1.0");
  EXPECT_EQ(listed.text_of(7), "007");
  EXPECT_EQ(listed.text_of(3), "+3");
  EXPECT_EQ(listed.text_of(100), "1e2");
  EXPECT_EQ(listed.text_of(0.5), "0.5");
  EXPECT_EQ(spelling_of({{"1000000"}}).text_of(1e6), "1000000");
  EXPECT_EQ(NumberSpelling{}.text_of(1e6), "1e+06");
}

TEST(NumberSpelling, OfTooManyTextsIsLostButForIntegers) {
  std::vector<std::string> reals;
  std::vector<std::string> integers;
  for (std::size_t i = 0; i <= SpellingCollector::kMostTexts; ++i) {
    reals.push_back(std::to_string(i) + ".0");
    integers.push_back(std::to_string(i));
  }
  EXPECT_EQ(spelling_of({reals, {}}).kind, Kind::lost);
  EXPECT_EQ(spelling_of({integers, {"5"}}).kind, Kind::integer);
  // No rank has too many alone.
  const std::vector<std::string> half(reals.begin(), reals.begin() + 100);
  EXPECT_EQ(spelling_of({half, {reals.begin() + 100, reals.end()}}).kind, Kind::lost);
  EXPECT_EQ(spelling_of({half, half}).kind, Kind::listed);
}

}  // namespace
}  // namespace lockstep
