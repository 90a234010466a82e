#include "core/probability/contingency.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/base/random.hpp"
#include "tests/core/probability/error_message.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::error_message;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr Index kMissing = Binning::kMissing;

TEST(Binning, HasAsManyBinsAsSturgesSays) {
  EXPECT_EQ(Binning(1, 0, 1).bins(), 1);
  EXPECT_EQ(Binning(2, 0, 1).bins(), 2);
  EXPECT_EQ(Binning(3, 0, 1).bins(), 3);
  EXPECT_EQ(Binning(4, 0, 1).bins(), 3);
  EXPECT_EQ(Binning(5, 0, 1).bins(), 4);
  EXPECT_EQ(Binning(1000, 0, 1).bins(), 11);
  EXPECT_EQ(Binning(1024, 0, 1).bins(), 11);
  EXPECT_EQ(Binning(1025, 0, 1).bins(), 12);
  EXPECT_EQ(Binning(1000000, 0, 1).bins(), 21);
  EXPECT_EQ(Binning(std::numeric_limits<std::int64_t>::max(), 0, 1).bins(), 64);
}

TEST(Binning, CutsTheRangeEvenly) {
  const Binning binning(8, -2, 6);  // 4 bins of 2
  ASSERT_EQ(binning.bins(), 4);
  EXPECT_EQ(binning.bin_of(-2), 0);
  EXPECT_EQ(binning.bin_of(-0.001), 0);
  EXPECT_EQ(binning.bin_of(0), 1);
  EXPECT_EQ(binning.bin_of(3.999), 2);
  EXPECT_EQ(binning.bin_of(4), 3);
  EXPECT_EQ(binning.bin_of(6), 3);
  EXPECT_EQ(binning.bin_of(-100), 0);
  EXPECT_EQ(binning.bin_of(1e300), 3);
  EXPECT_EQ(binning.bin_of(kInfinity), 3);
  EXPECT_EQ(binning.bin_of(-kInfinity), 0);
  EXPECT_EQ(binning.bin_of(kNan), kMissing);
}

TEST(Binning, OfTheWidestRange) {
  const double largest = std::numeric_limits<double>::max();
  const Binning binning(8, -largest, largest);
  EXPECT_EQ(binning.bin_of(-largest), 0);
  EXPECT_EQ(binning.bin_of(-1e307), 1);
  EXPECT_EQ(binning.bin_of(1e307), 2);
  EXPECT_EQ(binning.bin_of(largest), 3);
}

TEST(Binning, OfConstantsAndOfNothing) {
  const Binning constant(100, 0.1, 0.1);
  EXPECT_EQ(constant.bins(), 1);
  EXPECT_EQ(constant.bin_of(0.1), 0);
  EXPECT_EQ(constant.bin_of(kNan), kMissing);
  const Binning nothing(0, kInfinity, -kInfinity);
  EXPECT_EQ(nothing.bins(), 0);
  EXPECT_EQ(nothing.bin_of(1), kMissing);
}

TEST(Binning, InputIsChecked) {
  EXPECT_EQ(error_message([] { Binning(3, 0, kInfinity); }),
            "DataError: bins for 3 numbers from 0 to inf; expected finite numbers");
  EXPECT_NE(error_message([] { Binning(3, kNan, 1); }), "no error");
  EXPECT_NE(error_message([] { Binning(-1, 0, 1); }), "no error");
  EXPECT_NE(error_message([] { binned(std::vector<double>{1, kInfinity}); }), "no error");
}

TEST(Binning, OfAColumnAgreesWithNumpy) {
  const auto numbers = test::reference("probability")["information"];
  const Vector column = test::vector_of(numbers["numbers"]);
  const std::vector<Index> bins = binned({column.data(), static_cast<std::size_t>(column.size())});
  EXPECT_EQ(bins, numbers["numbers_binned"].get<std::vector<Index>>());
  EXPECT_EQ(binned(std::vector<double>{1, kNan, 3, 2, 9}),
            (std::vector<Index>{0, kMissing, 0, 0, 2}));  // 3 bins for 4 numbers
  EXPECT_EQ(binned(std::vector<double>{kNan, kNan}), (std::vector<Index>{kMissing, kMissing}));
}

TEST(ContingencyTable, CountsPairs) {
  const std::vector<Index> x{0, 1, 1, kMissing, 0, 1, 2};
  const std::vector<Index> y{1, 0, 0, 1, 1, 1, kMissing};
  const ContingencyTable table(3, 2, x, y);
  EXPECT_EQ(table.rows(), 3);
  EXPECT_EQ(table.columns(), 2);
  EXPECT_EQ(table.cells(), (std::vector<ContingencyCell>{{0, 1, 2}, {1, 0, 2}, {1, 1, 1}}));
  EXPECT_EQ(table.total(), 5);
  EXPECT_EQ(table.row_totals(), (std::vector<std::int64_t>{2, 3, 0}));
  EXPECT_EQ(table.column_totals(), (std::vector<std::int64_t>{2, 3}));
  EXPECT_TRUE(test::close(table.joint_table(), Matrix{{0, 0.4}, {0.4, 0.2}, {0, 0}}, 1e-15));
}

// The same pairs in a table that is counted cell by cell, and in one that is sorted.
TEST(ContingencyTable, LargeTablesKeepWhatIsThere) {
  RandomSequence draws(RandomStream(1, Purpose::synthetic), 0);
  std::vector<Index> x;
  std::vector<Index> y;
  for (int i = 0; i < 1000; ++i) {
    x.push_back(static_cast<Index>(draws.below(20)));
    y.push_back(static_cast<Index>(draws.below(7)));
  }
  const ContingencyTable small(20, 7, x, y);
  const ContingencyTable large(1'000'000'000, 1'000'000'000, x, y);
  EXPECT_EQ(small.cells(), large.cells());
  EXPECT_EQ(large.total(), 1000);
  EXPECT_GT(small.cells().size(), 100U);
}

TEST(ContingencyTable, PartsMergeToTheWholeInAnyOrder) {
  RandomSequence draws(RandomStream(2, Purpose::synthetic), 0);
  std::vector<Index> x;
  std::vector<Index> y;
  for (int i = 0; i < 300; ++i) {
    x.push_back(static_cast<Index>(draws.below(9)) - 1);
    y.push_back(static_cast<Index>(draws.below(6)) - 1);
  }
  const ContingencyTable whole(8, 5, x, y);
  const auto part = [&](std::size_t begin, std::size_t end) {
    return ContingencyTable(8, 5, std::span(x).subspan(begin, end - begin),
                            std::span(y).subspan(begin, end - begin));
  };
  for (const std::size_t cut : {0U, 1U, 77U, 150U, 299U, 300U}) {
    ContingencyTable left = part(0, cut);
    ContingencyTable right = part(cut, 300);
    ContingencyTable backwards = right;
    backwards.merge(left);
    left.merge(right);
    EXPECT_EQ(left, whole);
    EXPECT_EQ(backwards, whole);
  }
}

TEST(ContingencyTable, OfCellsInAnyOrder) {
  const ContingencyTable table =
      ContingencyTable::of_cells(2, 3, {{1, 2, 4}, {0, 1, 0}, {0, 0, 1}, {1, 2, 3}});
  EXPECT_EQ(table.cells(), (std::vector<ContingencyCell>{{0, 0, 1}, {1, 2, 7}}));
  EXPECT_EQ(ContingencyTable::of_cells(2, 3, table.cells()), table);
}

TEST(ContingencyTable, InputIsChecked) {
  const std::vector<Index> two{0, 1};
  const std::vector<Index> three{0, 1, 2};
  EXPECT_EQ(error_message([&] { ContingencyTable(3, 3, two, three); }),
            "DataError: contingency table: 2 categories of X and 3 of Y; expected equally many");
  EXPECT_EQ(error_message([&] { ContingencyTable(3, 2, three, three); }),
            "DataError: contingency table: category 2 of Y; expected 0 to 1");
  EXPECT_EQ(error_message([&] { ContingencyTable(2, 3, three, three); }),
            "DataError: contingency table: category 2 of X; expected 0 to 1");
  EXPECT_NE(error_message([&] { ContingencyTable(2, 2, std::vector<Index>{-2}, {{0}}); }),
            "no error");
  EXPECT_NE(error_message([] { ContingencyTable(-1, 2, {}, {}); }), "no error");
  EXPECT_NE(error_message([] { ContingencyTable(Index{1} << 40, Index{1} << 40, {}, {}); }),
            "no error");
  EXPECT_EQ(error_message([] {
              ContingencyTable::of_cells(2, 2, {{0, 1, -3}});
            }),
            "DataError: contingency table: cell (0, 1) has the count -3; expected at least 0");
  EXPECT_NE(error_message([] { ContingencyTable::of_cells(2, 2, {{2, 1, 3}}); }), "no error");
  ContingencyTable table(2, 2, two, two);
  EXPECT_EQ(error_message([&] { table.merge(ContingencyTable(3, 2, two, two)); }),
            "DataError: contingency tables of 2 x 2 and 3 x 2; expected one shape");
  EXPECT_EQ(error_message([] { ContingencyTable(2, 2, {}, {}).joint_table(); }),
            "DataError: contingency table without counts: it has no frequencies");
}

}  // namespace
}  // namespace lockstep
