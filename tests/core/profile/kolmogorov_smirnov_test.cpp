#include "core/profile/kolmogorov_smirnov.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

TEST(KolmogorovTail, IsThatOfScipy) {
  const auto expected = test::reference("profile");
  const Vector lambdas = test::vector_of(expected["lambdas"]);
  const Vector tails = test::vector_of(expected["tails"]);
  for (Index i = 0; i < lambdas.size(); ++i) {
    // The exponent 2λ² is rounded before exp takes it: as many units in the last place as it has.
    const double tolerance = 1e-14 * (1 + 2 * lambdas[i] * lambdas[i]);
    EXPECT_TRUE(test::close(kolmogorov_tail(lambdas[i]), tails[i], tolerance)) << lambdas[i];
  }
}

TEST(KolmogorovTail, IsOneWhereNothingDiffersAndNeverMore) {
  EXPECT_EQ(kolmogorov_tail(0), 1);
  EXPECT_EQ(kolmogorov_tail(-1), 1);
  EXPECT_EQ(kolmogorov_tail(std::numeric_limits<double>::infinity()), 0);
  EXPECT_TRUE(std::isnan(kolmogorov_tail(std::numeric_limits<double>::quiet_NaN())));
  double before = 1;
  for (int i = 1; i < 400; ++i) {
    const double tail = kolmogorov_tail(0.01 * i);
    EXPECT_LE(tail, before);
    EXPECT_GE(tail, 0);
    before = tail;
  }
}

}  // namespace
}  // namespace lockstep
