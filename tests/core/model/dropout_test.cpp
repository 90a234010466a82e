#include "core/model/dropout.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "core/base/memory.hpp"

namespace lockstep {
namespace {

constexpr Index kWidth = 203;
constexpr Index kRows = 500;
const Index kStride = round_up(kWidth, kPanel);

/// What becomes of rows of ones, and of derivatives of ones.
struct Dropped {
  AlignedVector<double> y;
  AlignedVector<double> dx;
};

Dropped dropped(double rate, std::uint64_t seed, Index epoch, std::uint64_t layer,
                const std::vector<Index>& numbers, double x = 1) {
  const Dropout<double> layer_of(kWidth, layer, rate);
  const auto n = static_cast<Index>(numbers.size());
  const auto size = static_cast<std::size_t>(n * kStride);
  AlignedVector<double> in(size, x);
  AlignedVector<double> kept(size);
  Dropped result{AlignedVector<double>(size), AlignedVector<double>(size, 1.0)};
  const Rows<double> y{result.y.data(), kStride};
  const Rows<double> dx{result.dx.data(), kStride};
  const TrainingRows rows{seed, epoch, numbers.data()};
  layer_of.forward(n, {in.data(), kStride}, nullptr, y, {kept.data(), kStride}, &rows);
  layer_of.backward(n, {{in.data(), kStride}, y, {kept.data(), kStride}}, dx, nullptr, dx);
  return result;
}

std::vector<Index> numbers_from(Index first, Index n) {
  std::vector<Index> numbers(static_cast<std::size_t>(n));
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

double share_of_zeros(const AlignedVector<double>& rows) {
  Index zeros = 0;
  const auto n = static_cast<Index>(rows.size()) / kStride;
  for (Index r = 0; r < n; ++r) {
    for (Index c = 0; c < kWidth; ++c) {
      zeros += rows[static_cast<std::size_t>(r * kStride + c)] == 0 ? 1 : 0;
    }
  }
  return static_cast<double>(zeros) / static_cast<double>(n * kWidth);
}

TEST(Dropout, DropsItsShareAndScalesTheRest) {
  for (const double rate : {0.01, 0.25, 0.5, 0.9}) {
    const Dropped run = dropped(rate, 1, 1, 0, numbers_from(0, kRows));
    // Five standard deviations of the share.
    EXPECT_NEAR(share_of_zeros(run.y), rate, 5 * std::sqrt(rate * (1 - rate) / kRows / kWidth));
    for (const double y : run.y) EXPECT_TRUE(y == 0 || y == 1 / (1 - rate)) << y;
    EXPECT_EQ(run.dx, run.y) << "derivatives are dropped where units are";
  }
}

TEST(Dropout, DependsOnSeedEpochLayerRowAndUnitAlone) {
  const Dropped run = dropped(0.5, 1, 1, 0, numbers_from(0, kRows));
  EXPECT_EQ(dropped(0.5, 1, 1, 0, numbers_from(0, kRows)).y, run.y);
  // Independent draws agree on half of the units.
  const auto agreement = [&](const AlignedVector<double>& other) {
    Index same = 0;
    for (std::size_t i = 0; i < other.size(); ++i) same += other[i] == run.y[i] ? 1 : 0;
    return static_cast<double>(same) / static_cast<double>(other.size());
  };
  EXPECT_NEAR(agreement(dropped(0.5, 2, 1, 0, numbers_from(0, kRows)).y), 0.5, 0.01);
  EXPECT_NEAR(agreement(dropped(0.5, 1, 2, 0, numbers_from(0, kRows)).y), 0.5, 0.01);
  EXPECT_NEAR(agreement(dropped(0.5, 1, 1, 1, numbers_from(0, kRows)).y), 0.5, 0.01);
  EXPECT_NEAR(agreement(dropped(0.5, 1, 1, 0, numbers_from(1, kRows)).y), 0.5, 0.01);
  // The same row at another place.
  const Dropped one = dropped(0.5, 1, 1, 0, {7, 3});
  EXPECT_TRUE(std::equal(one.y.begin(), one.y.begin() + kWidth, run.y.begin() + 7 * kStride));
  // The units of a row are drawn by themselves.
  for (const Index shift : {1, 2, 4, 8, 16}) {
    Index same = 0;
    for (std::size_t i = 0; i + 16 < run.y.size(); ++i) {
      same += run.y[i] == run.y[i + static_cast<std::size_t>(shift)] ? 1 : 0;
    }
    EXPECT_NEAR(static_cast<double>(same) / static_cast<double>(run.y.size()), 0.5, 0.01) << shift;
  }
}

TEST(Dropout, DropsWhateverAUnitIs) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double y : dropped(0.5, 1, 1, 0, {0}, infinity).y) {
    EXPECT_TRUE(y == 0 || y == infinity);
  }
}

}  // namespace
}  // namespace lockstep
