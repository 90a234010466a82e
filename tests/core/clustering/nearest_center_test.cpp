#include "core/clustering/nearest_center.hpp"

#include <gtest/gtest.h>

#include "core/base/random.hpp"

namespace lockstep {
namespace {

Matrix numbers(Index rows, Index columns, std::uint64_t seed) {
  Matrix X(rows, columns);
  for (Index i = 0; i < rows; ++i) {
    RandomSequence draws(RandomStream(seed, Purpose::synthetic), static_cast<std::uint64_t>(i));
    for (Index j = 0; j < columns; ++j) X(i, j) = draws.normal();
  }
  return X;
}

TEST(NearestCenter, IsTheDefinitionBitByBit) {
  for (const Index count : {1, 2, 15, 16, 17, 40}) {
    for (const Index columns : {1, 3, 20}) {
      const Matrix centers = numbers(count, columns, 1);
      const NearestCenter nearest(centers);
      const RowMajorMatrix X = numbers(30, columns, 2);
      for (Index i = 0; i < X.rows(); ++i) {
        Index best = 0;
        double least = 0;
        for (Index c = 0; c < count; ++c) {
          double sum = 0;
          for (Index j = 0; j < columns; ++j) {
            const double difference = X(i, j) - centers(c, j);
            sum += difference * difference;
          }
          if (c == 0 || sum < least) {
            best = c;
            least = sum;
          }
        }
        const NearestCenter::Found found = nearest.of(X.row(i).data());
        EXPECT_EQ(found.center, best);
        EXPECT_EQ(found.squared_distance, least);
      }
    }
  }
}

TEST(NearestCenter, OfEqualsTheLowest) {
  Matrix centers = Matrix::Constant(20, 2, 5);
  centers.row(3) << 1, 0;
  centers.row(18) << -1, 0;
  const double origin[] = {0, 0};
  EXPECT_EQ(NearestCenter(centers).of(origin).center, 3);
  EXPECT_EQ(NearestCenter(Matrix::Ones(20, 2)).of(origin).center, 0);
}

// ‖x‖² − 2·x·c + ‖c‖² would be 0 for all of them.
TEST(NearestCenter, IsRightFarFromZero) {
  const Matrix centers{{1e9}, {1e9 + 1}, {1e9 + 2}};
  const double x[] = {1e9 + 1.25};
  const NearestCenter::Found found = NearestCenter(centers).of(x);
  EXPECT_EQ(found.center, 1);
  EXPECT_EQ(found.squared_distance, 0.0625);
}

}  // namespace
}  // namespace lockstep
