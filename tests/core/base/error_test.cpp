#include "core/base/error.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/random.hpp"

namespace lockstep {
namespace {

TEST(Error, EachKindCarriesItsExitCode) {
  EXPECT_EQ(UsageError("x").exit_code(), ExitCode::usage);
  EXPECT_EQ(ConfigError("x").exit_code(), ExitCode::configuration);
  EXPECT_EQ(DataError("x").exit_code(), ExitCode::bad_data);
  EXPECT_EQ(MissingInputError("x").exit_code(), ExitCode::missing_input);
  EXPECT_EQ(NumericalError("x").exit_code(), ExitCode::diverged);
  EXPECT_EQ(MpiError("x").exit_code(), ExitCode::system);
  EXPECT_EQ(OutputError("x").exit_code(), ExitCode::cannot_create);
  EXPECT_EQ(IoError("x").exit_code(), ExitCode::io);
  EXPECT_EQ(CollectiveError(ExitCode::bad_data, "x").exit_code(), ExitCode::bad_data);
}

TEST(Error, ExitCodesAreThoseOfTheShell) {
  EXPECT_EQ(static_cast<int>(ExitCode::usage), 2);
  EXPECT_EQ(static_cast<int>(ExitCode::diverged), 3);
  EXPECT_EQ(static_cast<int>(ExitCode::bad_data), 65);
  EXPECT_EQ(static_cast<int>(ExitCode::missing_input), 66);
  EXPECT_EQ(static_cast<int>(ExitCode::system), 71);
  EXPECT_EQ(static_cast<int>(ExitCode::cannot_create), 73);
  EXPECT_EQ(static_cast<int>(ExitCode::io), 74);
  EXPECT_EQ(static_cast<int>(ExitCode::configuration), 78);
}

TEST(Error, IsCaughtAsErrorWithItsMessage) {
  try {
    throw DataError("a.csv:3:1: expected a number, found 'x'");
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "a.csv:3:1: expected a number, found 'x'");
    EXPECT_EQ(error.exit_code(), ExitCode::bad_data);
  }
}

TEST(Quoted, ShowsTextAsItIs) {
  EXPECT_EQ(lockstep::quoted(""), "''");
  EXPECT_EQ(lockstep::quoted("abc"), "'abc'");
  EXPECT_EQ(lockstep::quoted("größer ≥ 1"), "'größer ≥ 1'");
}

TEST(Quoted, EscapesControlBytesAndInvalidUtf8) {
  EXPECT_EQ(lockstep::quoted("a\tb\n"), "'a\\x09b\\x0a'");
  EXPECT_EQ(lockstep::quoted(std::string("\0", 1)), "'\\x00'");
  EXPECT_EQ(lockstep::quoted("\x7F"), "'\\x7f'");
  EXPECT_EQ(lockstep::quoted("\xC3"), "'\\xc3'");           // a lead byte alone
  EXPECT_EQ(lockstep::quoted("\xC3("), "'\\xc3('");         // a lead byte and no continuation
  EXPECT_EQ(lockstep::quoted("\xC0\xAF"), "'\\xc0\\xaf'");  // an overlong '/'
  EXPECT_EQ(lockstep::quoted("\x80"), "'\\x80'");           // a continuation alone
}

TEST(Quoted, CutsAfterFortyCharactersNotBytes) {
  EXPECT_EQ(lockstep::quoted(std::string(40, 'x')), "'" + std::string(40, 'x') + "'");
  EXPECT_EQ(lockstep::quoted(std::string(41, 'x')), "'" + std::string(40, 'x') + "…'");
  std::string forty_umlauts;
  for (int i = 0; i < 40; ++i) forty_umlauts += "ä";
  EXPECT_EQ(lockstep::quoted(forty_umlauts), "'" + forty_umlauts + "'");
  EXPECT_EQ(lockstep::quoted(forty_umlauts + "b"), "'" + forty_umlauts + "…'");
}

TEST(EditDistance, CountsInsertionsDeletionsSubstitutionsAndSwaps) {
  EXPECT_EQ(edit_distance("", ""), 0);
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("abc", ""), 3);
  EXPECT_EQ(edit_distance("adam", "adm"), 1);
  EXPECT_EQ(edit_distance("adam", "atom"), 2);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
  EXPECT_EQ(edit_distance("epochs", "epohcs"), 1);  // neighbours swapped
  EXPECT_EQ(edit_distance("epohcs", "epochs"), 1);
}

TEST(EditDistance, IsTheSameBelowEveryLimit) {
  RandomSequence draws(RandomStream(1, Purpose::synthetic), 0);
  for (int i = 0; i < 3000; ++i) {
    std::string a(draws.below(9), '\0');
    std::string b(draws.below(9), '\0');
    for (std::string* text : {&a, &b}) {
      for (char& c : *text) c = static_cast<char>('a' + draws.below(3));
    }
    const int distance = edit_distance(a, b);
    for (int limit = 0; limit < 10; ++limit) {
      const int limited = edit_distance(a, b, limit);
      EXPECT_TRUE(limited == distance || (limited >= limit && distance >= limit))
          << a << " " << b << " " << limit;
    }
  }
}

TEST(NearestName, FindsTheNearestWithinReach) {
  const std::vector<std::string> known{"sgd", "adam", "adamw"};
  EXPECT_EQ(nearest_name("adm", known), "adam");
  EXPECT_EQ(nearest_name("adamw", known), "adamw");
  EXPECT_EQ(nearest_name("sdg", known), "sgd");
  EXPECT_EQ(nearest_name("rmsprop", known), "");
  EXPECT_EQ(nearest_name("adam", std::vector<std::string>{}), "");
}

}  // namespace
}  // namespace lockstep
