// Weights of rows: by their column and their class, with a mean of 1, the same on any ranks.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/data/partition.hpp"
#include "core/model/sample_weights.hpp"
#include "core/parallel/row_blocks.hpp"
#include "tests/core/transform/tables.hpp"
#include "tests/support/ranks.hpp"

namespace lockstep {
namespace {

using test::message_of;
using Texts = std::vector<std::string>;

constexpr std::initializer_list<int> kTeams{1, 2, 3, 4, 7};
constexpr Index kRows = 1003;

Index class_of(Index row) { return row % 5 == 0 ? 1 : row % 7 == 0 ? 2 : 0; }
double weight_of(Index row) { return 0.1 * static_cast<double>(row % 11); }

/// This rank's whole row blocks, with weights or without.
Table table_of_rank(const Team& team, bool weighted) {
  Table table = test::share_of(team, test::Rows(kRows, {1}), {ColumnType{}});
  table.target_kind = TargetKind::classes;
  table.target_names = {"kind"};
  table.class_names = {"moss", "a:b", "rose"};
  if (weighted) table.weights.emplace();
  for (Index i = table.rows.begin; i < table.rows.end; ++i) {
    table.target.push_back(static_cast<double>(class_of(i)));
    if (weighted) table.weights->push_back(weight_of(i));
  }
  return table;
}

TEST(ClassWeights, AreWordsOrAList) {
  EXPECT_EQ(ClassWeights::from_texts({"none"}).kind, ClassWeights::Kind::none);
  EXPECT_EQ(ClassWeights::from_texts({"balanced"}).kind, ClassWeights::Kind::balanced);
  const ClassWeights given = ClassWeights::from_texts({"moss: 2", "a:b:0.5"});
  EXPECT_EQ(given.kind, ClassWeights::Kind::given);
  EXPECT_EQ(given.of_class,
            (std::vector<std::pair<std::string, double>>{{"moss", 2}, {"a:b", 0.5}}));
  for (const char* wrong : {"moss", ":2", "moss:", "moss:-1", "moss:nan", "moss:1:x"}) {
    EXPECT_EQ(message_of([&] {
                ClassWeights::from_texts({"rose:1", wrong});
              }),
              "expected none, balanced, or CLASS:WEIGHT, … with weights ≥ 0, found '" +
                  std::string(wrong) + "'");
  }
  EXPECT_EQ(message_of([&] {
              ClassWeights::from_texts({"rose:1", "rose:2"});
            }),
            "the class 'rose' is named twice");
}

TEST(SampleWeights, HaveAMeanOfOne) {
  for (const Texts& texts : {Texts{"none"}, Texts{"balanced"}, Texts{"a:b:3", "rose:0.25"}}) {
    for (const bool weighted : {false, true}) {
      // The definition, one row after the other.
      const std::vector<Index> rows{687, 201, 115};
      std::vector<double> expected;
      double sum = 0;
      for (Index i = 0; i < kRows; ++i) {
        const auto y = static_cast<std::size_t>(class_of(i));
        const double of_class = texts[0] == "none" ? 1
                                : texts[0] == "balanced"
                                    ? kRows / (3 * static_cast<double>(rows[y]))
                                    : std::vector<double>{1, 3, 0.25}[y];
        expected.push_back(of_class * (weighted ? weight_of(i) : 1));
        sum += expected.back();
      }
      std::vector<double> of_one_rank(kRows);
      test::for_each_team(kTeams, [&](Team& team) {
        Table table = table_of_rank(team, weighted);
        weight_rows(team, table, ClassWeights::from_texts(texts));
        if (!weighted && texts[0] == "none") {
          EXPECT_FALSE(table.weights.has_value());
          return;
        }
        ASSERT_TRUE(table.weights.has_value());
        for (Index i = table.rows.begin; i < table.rows.end; ++i) {
          const auto row = static_cast<std::size_t>(i);
          const double weight = (*table.weights)[static_cast<std::size_t>(i - table.rows.begin)];
          EXPECT_NEAR(weight, expected[row] * kRows / sum, 1e-13) << i;
          if (team.size() == 1) of_one_rank[row] = weight;
          if (of_one_rank.back() == 0) continue;  // on another process
          EXPECT_EQ(weight, of_one_rank[row]) << i;
        }
      });
    }
  }
}

TEST(SampleWeights, OfOneStayOne) {
  test::for_each_team(kTeams, [&](Team& team) {
    Table table = table_of_rank(team, true);
    for (double& weight : *table.weights) weight = 1;
    weight_rows(team, table, {});
    EXPECT_EQ(*table.weights, std::vector<double>(table.target.size(), 1));
  });
}

TEST(SampleWeights, RefuseWhatCannotBeScaled) {
  test::for_each_team(kTeams, [&](Team& team) {
    const auto message_with = [&](double weight, const Texts& classes = {}) {
      Table table = table_of_rank(team, true);
      for (double& w : *table.weights) w = weight;
      return message_of([&] { weight_rows(team, table, ClassWeights::from_texts(classes)); });
    };
    EXPECT_EQ(message_with(0), "the weights of all rows to train on are 0");
    EXPECT_EQ(message_with(1, {"moss:0", "a:b:0", "rose:0"}),
              "the weights of all rows to train on are 0");
    EXPECT_EQ(message_with(1e308), "the weights of the rows to train on add up to inf; scale them");
    EXPECT_EQ(message_with(1, {"mos:2"}),
              "'mos' is no class of the target 'kind'; did you mean 'moss'?");
  });
}

TEST(SampleWeights, MoveWithTheirRows) {
  test::for_each_team(kTeams, [&](Team& team) {
    Table table = table_of_rank(team, true);
    std::vector<Index> to(static_cast<std::size_t>(team.size()) + 1, kRows);
    to[0] = 0;
    table = move_rows(team, std::move(table), to);
    const auto rows = static_cast<std::size_t>(team.rank() == 0 ? kRows : 0);
    ASSERT_EQ(table.weights->size(), rows);
    for (std::size_t i = 0; i < rows; ++i) {
      EXPECT_EQ((*table.weights)[i], weight_of(static_cast<Index>(i)));
    }
  });
}

}  // namespace
}  // namespace lockstep
