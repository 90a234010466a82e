#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "core/profile/drift.hpp"
#include "core/profile/magnitudes.hpp"
#include "core/statistics/quantiles.hpp"
#include "tests/core/distributed/profile_data.hpp"
#include "tests/support/ranks.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::category;
using test::kMissing;
using test::Rows;

constexpr std::initializer_list<int> kTeams{1, 2, 3, 4, 7};

/// This rank's even part.
std::span<const double> part(const Team& team, const std::vector<double>& all) {
  const auto n = static_cast<Index>(all.size());
  const Index begin = n * team.rank() / team.size();
  const Index end = n * (team.rank() + 1) / team.size();
  return std::span(all).subspan(static_cast<std::size_t>(begin),
                                static_cast<std::size_t>(end - begin));
}

TEST(KolmogorovSmirnovOverRanks, IsThatOfScipy) {
  const auto reference = test::reference("profile");
  EXPECT_EQ(reference["distances"].size(), 5U);
  for (const auto& expected : reference["distances"]) {
    auto first = expected["first"].get<std::vector<double>>();
    const auto second = expected["second"].get<std::vector<double>>();
    first.insert(first.begin() + 1, kMissing);
    std::vector<double> bits;
    test::for_each_team(kTeams, [&](Team& team) {
      for (const int threads : {1, 2}) {
        const KolmogorovSmirnov found =
            kolmogorov_smirnov(team, part(team, first), part(team, second), threads);
        EXPECT_TRUE(test::close(found.statistic, expected["statistic"].get<double>(), 1e-14));
        EXPECT_TRUE(test::close(found.p_value, expected["p_value"].get<double>(), 1e-12));
        if (team.rank() != 0) continue;
        if (bits.empty()) bits = {found.statistic, found.p_value};
        EXPECT_EQ(bits, (std::vector<double>{found.statistic, found.p_value}));
      }
    });
  }
}

TEST(KolmogorovSmirnovOverRanks, TakesEqualValuesOfAllRanksTogether) {
  const std::vector<double> first(3000, 0.5);
  const std::vector<double> second(1001, 0.5);
  test::for_each_team(kTeams, [&](Team& team) {
    const auto found = kolmogorov_smirnov(team, part(team, first), part(team, second), 1);
    EXPECT_EQ(found.statistic, 0);
    EXPECT_EQ(found.p_value, 1);
  });
}

TEST(KolmogorovSmirnovOverRanks, OfNothingIsNothing) {
  test::for_each_team({1, 3}, [](Team& team) {
    const std::vector<double> some{1, 2};
    const std::vector<double> none{kMissing};
    EXPECT_TRUE(std::isnan(kolmogorov_smirnov(team, some, none, 1).statistic));
    EXPECT_TRUE(std::isnan(kolmogorov_smirnov(team, none, none, 1).p_value));
    EXPECT_EQ(kolmogorov_smirnov(team, some, some, 1).statistic, 0);
  });
}

/// A column that stays, one that moves, one that loses cells, one of few numbers, and categories
/// of which the test rows have others.
Rows drifting_rows(Index count, bool moved, std::uint64_t seed) {
  Rows rows;
  for (Index i = 0; i < count; ++i) {
    RandomSequence draws(RandomStream(seed, Purpose::synthetic), static_cast<std::uint64_t>(i));
    const double x = draws.normal();
    const double u = draws.uniform();
    rows.push_back({x, u + (moved ? 0.4 : 0), u < (moved ? 0.5 : 0.1) ? kMissing : x,
                    std::floor(u * 3),
                    moved && u > 0.9 ? 3 + std::floor(draws.uniform() * 2) : std::floor(u * 3)});
  }
  return rows;
}

std::vector<double> column(const Rows& rows, std::size_t j) {
  std::vector<double> cells;
  for (const auto& row : rows) cells.push_back(row[j]);
  return cells;
}

PopulationStability by_definition(const Rows& train, const Rows& test, std::size_t j,
                                  bool is_number) {
  std::vector<double> deciles;
  for (int k = 1; k <= 9; ++k) deciles.push_back(k / 10.0);
  const DecileBins bins(quantiles(column(train, j), deciles));
  const std::size_t count = is_number ? bins.count() : 6;
  const auto counts = [&](const Rows& rows) {
    std::vector<std::int64_t> all(count);
    for (const double x : column(rows, j)) {
      ++all[is_number ? bins.bin_of(x) : std::isnan(x) ? 5 : static_cast<std::size_t>(x)];
    }
    return all;
  };
  return population_stability(counts(train), counts(test));
}

TEST(DriftOverRanks, IsTheDefinition) {
  const std::vector<ColumnType> known{{}, {}, {}, {}, category({"p", "q", "r"})};
  std::vector<ColumnType> types = known;
  types.back().categories.insert(types.back().categories.end(), {"s", "t"});
  const Rows train = drifting_rows(1003, false, 5);
  const Rows test = drifting_rows(517, true, 6);
  test::for_each_team(kTeams, [&](Team& team) {
    for (const int threads : {1, 2}) {
      const auto found = column_drift(team, test::share_of(team, train, known),
                                      test::share_of(team, test, types, threads == 2), threads);
      EXPECT_EQ(found.size(), 5U);
      for (std::size_t j = 0; j < found.size(); ++j) {
        EXPECT_EQ(found[j].stability, by_definition(train, test, j, j < 4)) << j;
        EXPECT_EQ(found[j].distance.has_value(), j < 4);
      }
      EXPECT_LT(found[0].stability.index, 0.1);
      EXPECT_GT(found[1].stability.index, 0.25);
      EXPECT_GT(found[2].stability.index, 0.25);  // of missing cells alone
      EXPECT_GT(found[2].distance->p_value, 0.001);
      EXPECT_LT(found[1].distance->p_value, 1e-6);
      const std::vector<double> cells = column(test, 4);
      const auto unknown = [](double x) { return x > 2; };
      const auto first = std::find_if(cells.begin(), cells.end(), unknown);
      EXPECT_EQ(found[4].unknown.cells, std::count_if(cells.begin(), cells.end(), unknown));
      EXPECT_EQ(found[4].unknown.categories, 2);
      EXPECT_EQ(found[4].unknown.first_row, first - cells.begin());
      EXPECT_EQ(found[4].unknown.example, *first == 3 ? "s" : "t");
      EXPECT_EQ(found[3].unknown.cells, 0);
    }
  });
}

TEST(DriftOverRanks, RefusesWhatCannotBeCompared) {
  test::for_each_team({1, 2}, [](Team& team) {
    const Table a = test::share_of(team, {{1, 2}}, {{}, {}});
    const Table b = test::share_of(team, {{1}}, {{}});
    EXPECT_EQ(test::message_of([&] { column_drift(team, a, b, 1); }),
              "drift: expected rows of 2 features, found 1");
    const Table sparse = test::as_sparse(a);
    EXPECT_EQ(test::message_of([&] { column_drift(team, a, sparse, 1); }),
              "drift: expected rows that are not sparse");
  });
}

/// Numbers of 0 … 99, of which some stand apart; equal ones; a category.
Rows apart_rows() {
  Rows rows;
  for (Index i = 0; i < 1003; ++i) {
    const auto x = static_cast<double>(i % 100);
    rows.push_back({i == 700               ? 1e4
                    : i == 300 || i == 900 ? -3000
                                           : x,
                    i == 5 ? 1e9 : 2, i % 2 == 0 ? kMissing : 1000 * x, 0});
  }
  return rows;
}

TEST(MagnitudesOverRanks, AreTheDefinition) {
  const Rows rows = apart_rows();
  std::vector<ColumnMagnitude> same;
  test::for_each_team(kTeams, [&](Team& team) {
    for (const int threads : {1, 2}) {
      const auto found = column_magnitudes(
          team, test::share_of(team, rows, {{}, {}, {}, category({"p"})}, threads == 2), threads);
      EXPECT_EQ(found.size(), 4U);
      EXPECT_EQ(found[0].extreme, 3);
      EXPECT_EQ(found[0].first_extreme, 300);
      EXPECT_EQ(found[0].first_value, -3000);
      EXPECT_EQ(found[0].quartiles, quartiles(column(rows, 0)));
      EXPECT_EQ(found[1].extreme, 0);  // its quartiles are equal
      EXPECT_EQ(found[2].extreme, 0);
      EXPECT_TRUE(std::isnan(found[3].root_mean_square));
      for (std::size_t j = 0; j < 3; ++j) {
        double squares = 0;
        double present = 0;
        for (const double x : column(rows, j)) {
          if (std::isnan(x)) continue;
          squares += x * x;
          present += 1;
        }
        EXPECT_TRUE(test::close(found[j].root_mean_square, std::sqrt(squares / present))) << j;
      }
      if (team.rank() != 0) continue;
      if (same.empty()) same = found;
      for (std::size_t j = 0; j < 3; ++j) EXPECT_EQ(found[j], same[j]);
    }
  });
}

}  // namespace
}  // namespace lockstep
