#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "core/base/error.hpp"
#include "core/profile/duplicates.hpp"
#include "tests/core/distributed/profile_data.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep {
namespace {

using test::few_rows;
using test::FewRows;

constexpr std::initializer_list<int> kTeams{1, 2, 3, 4, 7};

bool same(const std::vector<double>& a, const std::vector<double>& b) {
  for (std::size_t j = 0; j < a.size(); ++j) {
    if (!(a[j] == b[j] || (std::isnan(a[j]) && std::isnan(b[j])))) return false;
  }
  return true;
}

/// Every row against every row.
Duplicates by_definition(const std::vector<FewRows>& sets, std::size_t first, std::size_t second) {
  Duplicates found{first, second};
  const FewRows& a = sets[first];
  const FewRows& b = sets[second];
  const auto add = [](std::int64_t& count, std::vector<RowPair>& examples, Index i, Index k) {
    ++count;
    if (examples.size() < kDuplicateExamples) examples.push_back({i, k});
  };
  for (std::size_t k = 0; k < b.rows.size(); ++k) {
    const std::size_t end = first == second ? k : a.rows.size();
    bool is_equal = false;
    bool contradicts = false;
    for (std::size_t i = 0; i < end; ++i) {
      if (!same(a.rows[i], b.rows[k])) continue;
      bool& known = a.targets[i] == b.targets[k] ? is_equal : contradicts;
      if (known) continue;
      known = true;
      if (&known == &is_equal) {
        add(found.equal, found.equal_examples, static_cast<Index>(i), static_cast<Index>(k));
      } else {
        add(found.contradicting, found.contradicting_examples, static_cast<Index>(i),
            static_cast<Index>(k));
      }
    }
  }
  return found;
}

TEST(DuplicatesOverRanks, AreThoseOfAllPairsOfRows) {
  for (const Index rows : {1, 40, 1003}) {
    const std::vector<FewRows> sets{few_rows(rows, 3, 1), few_rows(rows / 2 + 3, 3, 2),
                                    few_rows(5, 3, 3)};
    std::vector<Duplicates> expected;
    for (std::size_t a = 0; a < sets.size(); ++a) {
      for (std::size_t b = a; b < sets.size(); ++b) {
        expected.push_back(by_definition(sets, a, b));
      }
    }
    test::for_each_team(kTeams, [&](Team& team) {
      for (const int threads : {1, 2}) {
        for (const bool all_on_last : {false, true}) {
          std::vector<Table> tables;
          for (const FewRows& set : sets) tables.push_back(table_of_few(team, set, all_on_last));
          const std::array<const Table*, 3> all{&tables[0], &tables[1], &tables[2]};
          EXPECT_EQ(find_duplicates(team, all, threads), expected) << rows;
        }
      }
    });
  }
}

TEST(DuplicatesOverRanks, ByHand) {
  // Rows 0, 2 and 4 are alike, 4 of another class; of the other set row 1 is as these.
  const FewRows train{{{1, 2, 0}, {1, 3, 0}, {1, 2, 0}, {0, 2, 0}, {1, 2, 0}}, {0, 0, 0, 0, 1}};
  const FewRows test{{{7, 7, 1}, {1, 2, 0}}, {0, 2}};
  test::for_each_team(kTeams, [&](Team& team) {
    const Table a = table_of_few(team, train);
    const Table b = table_of_few(team, test);
    const auto found = find_duplicates(team, std::array{&a, &b}, 1);
    EXPECT_EQ(found[0], (Duplicates{0, 0, 1, 1, {{0, 2}}, {{0, 4}}}));
    EXPECT_EQ(found[1], (Duplicates{0, 1, 0, 1, {}, {{0, 1}}}));
    EXPECT_EQ(found[2], (Duplicates{1, 1}));
  });
}

TEST(DuplicatesOverRanks, OfSeveralTargetsAllMustBeEqual) {
  const FewRows rows{{{1, 2, 0}, {1, 2, 0}, {1, 2, 0}}, {1, 1, 1}};
  test::for_each_team({1, 2}, [&](Team& team) {
    Table table = table_of_few(team, rows);
    table.target_kind = TargetKind::number;
    table.target_names = {"y", "z"};
    table.target.clear();
    for (Index i = table.rows.begin; i < table.rows.end; ++i) {
      table.target.insert(table.target.end(), {1, i == 1 ? 7.0 : 0.0});
    }
    const auto found = find_duplicates(team, std::array<const Table*, 1>{&table}, 1);
    EXPECT_EQ(found[0], (Duplicates{0, 0, 1, 2, {{0, 2}}, {{0, 1}, {1, 2}}}));
  });
}

TEST(DuplicatesOverRanks, ComparesFeaturesAloneWhereASetHasNoTarget) {
  const FewRows train{{{1, 2, 0}, {1, 2, 0}}, {0, 1}};
  test::for_each_team({1, 2}, [&](Team& team) {
    const Table a = table_of_few(team, train);
    Table b = a;
    b.target_kind = TargetKind::none;
    b.target.clear();
    const auto found = find_duplicates(team, std::array<const Table*, 2>{&a, &b}, 1);
    EXPECT_EQ(found[0], (Duplicates{0, 0, 1, 0, {{0, 1}}}));
    EXPECT_EQ(found[1], (Duplicates{0, 1, 2, 0, {{0, 0}, {0, 1}}}));
  });
}

TEST(DuplicatesOverRanks, AreTheSameForSparseRows) {
  FewRows train = few_rows(300, 3, 4);
  for (auto& row : train.rows) {
    if (std::isnan(row[0])) row[0] = 0;
  }
  test::for_each_team(kTeams, [&](Team& team) {
    const Table dense = table_of_few(team, train);
    const Table sparse = test::as_sparse(dense);
    const auto expected = find_duplicates(team, std::array{&dense}, 1);
    EXPECT_GT(expected[0].equal, 0);
    EXPECT_EQ(find_duplicates(team, std::array{&sparse}, 2), expected);
    const auto across = find_duplicates(team, std::array<const Table*, 2>{&dense, &sparse}, 1)[1];
    EXPECT_EQ(across.equal, 300);
  });
}

TEST(DuplicatesOverRanks, RefusesSetsOfDifferentWidths) {
  test::for_each_team({1, 2}, [](Team& team) {
    const Table a = table_of_few(team, few_rows(3, 2, 1));
    Table b = a;
    b.features = 2;
    EXPECT_EQ(test::message_of([&] {
                find_duplicates(team, std::array<const Table*, 2>{&a, &b}, 1);
              }),
              "duplicates: expected sets of 3 features, found one of 2");
  });
}

}  // namespace
}  // namespace lockstep
