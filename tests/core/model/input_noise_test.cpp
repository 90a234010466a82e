#include "core/model/input_noise.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace lockstep {
namespace {

constexpr Index kFeatures = 101;
constexpr Index kRows = 400;

/// Noise on zeros of the rows with these numbers.
std::vector<double> noise(double deviation, Index epoch, const std::vector<Index>& numbers) {
  std::vector<double> values(numbers.size() * static_cast<std::size_t>(kFeatures));
  add_input_noise<double>(deviation, kFeatures, {}, {0, static_cast<Index>(numbers.size())},
                          {5, epoch, numbers.data()}, {values.data(), kFeatures});
  return values;
}

std::vector<Index> numbers_from(Index first) {
  std::vector<Index> numbers;
  for (Index r = 0; r < kRows; ++r) numbers.push_back(first + r);
  return numbers;
}

TEST(InputNoise, IsNormalWithItsDeviation) {
  const std::vector<double> values = noise(0.5, 1, numbers_from(0));
  double sum = 0;
  double squares = 0;
  double beyond = 0;  // two deviations
  for (const double v : values) {
    sum += v;
    squares += v * v;
    beyond += std::fabs(v) > 1 ? 1 : 0;
  }
  const auto n = static_cast<double>(values.size());
  EXPECT_NEAR(sum / n, 0, 5 * 0.5 / std::sqrt(n));
  EXPECT_NEAR(squares / n, 0.25, 5 * 0.25 * std::sqrt(2 / n));
  EXPECT_NEAR(beyond / n, std::erfc(std::sqrt(2)), 5 * std::sqrt(0.0455 / n));
}

TEST(InputNoise, DependsOnEpochAndRowAlone) {
  const std::vector<double> values = noise(1, 1, numbers_from(0));
  const std::vector<double> one = noise(1, 1, {9, 2});
  EXPECT_TRUE(std::equal(one.begin(), one.begin() + kFeatures, values.begin() + 9 * kFeatures));
  EXPECT_NE(noise(1, 2, {9, 2}), one);
  EXPECT_NE(noise(1, 1, {8, 2}).front(), one.front());
}

}  // namespace
}  // namespace lockstep
