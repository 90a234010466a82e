#include "core/kernel/normal.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace lockstep {
namespace {

constexpr long double kRootHalf = 0.70710678118654752440084436210484903928L;
constexpr long double kInverseRootTwoPi = 0.39894228040143267793994605993438186848L;

template <class T>
class NormalKernel : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(NormalKernel, Scalars);

TYPED_TEST(NormalKernel, AgreesWithLongDoubleInBothTails) {
  using T = TypeParam;
  const T lowest = static_cast<T>(sizeof(T) == 4 ? -13 : -37.5);  // e^(−x²/2) is normal until there
  constexpr T kUlp = std::numeric_limits<T>::epsilon();
  for (int i = 0; i <= 100000; ++i) {
    const T x = lowest + (-2 * lowest) * static_cast<T>(i) / static_cast<T>(100000);
    const long double exact = x;
    const kernel::Normal<T> at = kernel::normal(x);
    const long double cumulative = std::erfc(-exact * kRootHalf) / 2;
    const long double density = kInverseRootTwoPi * std::exp(-exact * exact / 2);
    ASSERT_LE(std::fabs(at.cumulative - cumulative), 8 * kUlp * cumulative) << x;
    ASSERT_LE(std::fabs(at.density - density), 4 * kUlp * density) << x;
  }
}

TYPED_TEST(NormalKernel, HasItsLimits) {
  using T = TypeParam;
  for (const T x : {T(50), T(1e18), T(1e30), std::numeric_limits<T>::infinity()}) {
    EXPECT_EQ(kernel::normal(x).cumulative, 1) << x;
    EXPECT_EQ(kernel::normal(-x).cumulative, 0) << x;
    EXPECT_EQ(kernel::normal(x).density, 0) << x;
  }
  EXPECT_EQ(kernel::normal(T(0)).cumulative, T(0.5));
  const kernel::Normal<T> nan = kernel::normal(std::numeric_limits<T>::quiet_NaN());
  EXPECT_TRUE(std::isnan(nan.cumulative));
  EXPECT_TRUE(std::isnan(nan.density));
}

}  // namespace
}  // namespace lockstep
