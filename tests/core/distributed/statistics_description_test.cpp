#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "core/parallel/ranges.hpp"
#include "core/statistics/description.hpp"
#include "tests/support/ranks.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// Columns: a trend with gaps, categories with gaps and one that never occurs, a constant, and the
/// target, a category that the first column decides.
double cell_at(Index i, Index j) {
  const double x = 0.37 * static_cast<double>(i * 7919 % 1009);
  if (j == 0) return i % 10 == 3 ? kMissing : x;
  if (j == 1) return i % 7 == 2 ? kMissing : static_cast<double>(i % 3);
  if (j == 2) return 5;
  return x > 180 ? 1 : 0;
}

/// This rank's share, cut anywhere.
Columns example(Team& team, Index rows) {
  Columns columns;
  columns.names = {"x", "color", "five", "y"};
  columns.types = {{},
                   {ColumnKind::category, {"blue", "green", "red", "white"}},
                   {},
                   {ColumnKind::category, {"low", "high"}}};
  columns.target = 3;
  columns.values.rows = even_part(rows, team.size(), team.rank());
  columns.values.total_rows = rows;
  columns.values.columns = 4;
  for (Index i = columns.values.rows.begin; i < columns.values.rows.end; ++i) {
    for (Index j = 0; j < 4; ++j) columns.values.values.push_back(cell_at(i, j));
  }
  return columns;
}

/// All numbers of a description, to be compared as bytes.
std::vector<double> numbers_of(const Description& d) {
  std::vector<double> all;
  for (const ColumnDescription& c : d.columns) {
    all.insert(all.end(), {static_cast<double>(c.count), c.moments.mean(), c.moments.m2,
                           c.moments.m3, c.moments.m4, c.moments.min, c.moments.max,
                           c.quartiles.lower, c.quartiles.median, c.quartiles.upper,
                           static_cast<double>(c.distinct), c.mutual_information.value_or(-1)});
  }
  all.insert(all.end(), d.correlation.data(), d.correlation.data() + d.correlation.size());
  return all;
}

TEST(Describe, HasTheSameBitsForAnyRanksAndThreads) {
  for (const Index rows : {1, 2, 257, 1003, 5000}) {
    std::vector<double> expected;
    test::for_each_thread_team(
        {1}, [&](Team& team) { expected = numbers_of(describe(team, example(team, rows), 1)); });
    test::for_each_team({1, 2, 3, 4, 7}, [&](Team& team) {
      for (const int threads : {1, 2}) {
        const std::vector<double> found = numbers_of(describe(team, example(team, rows), threads));
        EXPECT_EQ(found.size(), expected.size());
        EXPECT_EQ(std::memcmp(found.data(), expected.data(), found.size() * sizeof(double)), 0)
            << rows << " rows, " << team.size() << " ranks, " << threads << " threads";
      }
    });
  }
}

TEST(Describe, CountsWhatIsThere) {
  test::for_each_thread_team({1, 3}, [](Team& team) {
    const Description d = describe(team, example(team, 70), 1);
    EXPECT_EQ(d.rows, 70);
    EXPECT_EQ(d.numbers, (std::vector<Index>{0, 2}));
    EXPECT_EQ(d.target, 3);
    EXPECT_EQ(d.columns[0].count, 63);
    EXPECT_EQ(d.columns[0].missing, 7);
    EXPECT_EQ(d.columns[1].count, 60);
    EXPECT_EQ(d.columns[1].distinct, 3);
    EXPECT_EQ(d.columns[3].distinct, 2);
    EXPECT_EQ(d.columns[2].quartiles, (Quartiles{5, 5, 5}));
  });
}

/// −Σ p log₂ p of counts.
double entropy_of(const std::vector<double>& counts) {
  double sum = 0;
  for (const double c : counts) sum += c;
  double entropy = 0;
  for (const double c : counts) entropy -= c > 0 ? c / sum * std::log2(c / sum) : 0;
  return entropy;
}

TEST(Describe, InformationIsByItsDefinition) {
  test::for_each_thread_team({1, 2}, [](Team& team) {
    constexpr Index kRows = 70;
    const Description d = describe(team, example(team, kRows), 1);
    // I = H(color) + H(y) − H(color, y) over the rows that have both.
    std::vector<double> color(3);
    std::vector<double> y(2);
    std::vector<double> both(6);
    std::vector<double> target(2);
    for (Index i = 0; i < kRows; ++i) {
      const auto of_y = static_cast<std::size_t>(cell_at(i, 3));
      ++target[of_y];
      if (std::isnan(cell_at(i, 1))) continue;
      const auto of_color = static_cast<std::size_t>(cell_at(i, 1));
      ++color[of_color];
      ++y[of_y];
      ++both[2 * of_color + of_y];
    }
    EXPECT_TRUE(test::close(d.columns[1].mutual_information.value(),
                            entropy_of(color) + entropy_of(y) - entropy_of(both), 1e-12, 1));
    EXPECT_EQ(d.columns[2].mutual_information, 0);
    EXPECT_TRUE(test::close(d.columns[3].mutual_information.value(), entropy_of(target)));
    EXPECT_GT(d.columns[0].mutual_information.value(), 0.7);
  });
}

// x with gaps and a column beside it, each also times 2^±700: their squares are no doubles.
TEST(Describe, CorrelationsHaveTheSameBitsInAnyUnit) {
  test::for_each_team({1, 2, 3}, [](Team& team) {
    constexpr Index kRows = 2500;
    Columns columns;
    columns.names = {"x", "y", "x huge", "y huge", "x tiny", "y tiny"};
    columns.types.resize(6);
    columns.values.rows = even_part(kRows, team.size(), team.rank());
    columns.values.total_rows = kRows;
    columns.values.columns = 6;
    for (Index i = columns.values.rows.begin; i < columns.values.rows.end; ++i) {
      const double x = cell_at(i, 0);
      const double y = static_cast<double>(i * i % 1013) - 3;
      for (const double unit : {1.0, 0x1p700, 0x1p-700}) {
        columns.values.values.insert(columns.values.values.end(), {x * unit, y * unit});
      }
    }
    const Matrix rho = describe(team, columns, 1).correlation;
    EXPECT_LT(std::fabs(rho(0, 1)), 1);
    for (Index j = 0; j < 6; ++j) {
      for (Index i = 0; i < 6; ++i) {
        EXPECT_EQ(rho(i, j), i % 2 == j % 2 ? rho(0, j < 2 && i < 2 ? 0 : 2) : rho(0, 1));
      }
    }
    EXPECT_NEAR(rho(0, 2), 1, 1e-15);
  });
}

TEST(Describe, AConstantColumnHasNoCorrelation) {
  test::for_each_thread_team({1}, [](Team& team) {
    const Description d = describe(team, example(team, 70), 1);
    EXPECT_TRUE(std::isnan(d.correlation(0, 1)));
    EXPECT_TRUE(std::isnan(d.correlation(1, 1)));
    EXPECT_EQ(d.correlation(0, 0), 1);
    EXPECT_TRUE(std::isnan(d.columns[2].moments.skewness(Normalization::population)));
  });
}

TEST(Describe, WithoutATargetThereIsNoInformation) {
  test::for_each_thread_team({1, 2}, [](Team& team) {
    Columns columns = example(team, 10);
    columns.target.reset();
    for (const ColumnDescription& column : describe(team, std::move(columns), 1).columns) {
      EXPECT_FALSE(column.mutual_information.has_value());
    }
  });
}

TEST(Describe, ColumnsWithoutCellsAndDataWithoutNumbers) {
  test::for_each_thread_team({1, 2}, [](Team& team) {
    Columns columns = example(team, 10);
    for (double& value : columns.values.values) value = kMissing;
    const Description d = describe(team, selected(team, columns, {0, 1}), 1);
    EXPECT_EQ(d.columns[0].count, 0);
    EXPECT_TRUE(std::isnan(d.columns[0].moments.mean()));
    EXPECT_TRUE(std::isnan(d.columns[0].quartiles.median));
    EXPECT_EQ(d.columns[1].distinct, 0);
    const Description categories = describe(team, selected(team, example(team, 10), {1, 3}), 1);
    EXPECT_TRUE(categories.numbers.empty());
    EXPECT_EQ(categories.correlation.size(), 0);
  });
}

}  // namespace
}  // namespace lockstep
