#include "core/metrics/distances.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/random.hpp"
#include "core/kernel/product.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// A distance of pairs and its matrix.
struct Distance {
  std::string name;
  std::function<double(const VectorRef&, const VectorRef&)> of_pair;
  std::function<RowMajorMatrix(const PointsRef&, const PointsRef&, int)> of_all;
};

const std::vector<Distance>& all_distances() {
  static const std::vector<Distance> distances = [] {
    std::vector<Distance> list{
        {"euclidean", euclidean_distance, euclidean_distances},
        {"manhattan", manhattan_distance, manhattan_distances},
        {"chebyshev", chebyshev_distance, chebyshev_distances},
        {"cosine similarity", cosine_similarity, cosine_similarities},
        {"cosine", cosine_distance, cosine_distances},
        {"hamming", hamming_distance, hamming_distances},
    };
    for (const double p : {1.0, 1.25, 2.0, 3.0, 400.0, kInfinity}) {
      list.push_back(
          {"minkowski " + std::to_string(p),
           [p](const VectorRef& x, const VectorRef& y) { return minkowski_distance(x, y, p); },
           [p](const PointsRef& X, const PointsRef& Y, int threads) {
             return minkowski_distances(X, Y, p, threads);
           }});
    }
    return list;
  }();
  return distances;
}

/// Some of the coordinates are equal between points, so that Hamming's distances differ.
RowMajorMatrix points(Index count, Index coordinates, std::uint64_t seed) {
  RandomSequence draws(RandomStream(seed, Purpose::synthetic), 0);
  RowMajorMatrix X(count, coordinates);
  for (Index i = 0; i < X.size(); ++i) {
    const double x = draws.normal();
    X.data()[i] = draws.uniform() < 0.3 ? std::round(x) : x;
  }
  return X;
}

bool same_bits(double a, double b) {
  return std::isnan(a) ? std::isnan(b) : std::memcmp(&a, &b, sizeof a) == 0;
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const DataError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Distances, HandComputed) {
  const Vector x{{1, 2, 3}};
  const Vector y{{4, -2, 3}};
  EXPECT_EQ(euclidean_distance(x, y), 5);
  EXPECT_EQ(manhattan_distance(x, y), 7);
  EXPECT_EQ(chebyshev_distance(x, y), 4);
  EXPECT_TRUE(close(minkowski_distance(x, y, 3), std::cbrt(91), 1e-15));
  EXPECT_EQ(hamming_distance(x, y), 2.0 / 3);
  EXPECT_TRUE(close(cosine_similarity(x, y), 9 / std::sqrt(14.0 * 29), 1e-15));
  EXPECT_TRUE(close(cosine_distance(x, y), 1 - 9 / std::sqrt(14.0 * 29), 1e-15));
  EXPECT_EQ(cosine_similarity(Vector{{2, 0}}, Vector{{0, 3}}), 0);
  EXPECT_EQ(cosine_similarity(Vector{{2, 0}}, Vector{{-3, 0}}), -1);
  EXPECT_EQ(cosine_distance(Vector{{2, 0}}, Vector{{-3, 0}}), 2);
}

TEST(Distances, AgreeWithScipy) {
  const auto numbers = test::reference("probability")["distances"];
  const Matrix X = test::matrix_of(numbers["X"]);
  const Matrix Y = test::matrix_of(numbers["Y"]);
  EXPECT_TRUE(close(euclidean_distances(X, Y), test::matrix_of(numbers["euclidean"]), 1e-14));
  EXPECT_TRUE(close(manhattan_distances(X, Y), test::matrix_of(numbers["manhattan"]), 1e-14));
  EXPECT_TRUE(close(chebyshev_distances(X, Y), test::matrix_of(numbers["chebyshev"]), 1e-14));
  EXPECT_TRUE(close(cosine_distances(X, Y), test::matrix_of(numbers["cosine"]), 1e-14));
  EXPECT_TRUE(close(Matrix(1 - cosine_similarities(X, Y).array()),
                    test::matrix_of(numbers["cosine"]), 1e-14));
  for (const auto& minkowski : numbers["minkowski"]) {
    const double p = test::number_of(minkowski["p"]);
    EXPECT_TRUE(close(minkowski_distances(X, Y, p), test::matrix_of(minkowski["D"]), 1e-13))
        << "p = " << p;
  }
  EXPECT_TRUE(close(
      hamming_distances(test::matrix_of(numbers["levels_x"]), test::matrix_of(numbers["levels_y"])),
      test::matrix_of(numbers["hamming"]), 1e-15));
}

// Whatever the instruction set, the threads, the neighbours and the place of a point.
TEST(Distances, MatricesHaveTheBitsOfPairs) {
  const kernel::InstructionSet before = kernel::instruction_set();
  const Index shapes[][3] = {{1, 1, 1},   {1, 17, 2},   {7, 16, 3},
                             {49, 31, 5}, {53, 530, 9}, {100, 33, 300}};
  for (const auto& [m, n, d] : shapes) {
    const RowMajorMatrix X = points(m, d, 1);
    RowMajorMatrix Y = points(n, d, 2);
    if (n > 16) Y(16, d / 2) = kNan;
    if (n > 17) Y.row(17) = X.row(0);
    if (n > 18) Y.row(18).setZero();
    if (n > 19) Y(19, 0) = kInfinity;
    for (const Distance& distance : all_distances()) {
      Matrix expected(m, n);
      for (Index i = 0; i < m; ++i) {
        for (Index j = 0; j < n; ++j) {
          expected(i, j) = distance.of_pair(X.row(i).transpose(), Y.row(j).transpose());
        }
      }
      for (const kernel::InstructionSet set : kernel::available_instruction_sets()) {
        kernel::use_instruction_set(set);
        for (const int threads : {1, 2, 3}) {
          const RowMajorMatrix actual = distance.of_all(X, Y, threads);
          ASSERT_EQ(actual.rows(), m);
          ASSERT_EQ(actual.cols(), n);
          for (Index i = 0; i < m; ++i) {
            for (Index j = 0; j < n; ++j) {
              ASSERT_TRUE(same_bits(actual(i, j), expected(i, j)))
                  << distance.name << " of " << m << 'x' << n << 'x' << d << " at " << i << ',' << j
                  << ": " << actual(i, j) << " and " << expected(i, j) << ", "
                  << kernel::name_of(set) << ", " << threads << " threads";
            }
          }
        }
      }
      kernel::use_instruction_set(before);
    }
  }
}

TEST(Distances, AreTheSumsTheyAreDefinedBy) {
  const RowMajorMatrix X = points(20, 11, 3);
  const RowMajorMatrix Y = points(30, 11, 4);
  for (const double p : {1.0, 1.5, 2.0, 2.5, 3.0, 10.0}) {
    const RowMajorMatrix D = minkowski_distances(X, Y, p);
    for (Index i = 0; i < X.rows(); ++i) {
      for (Index j = 0; j < Y.rows(); ++j) {
        double sum = 0;
        for (Index k = 0; k < X.cols(); ++k) sum += std::pow(std::fabs(X(i, k) - Y(j, k)), p);
        EXPECT_TRUE(close(D(i, j), std::pow(sum, 1 / p), 1e-14)) << "p = " << p;
      }
    }
  }
}

TEST(Distances, AreMetrics) {
  const RowMajorMatrix X = points(40, 6, 5);
  for (const Distance& distance : all_distances()) {
    if (distance.name.starts_with("cosine")) continue;
    const RowMajorMatrix D = distance.of_all(X, X, 1);
    for (Index i = 0; i < X.rows(); ++i) {
      EXPECT_EQ(D(i, i), 0) << distance.name;
      for (Index j = 0; j < X.rows(); ++j) {
        EXPECT_EQ(D(i, j), D(j, i)) << distance.name;
        EXPECT_GE(D(i, j), 0) << distance.name;
        for (Index k = 0; k < X.rows(); ++k) {
          EXPECT_LE(D(i, k), (D(i, j) + D(j, k)) * (1 + 1e-14)) << distance.name;
        }
      }
    }
  }
}

TEST(Distances, MinkowskiFallsWithPTowardsChebyshev) {
  const RowMajorMatrix X = points(10, 8, 6);
  RowMajorMatrix larger = minkowski_distances(X, X, 1);
  for (const double p : {1.0, 1.1, 2.0, 2.1, 5.0, 50.0, 1e4, 1e300, kInfinity}) {
    const RowMajorMatrix D = minkowski_distances(X, X, p);
    EXPECT_TRUE((D.array() <= larger.array() * (1 + 1e-15)).all()) << "p = " << p;
    larger = D;
  }
  EXPECT_EQ(minkowski_distances(X, X, 1), manhattan_distances(X, X));
  EXPECT_EQ(minkowski_distances(X, X, 2), euclidean_distances(X, X));
  EXPECT_EQ(minkowski_distances(X, X, kInfinity), chebyshev_distances(X, X));
  EXPECT_TRUE(close(minkowski_distances(X, X, 1e300), chebyshev_distances(X, X), 1e-15));
  EXPECT_TRUE(close(minkowski_distances(X, X, 2 + 1e-13), euclidean_distances(X, X), 1e-12));
}

// ‖x‖² + ‖y‖² − 2x·y has no digit of these distances right.
TEST(Distances, NearPointsKeepTheirDigits) {
  const RowMajorMatrix X{{1e8, -1e8, 1e8}, {1e8 + 0.25, -1e8, 1e8 - 0.5}};
  const Vector x = X.row(0);
  const Vector y = X.row(1);
  const double expansion = x.squaredNorm() + y.squaredNorm() - 2 * x.dot(y);
  EXPECT_GT(std::fabs(expansion - 0.3125), 0.1);
  EXPECT_EQ(euclidean_distances(X, X)(0, 1), std::sqrt(0.3125));
  EXPECT_EQ(euclidean_distances(X, X)(0, 0), 0);

  // cos 1e−9 rounds to 1, so 1 − cos would be 0.
  const RowMajorMatrix Z{{1, 0}, {1, 1e-9}};
  EXPECT_EQ(cosine_similarities(Z, Z)(0, 1), 1);
  EXPECT_TRUE(close(cosine_distances(Z, Z)(0, 1), 0.5e-18, 1e-12));
  EXPECT_EQ(cosine_distances(Z, Z)(1, 1), 0);
}

TEST(Distances, OfLargeAndSmallNumbers) {
  const Vector large{{3e200, -4e200}};
  const Vector origin{{0, 0}};
  EXPECT_EQ(euclidean_distance(large, origin), kInfinity);
  EXPECT_EQ(euclidean_distance(large * 1e-200 * 1e-170, origin), 0);
  EXPECT_TRUE(close(minkowski_distance(large, origin, 3), std::cbrt(91) * 1e200, 1e-14));
  EXPECT_TRUE(
      close(minkowski_distance(large * 1e-200 * 1e-200, origin, 3), std::cbrt(91) * 1e-200, 1e-14));
  EXPECT_EQ(chebyshev_distance(large, origin), 4e200);
  EXPECT_EQ(manhattan_distance(large, origin), 7e200);
  EXPECT_TRUE(close(cosine_similarity(large, Vector{{1e-200, 0}}), 0.6, 1e-15));
  EXPECT_TRUE(close(cosine_distance(Vector{{1.7e308, 1.7e308}}, Vector{{2.5e-308, 0}}),
                    1 - std::sqrt(0.5), 1e-15));
}

TEST(Distances, NanAndInfinityPropagate) {
  const Vector x{{1, 2, 3}};
  for (const Distance& distance : all_distances()) {
    if (distance.name == "hamming") continue;
    for (Index k = 0; k < 3; ++k) {
      Vector y = x;
      y[k] = kNan;
      EXPECT_TRUE(std::isnan(distance.of_pair(x, y))) << distance.name;
      EXPECT_TRUE(std::isnan(distance.of_pair(y, x))) << distance.name;
      y[k] = kInfinity;
      EXPECT_TRUE(std::isnan(distance.of_pair(y, y))) << distance.name;
      if (distance.name.starts_with("cosine")) {
        EXPECT_TRUE(std::isnan(distance.of_pair(y, x))) << distance.name;
      } else {
        EXPECT_EQ(distance.of_pair(y, x), kInfinity) << distance.name;
      }
    }
  }
}

TEST(Distances, HammingComparesNumbers) {
  EXPECT_EQ(hamming_distance(Vector{{0.0, 1, kNan, kInfinity}}, Vector{{-0.0, 1, kNan, kInfinity}}),
            0.25);
}

TEST(Distances, TheZeroVectorHasNoDirection) {
  const Vector x{{1, 2}};
  const Vector zero{{0, -0.0}};
  EXPECT_TRUE(std::isnan(cosine_similarity(x, zero)));
  EXPECT_TRUE(std::isnan(cosine_similarity(zero, zero)));
  EXPECT_TRUE(std::isnan(cosine_distance(zero, x)));
  EXPECT_TRUE(std::isnan(cosine_distance(zero, zero)));
}

TEST(Distances, OfNoPoints) {
  const RowMajorMatrix X = points(3, 4, 7);
  const RowMajorMatrix none(0, 4);
  for (const Distance& distance : all_distances()) {
    EXPECT_EQ(distance.of_all(none, X, 2).rows(), 0);
    EXPECT_EQ(distance.of_all(none, X, 2).cols(), 3);
    EXPECT_EQ(distance.of_all(X, none, 2).rows(), 3);
    EXPECT_EQ(distance.of_all(X, none, 2).cols(), 0);
  }
}

TEST(Distances, ColumnMajorMatricesAndBlocksArePoints) {
  const RowMajorMatrix X = points(9, 5, 8);
  const Matrix columns = X;
  EXPECT_EQ(euclidean_distances(columns, columns), euclidean_distances(X, X));
  EXPECT_EQ(manhattan_distances(X.rightCols(2), X.rightCols(2)),
            manhattan_distances(RowMajorMatrix(X.rightCols(2)), RowMajorMatrix(X.rightCols(2))));
}

TEST(Distances, NameWrongShapes) {
  const Vector three = Vector::Ones(3);
  const Vector four = Vector::Ones(4);
  for (const Distance& distance : all_distances()) {
    EXPECT_EQ(message_of([&] { distance.of_all(points(2, 3, 9), points(5, 4, 9), 1); }),
              "distance: points of X have 3 coordinates, those of Y have 4; expected equally many, "
              "and at least one");
    EXPECT_EQ(message_of([&] { distance.of_all(Matrix(2, 0), Matrix(5, 0), 1); }),
              "distance: points of X have 0 coordinates, those of Y have 0; expected equally many, "
              "and at least one");
    EXPECT_EQ(message_of([&] { distance.of_pair(three, four); }),
              "distance: the point x has 3 coordinates, y has 4; expected equally many, and at "
              "least one");
    EXPECT_NE(message_of([&] { distance.of_pair(Vector(), Vector()); }), "no error");
  }
}

TEST(Distances, NameWrongExponents) {
  const Vector x = Vector::Ones(3);
  EXPECT_EQ(message_of([&] { minkowski_distance(x, x, 0.5); }),
            "Minkowski distance: p is 0.5; expected p >= 1 or infinity");
  EXPECT_EQ(message_of([&] { minkowski_distances(points(1, 2, 1), points(1, 2, 1), kNan); }),
            "Minkowski distance: p is nan; expected p >= 1 or infinity");
}

}  // namespace
}  // namespace lockstep
