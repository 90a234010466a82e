#include "core/data/splits.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "core/base/random.hpp"

namespace lockstep {
namespace {

TEST(Splits, APartTakesItsRowsAndTheLastOneWhatIsLeft) {
  EXPECT_EQ(sizes_of_parts({10}, {2, 3}), (PartSizes{{2, 3, 5}}));
  EXPECT_EQ(sizes_of_parts({10}, {0, 0}), (PartSizes{{0, 0, 10}}));
  EXPECT_EQ(sizes_of_parts({10}, {4, 6}), (PartSizes{{4, 6, 0}}));
}

TEST(Splits, StrataAreSharedOutByLargestRemainders) {
  // Of 17 rows 5: quotas 2.94, 1.47 and 0.59, so that the first and the last get the two left.
  EXPECT_EQ(sizes_of_parts({10, 5, 2}, {5}), (PartSizes{{3, 7}, {1, 4}, {1, 1}}));
  // Equal remainders favour the lower class.
  EXPECT_EQ(sizes_of_parts({3, 3, 3}, {4}), (PartSizes{{2, 1}, {1, 2}, {1, 2}}));
  // The next part shares out what is left: of 2, 4, 6 rows 6.
  EXPECT_EQ(sizes_of_parts({4, 8, 12}, {12, 6}), (PartSizes{{2, 1, 1}, {4, 2, 2}, {6, 3, 3}}));
  // Beyond 2⁶³ in between.
  const Index many = Index{1} << 40;
  EXPECT_EQ(sizes_of_parts({many, 3 * many}, {many}),
            (PartSizes{{many / 4, many - many / 4}, {3 * many / 4, 3 * many - 3 * many / 4}}));
}

TEST(Splits, SizesFitWhateverTheStrata) {
  RandomSequence draws(RandomStream(5, Purpose::synthetic), 0);
  for (int repeat = 0; repeat < 300; ++repeat) {
    std::vector<Index> strata;
    for (std::uint64_t s = 1 + draws.below(6); s > 0; --s) {
      strata.push_back(static_cast<Index>(draws.below(40)));
    }
    const Index rows = std::accumulate(strata.begin(), strata.end(), Index{0});
    const auto first = static_cast<Index>(draws.below(static_cast<std::uint64_t>(rows) + 1));
    const auto second =
        static_cast<Index>(draws.below(static_cast<std::uint64_t>(rows - first) + 1));
    const PartSizes parts = sizes_of_parts(strata, {first, second});
    std::vector<Index> totals(3);
    for (std::size_t s = 0; s < strata.size(); ++s) {
      Index sum = 0;
      for (std::size_t part = 0; part < 3; ++part) {
        EXPECT_GE(parts[s][part], 0);
        sum += parts[s][part];
        totals[part] += parts[s][part];
      }
      EXPECT_EQ(sum, strata[s]);
      if (rows == 0) continue;
      const double quota =
          static_cast<double>(first) * static_cast<double>(strata[s]) / static_cast<double>(rows);
      EXPECT_LT(std::abs(static_cast<double>(parts[s][0]) - quota), 1);
    }
    EXPECT_EQ(totals, (std::vector<Index>{first, second, rows - first - second}));
  }
}

TEST(Splits, FoldsDifferByOneRowAtMostAndSoDoTheirStrata) {
  EXPECT_EQ(sizes_of_folds({10}, 3), (PartSizes{{4, 3, 3}}));
  // The second class goes on where the first has ended.
  EXPECT_EQ(sizes_of_folds({10, 5}, 3), (PartSizes{{4, 3, 3}, {1, 2, 2}}));
  EXPECT_EQ(sizes_of_folds({1, 1, 1, 1}, 3),
            (PartSizes{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 0, 0}}));
  RandomSequence draws(RandomStream(6, Purpose::synthetic), 0);
  for (int repeat = 0; repeat < 300; ++repeat) {
    std::vector<Index> strata;
    for (std::uint64_t s = 1 + draws.below(6); s > 0; --s) {
      strata.push_back(static_cast<Index>(draws.below(40)));
    }
    const auto folds = 2 + static_cast<Index>(draws.below(9));
    std::vector<Index> totals(static_cast<std::size_t>(folds));
    const PartSizes parts = sizes_of_folds(strata, folds);
    for (std::size_t s = 0; s < strata.size(); ++s) {
      const auto [least, most] = std::minmax_element(parts[s].begin(), parts[s].end());
      EXPECT_LE(*most - *least, 1);
      EXPECT_EQ(std::accumulate(parts[s].begin(), parts[s].end(), Index{0}), strata[s]);
      for (std::size_t f = 0; f < totals.size(); ++f) totals[f] += parts[s][f];
    }
    const auto [least, most] = std::minmax_element(totals.begin(), totals.end());
    EXPECT_LE(*most - *least, 1);
  }
}

}  // namespace
}  // namespace lockstep
