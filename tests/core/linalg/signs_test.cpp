#include "core/linalg/signs.hpp"

#include <gtest/gtest.h>

namespace lockstep {
namespace {

TEST(Signs, AVectorHasTheSignOfItsLargestEntry) {
  EXPECT_EQ(sign_of(Vector{{1, -3, 2}}), -1);
  EXPECT_EQ(sign_of(Vector{{1, 3, -2}}), 1);
  EXPECT_EQ(sign_of(Vector{{0, 0}}), 1);
  EXPECT_EQ(sign_of(Vector()), 1);
}

TEST(Signs, RoundingDoesNotDecideBetweenEqualEntries) {
  EXPECT_EQ(sign_of(Vector{{-1, 1 + 1e-15}}), -1);
  EXPECT_EQ(sign_of(Vector{{-1 + 1e-15, 1}}), -1);
  EXPECT_EQ(sign_of(Vector{{-1, 1.001}}), 1);
}

TEST(Signs, SingularVectorsTurnInPairs) {
  Matrix V{{1, -2}, {-5, 1}};
  Matrix U{{3, 4}, {5, 6}, {7, 8}};
  const Matrix product = U * V.transpose();
  fix_signs(V, U);
  EXPECT_EQ(V, (Matrix{{-1, 2}, {5, -1}}));
  EXPECT_EQ(U, (Matrix{{-3, -4}, {-5, -6}, {-7, -8}}));
  EXPECT_EQ(U * V.transpose(), product);
}

TEST(Signs, EigenvectorsTurnAlone) {
  Matrix V{{1, 2}, {-5, 1}};
  fix_signs(V);
  EXPECT_EQ(V, (Matrix{{-1, 2}, {5, 1}}));
}

TEST(Signs, TheDiagonalOfRIsNonnegative) {
  Matrix Q{{1, 2}, {3, 4}, {5, 6}};
  Matrix R{{-1, 2, 3}, {0, 5, -6}};
  const Matrix product = Q * R;
  Matrix alone = R;
  fix_signs_of_qr(Q, R);
  fix_signs_of_r(alone);
  EXPECT_EQ(R, (Matrix{{1, -2, -3}, {0, 5, -6}}));
  EXPECT_EQ(alone, R);
  EXPECT_EQ(Q * R, product);
}

}  // namespace
}  // namespace lockstep
