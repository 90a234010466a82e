#include "core/model/layer_norm.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/base/memory.hpp"

namespace lockstep {
namespace {

/// y of one row, with γ = 1 + c/10 and β = c/100 of unit c.
template <class T>
std::vector<T> normalized(const std::vector<T>& x) {
  const auto width = static_cast<Index>(x.size());
  const Index stride = round_up(width, kPanel);
  const LayerNorm<T> layer(width);
  const auto size = static_cast<std::size_t>(stride);
  AlignedVector<T> theta(2 * size);
  for (std::size_t c = 0; c < x.size(); ++c) {
    theta[c] = T(1) + static_cast<T>(c) / T(10);
    theta[size + c] = static_cast<T>(c) / T(100);
  }
  AlignedVector<T> in(size, T(99));  // what the padding is does not matter
  std::copy(x.begin(), x.end(), in.begin());
  AlignedVector<T> out(size, T(99));
  AlignedVector<T> kept(static_cast<std::size_t>(kPanel));
  layer.forward(1, {in.data(), stride}, theta.data(), {out.data(), stride}, {kept.data(), kPanel},
                nullptr);
  for (std::size_t c = x.size(); c < size; ++c) EXPECT_EQ(out[c], 0);
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(x.size())};
}

TEST(LayerNorm, IsItsDefinitionForAnyWidth) {
  for (const std::size_t width : {1U, 2U, 15U, 16U, 17U, 50U}) {
    std::vector<double> x;
    for (std::size_t c = 0; c < width; ++c) x.push_back(std::sin(3.7 * static_cast<double>(c)) + 5);
    double mean = 0;
    for (const double v : x) mean += v / static_cast<double>(width);
    double variance = 0;
    for (const double v : x) variance += (v - mean) * (v - mean) / static_cast<double>(width);
    const std::vector<double> y = normalized(x);
    for (std::size_t c = 0; c < width; ++c) {
      const auto unit = static_cast<double>(c);
      const double expected =
          (x[c] - mean) / std::sqrt(variance + 1e-5) * (1 + unit / 10) + unit / 100;
      EXPECT_NEAR(y[c], expected, 1e-13) << width;
    }
  }
}

TEST(LayerNorm, KeepsItsDigitsFarFromZero) {
  // The variance is that of 1, 2, 3, 4: sums of squares in float would have lost it.
  const std::vector<float> y = normalized<float>({10001, 10002, 10003, 10004});
  const double inverse = 1 / std::sqrt(1.25 + 1e-5);
  EXPECT_NEAR(y[0], -1.5 * inverse, 1e-3);
  EXPECT_NEAR(y[3], 1.5 * inverse * 1.3 + 0.03, 1e-3);
}

TEST(LayerNorm, BeginsAsTheNormalisationAlone) {
  const LayerNorm<float> layer(3);
  AlignedVector<float> theta(static_cast<std::size_t>(2 * kPanel), 7);
  layer.initialize(Initialization::automatic, RandomStream(1, Purpose::initialization), 0,
                   theta.data());
  for (Index c = 0; c < 2 * kPanel; ++c) {
    EXPECT_EQ(theta[static_cast<std::size_t>(c)], c < 3 ? 1 : 0) << c;
  }
}

}  // namespace
}  // namespace lockstep
