#include "core/profile/population_stability.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/error.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using Counts = std::vector<std::int64_t>;
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

TEST(PopulationStability, IsItsDefinition) {
  const auto reference = test::reference("profile");
  EXPECT_EQ(reference["stabilities"].size(), 3U);
  for (const auto& expected : reference["stabilities"]) {
    const PopulationStability found =
        population_stability(expected["expected"].get<Counts>(), expected["actual"].get<Counts>());
    EXPECT_TRUE(test::close(found.index, expected["index"].get<double>(), 1e-13, 1e-3));
  }
}

TEST(PopulationStability, ByHand) {
  // Shares 3.5/5 and 1.5/5 against 1.5/5 and 3.5/5: twice 0.4·ln(7/3).
  const PopulationStability found = population_stability(Counts{3, 1}, Counts{1, 3});
  EXPECT_TRUE(test::close(found.index, 0.8 * std::log(7.0 / 3)));
  EXPECT_EQ(found.bins, 2);
  EXPECT_TRUE(test::close(found.by_chance, (0.25 + 0.25) * (1 + 3 * std::sqrt(2.0))));
}

TEST(PopulationStability, IsSymmetricAndKnowsNoEmptyBins) {
  const PopulationStability a = population_stability(Counts{5, 0, 9}, Counts{2, 0, 40});
  EXPECT_EQ(a.bins, 2);
  EXPECT_EQ(a, population_stability(Counts{5, 9}, Counts{2, 40}));
  EXPECT_TRUE(test::close(a.index, population_stability(Counts{2, 40}, Counts{5, 9}).index, 1e-14));
}

TEST(PopulationStability, OfNothing) {
  EXPECT_EQ(population_stability(Counts{}, Counts{}), PopulationStability());
  EXPECT_EQ(population_stability(Counts{0, 0}, Counts{0, 0}).index, 0);
  EXPECT_TRUE(std::isnan(population_stability(Counts{1, 2}, Counts{0, 0}).index));
}

TEST(PopulationStability, RefusesDifferentBins) {
  try {
    population_stability(Counts{1, 2}, Counts{1});
    ADD_FAILURE() << "nothing was thrown";
  } catch (const DataError& e) {
    EXPECT_STREQ(e.what(), "population stability: 2 bins were expected, and 1 found");
  }
}

TEST(DecileBins, CutAboveEachDecile) {
  const DecileBins bins(std::array<double, 9>{1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_EQ(bins.count(), 11U);
  EXPECT_EQ(bins.bin_of(-5), 0U);
  EXPECT_EQ(bins.bin_of(1), 0U);
  EXPECT_EQ(bins.bin_of(1.5), 1U);
  EXPECT_EQ(bins.bin_of(9), 8U);
  EXPECT_EQ(bins.bin_of(9.5), 9U);
  EXPECT_EQ(bins.bin_of(kMissing), 10U);
}

TEST(DecileBins, GiveFrequentValuesABinOfTheirOwn) {
  const DecileBins bins(std::array<double, 9>{0, 0, 0, 0, 0, 1, 1, 2, 3});
  EXPECT_EQ(bins.count(), 8U);  // below 0, 0, to 1, 1, to 2, to 3, beyond, and missing
  EXPECT_EQ(bins.bin_of(-0.1), 0U);
  EXPECT_EQ(bins.bin_of(0), 1U);
  EXPECT_EQ(bins.bin_of(-0.0), 1U);
  EXPECT_EQ(bins.bin_of(0.5), 2U);
  EXPECT_EQ(bins.bin_of(1), 3U);
  EXPECT_EQ(bins.bin_of(1.5), 4U);
  EXPECT_EQ(bins.bin_of(2), 4U);
  EXPECT_EQ(bins.bin_of(3), 5U);
  EXPECT_EQ(bins.bin_of(4), 6U);
  EXPECT_EQ(bins.bin_of(kMissing), 7U);
  const DecileBins none(std::array<double, 9>{kMissing, kMissing, kMissing, kMissing, kMissing,
                                              kMissing, kMissing, kMissing, kMissing});
  EXPECT_EQ(none.count(), 2U);
  EXPECT_EQ(none.bin_of(7), 0U);
}

}  // namespace
}  // namespace lockstep
