#include "core/base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <vector>

namespace lockstep {
namespace {

using Words = std::array<std::uint64_t, 4>;

// philox4x64 with 10 rounds, from the file kat_vectors that Random123 is published with. The key is
// (seed, purpose).
TEST(RandomStream, AgreesWithThePublishedKnownAnswers) {
  EXPECT_EQ(
      RandomStream(0, static_cast<Purpose>(0)).words(0, 0, 0, 0),
      (Words{0x16554d9eca36314cU, 0xdb20fe9d672d0fdcU, 0xd7e772cee186176bU, 0x7e68b68aec7ba23bU}));
  constexpr std::uint64_t kOnes = ~std::uint64_t{0};
  EXPECT_EQ(
      RandomStream(kOnes, static_cast<Purpose>(kOnes)).words(kOnes, kOnes, kOnes, kOnes),
      (Words{0x87b092c3013fe90bU, 0x438c3c67be8d0224U, 0x9cc7d7c69cd777b6U, 0xa09caebf594f0ba0U}));
  // The digits of π.
  EXPECT_EQ(
      RandomStream(0x452821e638d01377U, static_cast<Purpose>(0xbe5466cf34e90c6cU))
          .words(0x243f6a8885a308d3U, 0x13198a2e03707344U, 0xa4093822299f31d0U,
                 0x082efa98ec4e6c89U),
      (Words{0xa528f45403e61d95U, 0x38c72dbd566e9788U, 0xa5a1610e72fd18b5U, 0x57bd43b5e52b7fe6U}));
}

TEST(RandomStream, EveryCoordinateSeedAndPurposeMatters) {
  const RandomStream stream(1, Purpose::shuffle);
  const Words base = stream.words(1, 2, 3, 4);
  EXPECT_EQ(stream.words(1, 2, 3, 4), base);
  EXPECT_NE(stream.words(2, 2, 3, 4), base);
  EXPECT_NE(stream.words(1, 3, 3, 4), base);
  EXPECT_NE(stream.words(1, 2, 4, 4), base);
  EXPECT_NE(stream.words(1, 2, 3, 5), base);
  EXPECT_NE(RandomStream(2, Purpose::shuffle).words(1, 2, 3, 4), base);
  EXPECT_NE(RandomStream(1, Purpose::synthetic).words(1, 2, 3, 4), base);
}

TEST(RandomSequence, WalksThroughTheWordsOfItsCoordinates) {
  const RandomStream stream(7, Purpose::synthetic);
  RandomSequence sequence(stream, 10, 20, 30);
  for (std::uint64_t block = 0; block < 3; ++block) {
    for (const std::uint64_t word : stream.words(10, 20, 30, block)) {
      EXPECT_EQ(sequence.next(), word);
    }
  }
}

TEST(RandomSequence, UniformNumbersFillTheInterval) {
  const RandomStream stream(3, Purpose::synthetic);
  RandomSequence draws(stream, 0);
  constexpr int kDraws = 200000;
  std::array<int, 20> counts{};
  double sum = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = draws.uniform();
    ASSERT_GE(x, 0.0);
    ASSERT_LT(x, 1.0);
    sum += x;
    ++counts[static_cast<std::size_t>(x * 20)];
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 5 * 0.2887 / std::sqrt(kDraws));
  double chi_squared = 0;
  for (const int count : counts) chi_squared += (count - 1e4) * (count - 1e4) / 1e4;
  EXPECT_LT(chi_squared, 43.8);  // the 0.999 quantile with 19 degrees of freedom
  for (int i = 0; i < 1000; ++i) {
    const double x = draws.uniform(-3, 5);
    ASSERT_GE(x, -3);
    ASSERT_LT(x, 5);
  }
}

TEST(RandomSequence, BelowIsUniformAndInRange) {
  const RandomStream stream(4, Purpose::synthetic);
  RandomSequence draws(stream, 0);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) ++counts.at(draws.below(7));
  double chi_squared = 0;
  for (const int count : counts) chi_squared += (count - 1e4) * (count - 1e4) / 1e4;
  EXPECT_LT(chi_squared, 22.5);  // the 0.999 quantile with 6 degrees of freedom
  for (int i = 0; i < 100; ++i) EXPECT_EQ(draws.below(1), 0U);

  // With n = 3·2⁶² a draw without rejection would give every third value twice.
  constexpr std::uint64_t kLarge = 3ULL << 62U;
  int multiples_of_three = 0;
  for (int i = 0; i < 30000; ++i) {
    const std::uint64_t x = draws.below(kLarge);
    ASSERT_LT(x, kLarge);
    if (x % 3 == 0) ++multiples_of_three;
  }
  EXPECT_NEAR(multiples_of_three, 10000, 5 * 82);
}

TEST(RandomSequence, NormalNumbersHaveTheMomentsOfTheNormalDistribution) {
  const RandomStream stream(5, Purpose::synthetic);
  RandomSequence draws(stream, 0);
  constexpr int kDraws = 200000;
  double sum = 0;
  double squares = 0;
  double fourth = 0;
  int within_one = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = draws.normal();
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
    if (std::fabs(x) < 1) ++within_one;
  }
  const double error = 5 / std::sqrt(kDraws);
  EXPECT_NEAR(sum / kDraws, 0, error);
  EXPECT_NEAR(squares / kDraws, 1, error * std::sqrt(2.0));
  EXPECT_NEAR(fourth / kDraws, 3, error * std::sqrt(96.0));
  EXPECT_NEAR(static_cast<double>(within_one) / kDraws, 0.682689, error * 0.4655);
}

TEST(RandomPermutation, HoldsEveryNumberOnce) {
  const RandomStream stream(6, Purpose::shuffle);
  for (const Index n : {0, 1, 2, 5, 1000}) {
    RandomSequence draws(stream, static_cast<std::uint64_t>(n));
    std::vector<Index> order = random_permutation(draws, n);
    std::sort(order.begin(), order.end());
    ASSERT_EQ(order.size(), static_cast<std::size_t>(n));
    for (Index i = 0; i < n; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
  }
}

TEST(RandomPermutation, AllOrdersAreEquallyLikely) {
  const RandomStream stream(8, Purpose::shuffle);
  std::map<std::vector<Index>, int> counts;
  constexpr int kDraws = 24000;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    RandomSequence draws(stream, i);
    ++counts[random_permutation(draws, 4)];
  }
  ASSERT_EQ(counts.size(), 24U);
  double chi_squared = 0;
  for (const auto& [order, count] : counts) chi_squared += (count - 1e3) * (count - 1e3) / 1e3;
  EXPECT_LT(chi_squared, 49.7);  // the 0.999 quantile with 23 degrees of freedom
}

}  // namespace
}  // namespace lockstep
