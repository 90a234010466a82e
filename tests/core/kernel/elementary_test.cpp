#include "core/kernel/elementary.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace lockstep {
namespace {

template <class T>
double ulps(T got, long double expected) {
  const T rounded = static_cast<T>(expected);
  if (got == rounded) return 0;
  const T next = std::nextafter(std::fabs(rounded), std::numeric_limits<T>::infinity());
  const long double spacing = static_cast<long double>(next) - std::fabs(rounded);
  return static_cast<double>(std::fabs(static_cast<long double>(got) - expected) / spacing);
}

template <class T>
std::vector<T> points(double low, double high, int n) {
  std::vector<T> xs;
  for (int i = 0; i < n; ++i) xs.push_back(static_cast<T>(low + (high - low) * i / (n - 1)));
  return xs;
}

template <class T>
class Elementary : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(Elementary, Scalars);

TYPED_TEST(Elementary, AgreesWithLongDoubleWithinThreeUlp) {
  using T = TypeParam;
  const double low = sizeof(T) == 4 ? -86.9799 : -708.0;
  const double high = sizeof(T) == 4 ? 88.7 : 709.7;
  for (const T x : points<T>(low, high, 100001)) {
    ASSERT_LE(ulps(kernel::exp(x), std::exp(static_cast<long double>(x))), 3) << x;
  }
  for (const T x : points<T>(-1, 1, 100001)) {
    ASSERT_LE(ulps(kernel::exp(x), std::exp(static_cast<long double>(x))), 3) << x;
    ASSERT_LE(ulps(kernel::tanh(x), std::tanh(static_cast<long double>(x))), 3) << x;
  }
  for (const T x : points<T>(-30, 30, 100001)) {
    const long double e = std::exp(-static_cast<long double>(x));
    ASSERT_LE(ulps(kernel::sigmoid(x), 1 / (1 + e)), 3) << x;
    ASSERT_LE(ulps(kernel::tanh(x), std::tanh(static_cast<long double>(x))), 3) << x;
    ASSERT_LE(ulps(kernel::softplus(x), std::log1p(std::exp(static_cast<long double>(x)))), 4) << x;
  }
  for (const T x : points<T>(0.01, 3, 100001)) {
    ASSERT_LE(ulps(kernel::log(x), std::log(static_cast<long double>(x))), 3) << x;
  }
  for (const T x : points<T>(-0.9999, 3, 100001)) {
    ASSERT_LE(ulps(kernel::log1p(x), std::log1p(static_cast<long double>(x))), 3) << x;
  }
  for (T x = std::numeric_limits<T>::min(); x < std::numeric_limits<T>::max() / 2; x *= T(1.37)) {
    ASSERT_LE(ulps(kernel::log(x), std::log(static_cast<long double>(x))), 3) << x;
    ASSERT_LE(ulps(kernel::log1p(x), std::log1p(static_cast<long double>(x))), 3) << x;
    if (x > std::numeric_limits<T>::epsilon() && x < T(1)) {
      const T near_minus_one = x - T(1);
      ASSERT_LE(
          ulps(kernel::log1p(near_minus_one), std::log1p(static_cast<long double>(near_minus_one))),
          3)
          << near_minus_one;
    }
  }
}

TYPED_TEST(Elementary, TakesLimitsAndPropagatesNaN) {
  using T = TypeParam;
  const T inf = std::numeric_limits<T>::infinity();
  const T nan = std::numeric_limits<T>::quiet_NaN();
  EXPECT_EQ(kernel::exp(-inf), T(0));
  EXPECT_EQ(kernel::exp(inf), inf);
  EXPECT_EQ(kernel::exp(T(0)), T(1));
  EXPECT_EQ(kernel::log(T(0)), -inf);
  EXPECT_EQ(kernel::log(inf), inf);
  EXPECT_EQ(kernel::log(T(1)), T(0));
  EXPECT_TRUE(std::isnan(kernel::log(T(-1))));
  EXPECT_EQ(kernel::tanh(inf), T(1));
  EXPECT_EQ(kernel::tanh(-inf), T(-1));
  EXPECT_TRUE(std::signbit(kernel::tanh(T(-0.0))));
  EXPECT_EQ(kernel::sigmoid(-inf), T(0));
  EXPECT_EQ(kernel::sigmoid(inf), T(1));
  EXPECT_EQ(kernel::sigmoid(T(0)), T(0.5));
  EXPECT_EQ(kernel::softplus(T(1e4)), T(1e4));
  EXPECT_EQ(kernel::softplus(T(-1e4)), T(0));
  for (const T f : {kernel::exp(nan), kernel::log(nan), kernel::tanh(nan), kernel::sigmoid(nan),
                    kernel::softplus(nan)}) {
    EXPECT_TRUE(std::isnan(f));
  }
}

TYPED_TEST(Elementary, AVectorizedLoopGivesTheBitsOfASingleCall) {
  using T = TypeParam;
  for (int n = 1; n <= 40; ++n) {
    std::vector<T> x = points<T>(-9, 9, 40);
    std::vector<T> y(x.size());
    for (int i = 0; i < n; ++i) {
      y[static_cast<std::size_t>(i)] = kernel::tanh(x[static_cast<std::size_t>(i)]) +
                                       kernel::softplus(x[static_cast<std::size_t>(i)]);
    }
    for (int i = 0; i < n; ++i) {
      volatile T single = x[static_cast<std::size_t>(i)];
      const T argument = single;
      EXPECT_EQ(y[static_cast<std::size_t>(i)],
                kernel::tanh(argument) + kernel::softplus(argument));
    }
  }
}

TEST(SinCos, AgreesWithLongDouble) {
  for (const double x : points<double>(-1e4, 1e4, 200001)) {
    ASSERT_NEAR(kernel::sin(x), static_cast<double>(std::sin(static_cast<long double>(x))), 4e-16);
    ASSERT_NEAR(kernel::cos(x), static_cast<double>(std::cos(static_cast<long double>(x))), 4e-16);
  }
}

}  // namespace
}  // namespace lockstep
