#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/clustering/kmeans.hpp"
#include "tests/core/distributed/matrices.hpp"
#include "tests/support/ranks.hpp"
#include "tests/support/reference.hpp"

namespace lockstep {
namespace {

using test::close;
using test::matrix_of;
using test::normal_matrix;
using test::Share;
using test::share_of;
using test::vector_of;

DistributedMatrix mine_of(const Team& team, const Matrix& X, Share share = Share::even) {
  return share_of(team, X, kmeans_blocks(X.rows(), 3), share);
}

KMeansOptions options_of(Index clusters) {
  KMeansOptions options;
  options.clusters = clusters;
  return options;
}

/// The labels of all rows, on every rank.
std::vector<Index> all_labels(Team& team, const std::vector<Index>& mine) {
  std::vector<Index> labels;
  for (const Bytes& part : team.all_gather(std::as_bytes(std::span(mine)))) {
    for (std::size_t i = 0; i < part.size(); i += sizeof(Index)) {
      Index label = 0;
      std::memcpy(&label, part.data() + i, sizeof(Index));
      labels.push_back(label);
    }
  }
  return labels;
}

/// Three heaps around (0, 0), (6, 0) and (0, 6), row after row.
Matrix heaps(Index rows) {
  Matrix X = normal_matrix(rows, 2);
  for (Index i = 0; i < rows; ++i) {
    X(i, 0) += i % 3 == 1 ? 6 : 0;
    X(i, 1) += i % 3 == 2 ? 6 : 0;
  }
  return X;
}

TEST(KMeans, HandComputed) {
  // 0, 1 and 10, 14 around centers that start at 0 and 1: {0} {1, 10, 14}, {0, 1} {10, 14}.
  const Matrix X{{0}, {1}, {10}, {14}};
  test::for_each_team({1, 2}, [&](Team& team) {
    const KMeans result = lloyd(team, mine_of(team, X), Matrix{{0}, {1}}, options_of(2));
    EXPECT_EQ(result.centers, (Matrix{{0.5}, {12}}));
    EXPECT_EQ(all_labels(team, result.labels), (std::vector<Index>{0, 0, 1, 1}));
    EXPECT_EQ(result.sizes, (std::vector<std::int64_t>{2, 2}));
    EXPECT_EQ(result.inertia, 8.5);
    EXPECT_TRUE(result.converged);
    EXPECT_EQ(result.iterations, 2);  // to (0, 25/3), then to (1/2, 12)
  });
}

TEST(KMeans, IsThatOfScikitLearn) {
  const nlohmann::json expected = test::reference("clustering").at("kmeans");
  const Matrix X = matrix_of(expected.at("x"));
  const Matrix start = matrix_of(expected.at("start"));
  test::for_each_team({1, 3}, [&](Team& team) {
    const KMeans result = lloyd(team, mine_of(team, X), start, options_of(3));
    EXPECT_TRUE(close(result.centers, matrix_of(expected.at("centers"))));
    EXPECT_TRUE(close(result.inertia, expected.at("inertia").get<double>()));
    EXPECT_EQ(all_labels(team, result.labels), expected.at("labels").get<std::vector<Index>>());
    KMeansOptions once = options_of(3);
    once.max_iterations = 1;
    const KMeans after_one = lloyd(team, mine_of(team, X), start, once);
    EXPECT_TRUE(close(after_one.centers, matrix_of(expected.at("centers_after_one"))));
    EXPECT_FALSE(after_one.converged);
    KMeansOptions runs = options_of(3);
    runs.runs = 20;
    EXPECT_TRUE(close(kmeans(team, mine_of(team, X), runs).inertia,
                      expected.at("best_inertia").get<double>()));
  });
}

TEST(KMeans, FindsTheHeaps) {
  const Matrix X = heaps(3000);
  test::for_each_team({1, 2}, [&](Team& team) {
    const DistributedMatrix mine = mine_of(team, X);
    KMeansOptions options = options_of(3);
    options.runs = 5;
    const KMeans result = kmeans(team, mine, options);
    EXPECT_TRUE(result.converged);
    const std::vector<Index> labels = all_labels(team, result.labels);
    Index right = 0;
    for (std::size_t i = 3; i < labels.size(); ++i) right += labels[i] == labels[i % 3] ? 1 : 0;
    EXPECT_GT(right, 2970);
    EXPECT_EQ(nearest_centers(mine, result.centers), result.labels);
  });
}

// What the result claims to be, computed anew.
TEST(KMeans, CentersAreTheMeansOfTheirRows) {
  const Matrix X = heaps(2001);
  test::for_each_team({1, 3}, [&](Team& team) {
    const KMeans result = kmeans(team, mine_of(team, X), options_of(5));
    const std::vector<Index> labels = all_labels(team, result.labels);
    Matrix means = Matrix::Zero(5, 2);
    std::vector<std::int64_t> sizes(5, 0);
    double inertia = 0;
    for (Index i = 0; i < X.rows(); ++i) {
      const Index label = labels[static_cast<std::size_t>(i)];
      means.row(label) += X.row(i);
      ++sizes[static_cast<std::size_t>(label)];
      inertia += (X.row(i) - result.centers.row(label)).squaredNorm();
    }
    for (Index c = 0; c < 5; ++c) {
      means.row(c) /= static_cast<double>(sizes[static_cast<std::size_t>(c)]);
    }
    EXPECT_EQ(result.sizes, sizes);
    EXPECT_TRUE(close(result.centers, means, 1e-13));
    EXPECT_TRUE(close(result.inertia, inertia, 1e-13));
  });
}

TEST(KMeans, HasTheSameBitsOnAnyRanksAndThreads) {
  const Matrix X = heaps(5003);
  KMeansOptions options = options_of(7);
  options.runs = 2;
  KMeans one;
  test::for_each_thread_team({1},
                             [&](Team& team) { one = kmeans(team, mine_of(team, X), options); });
  test::for_each_team({2, 3, 4, 7}, [&](Team& team) {
    for (const int threads : {1, 2}) {
      for (const Share share : {Share::even, Share::last}) {
        const KMeans result = kmeans(team, mine_of(team, X, share), options, threads);
        EXPECT_EQ(result.centers, one.centers);
        EXPECT_EQ(all_labels(team, result.labels), one.labels);
        EXPECT_EQ(result.sizes, one.sizes);
        EXPECT_EQ(result.inertia, one.inertia);
        EXPECT_EQ(result.iterations, one.iterations);
      }
    }
  });
}

TEST(KMeans, InertiaNeverRises) {
  const Matrix X = heaps(1500);
  test::for_each_team({1}, [&](Team& team) {
    const Matrix start = kmeans_plus_plus(team, mine_of(team, X), options_of(8));
    double previous = std::numeric_limits<double>::infinity();
    KMeansOptions options = options_of(8);
    for (options.max_iterations = 1; options.max_iterations < 12; ++options.max_iterations) {
      const double inertia = lloyd(team, mine_of(team, X), start, options).inertia;
      EXPECT_LE(inertia, previous);
      previous = inertia;
    }
  });
}

TEST(KMeans, StopsByTheToleranceOrTheNumberOfIterations) {
  const Matrix X = normal_matrix(2000, 3);
  test::for_each_team({1}, [&](Team& team) {
    KMeansOptions options = options_of(9);
    const int all = kmeans(team, mine_of(team, X), options).iterations;
    options.tolerance = 0.01;
    const KMeans rough = kmeans(team, mine_of(team, X), options);
    EXPECT_TRUE(rough.converged);
    EXPECT_LT(rough.iterations, all);
    options.tolerance = 0;
    options.max_iterations = 2;
    const KMeans cut = kmeans(team, mine_of(team, X), options);
    EXPECT_FALSE(cut.converged);
    EXPECT_EQ(cut.iterations, 2);
  });
}

TEST(KMeans, CentersWithoutRowsMoveToTheFarthestRows) {
  // Both far centers are empty; rows 1 and 3 are the farthest, at the same distance.
  const Matrix X{{0}, {-4}, {1}, {4}};
  const Matrix start{{0}, {100}, {200}};
  test::for_each_team({1, 2}, [&](Team& team) {
    KMeansOptions options = options_of(3);
    options.max_iterations = 1;
    const KMeans once = lloyd(team, mine_of(team, X), start, options);
    EXPECT_EQ(once.centers, (Matrix{{0.25}, {-4}, {4}}));
    const KMeans result = lloyd(team, mine_of(team, X), start, options_of(3));
    EXPECT_EQ(result.centers, (Matrix{{0.5}, {-4}, {4}}));
    EXPECT_EQ(result.sizes, (std::vector<std::int64_t>{2, 1, 1}));
  });
}

TEST(KMeans, ACenterStaysEmptyWhenAllRowsLieOnTheirs) {
  const Matrix X{{1}, {1}, {2}};
  test::for_each_team({1, 2}, [&](Team& team) {
    const KMeans result = lloyd(team, mine_of(team, X), Matrix{{1}, {2}, {9}}, options_of(3));
    EXPECT_EQ(result.centers, (Matrix{{1}, {2}, {9}}));
    EXPECT_EQ(result.sizes, (std::vector<std::int64_t>{2, 1, 0}));
    EXPECT_EQ(result.inertia, 0);
    EXPECT_TRUE(result.converged);
  });
}

TEST(KMeansPlusPlus, ChoosesDifferentRowsOfTheMatrix) {
  const Matrix X = heaps(40);
  test::for_each_team({1, 2}, [&](Team& team) {
    const Matrix centers = kmeans_plus_plus(team, mine_of(team, X), options_of(40));
    std::set<std::pair<double, double>> chosen;
    std::set<std::pair<double, double>> rows;
    for (Index i = 0; i < 40; ++i) {
      chosen.emplace(centers(i, 0), centers(i, 1));
      rows.emplace(X(i, 0), X(i, 1));
    }
    EXPECT_EQ(chosen, rows);
  });
}

// Rows at 0, 1 and 3: behind a first center at 0, the second is 1 or 3 with weights 1 and 9; behind
// 1 it is 0 or 3 with 1 and 4; behind 3 it is 0 or 1 with 9 and 4.
TEST(KMeansPlusPlus, DrawsByTheSquaredDistance) {
  const Matrix X{{0}, {1}, {3}};
  constexpr int kDraws = 6000;
  test::for_each_thread_team({1}, [&](Team& team) {
    std::map<std::pair<double, double>, int> counts;
    for (int run = 0; run < kDraws; ++run) {
      const Matrix centers = kmeans_plus_plus(team, mine_of(team, X), options_of(2), run);
      ++counts[{centers(0, 0), centers(1, 0)}];
    }
    const auto expect_share = [&](double first, double second, double probability) {
      const double deviation = std::sqrt(probability * (1 - probability) / kDraws);
      EXPECT_NEAR(static_cast<double>(counts[{first, second}]) / kDraws, probability, 4 * deviation)
          << first << " " << second;
    };
    expect_share(0, 1, 0.1 / 3);
    expect_share(0, 3, 0.9 / 3);
    expect_share(1, 0, 0.2 / 3);
    expect_share(1, 3, 0.8 / 3);
    expect_share(3, 0, 9.0 / 13 / 3);
    expect_share(3, 1, 4.0 / 13 / 3);
  });
}

// Scaled by a power of two, the centers are those of the ordinary data bit by bit.
TEST(KMeans, OfTinyAndOfHugeNumbers) {
  const Matrix X = heaps(1003);
  KMeansOptions options = options_of(3);
  options.runs = 3;
  test::for_each_team({1, 3}, [&](Team& team) {
    const KMeans ordinary = kmeans(team, mine_of(team, X), options);
    const Matrix start = kmeans_plus_plus(team, mine_of(team, X), options);
    for (const double scale : {0x1p-1000, 0x1p-700, 0x1p700, 0x1p1019}) {
      const DistributedMatrix mine = mine_of(team, X * scale);
      const KMeans result = kmeans(team, mine, options, 2);
      EXPECT_EQ(result.centers, ordinary.centers * scale);
      EXPECT_EQ(result.labels, ordinary.labels);
      EXPECT_EQ(result.iterations, ordinary.iterations);
      EXPECT_TRUE(result.converged);
      EXPECT_EQ(result.inertia, scale < 1 ? 0 : std::numeric_limits<double>::infinity());
      EXPECT_EQ(kmeans_plus_plus(team, mine, options), start * scale);
      EXPECT_EQ(lloyd(team, mine, start * scale, options).centers,
                lloyd(team, mine_of(team, X), start, options).centers * scale);
      EXPECT_EQ(nearest_centers(mine, result.centers), result.labels);
    }
    for (const double scale : {0x1p-300, 0x1p300}) {  // whose squares are still doubles
      const KMeans result = kmeans(team, mine_of(team, X * scale), options);
      EXPECT_EQ(result.inertia, ordinary.inertia * scale * scale);
    }
  });
}

// Values near the largest double, centers far beyond tiny rows: nothing becomes NaN.
TEST(KMeans, OfValuesAtTheLimits) {
  test::for_each_team({1, 2}, [&](Team& team) {
    const Matrix X{{1e308, -1e308}, {-1e308, 1e308}, {1.7e308, 1}};
    const KMeans result = kmeans(team, mine_of(team, X), options_of(3));
    EXPECT_EQ(result.inertia, 0);
    EXPECT_TRUE(result.centers.allFinite());
    const Matrix tiny{{1e-300}, {2e-300}};
    const KMeans one = lloyd(team, mine_of(team, tiny), Matrix{{1e10}}, options_of(1));
    EXPECT_TRUE(one.centers.allFinite());
  });
}

TEST(KMeans, RefusesBadInput) {
  test::for_each_team({1, 2}, [](Team& team) {
    const auto error_of = [&](const Matrix& X, const KMeansOptions& options) -> std::string {
      try {
        kmeans(team, mine_of(team, X), options);
      } catch (const Error& error) {
        EXPECT_EQ(error.exit_code(), ExitCode::bad_data);
        const std::string message = error.what();
        return message.substr(0, message.find(" (rank"));
      }
      return "no error";
    };
    const Matrix X = heaps(6);
    EXPECT_EQ(error_of(X, options_of(0)),
              "kmeans: clusters must be from 1 to the 6 rows, but are 0");
    EXPECT_EQ(error_of(X, options_of(7)),
              "kmeans: clusters must be from 1 to the 6 rows, but are 7");
    EXPECT_EQ(error_of(Matrix::Ones(6, 2), options_of(3)),
              "kmeans: 3 clusters need as many different rows, found 1");
    EXPECT_EQ(error_of(Matrix(0, 2), options_of(1)),
              "expected a matrix with rows and columns, found 0×2");
    KMeansOptions options = options_of(2);
    options.max_iterations = 0;
    EXPECT_EQ(error_of(X, options),
              "kmeans: iterations and runs must be at least 1 and the tolerance at least 0, but "
              "are 0, 1 and 0");
    options = options_of(2);
    options.tolerance = std::numeric_limits<double>::quiet_NaN();
    options.runs = 0;
    EXPECT_EQ(error_of(X, options),
              "kmeans: iterations and runs must be at least 1 and the tolerance at least 0, but "
              "are 300, 0 and nan");
    Matrix with_nan = X;
    with_nan(4, 1) = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(error_of(with_nan, options_of(2)),
              "row 4, column 1 of the matrix, counted from 0: expected a finite number, "
              "found nan");
  });
}

TEST(KMeans, RefusesCentersThatDoNotFit) {
  test::for_each_team({1, 2}, [](Team& team) {
    const DistributedMatrix mine = mine_of(team, heaps(6));
    const auto error_of = [&](const Matrix& centers) -> std::string {
      try {
        lloyd(team, mine, centers, options_of(2));
      } catch (const DataError& error) {
        return error.what();
      }
      return "no error";
    };
    EXPECT_EQ(error_of(Matrix::Zero(2, 3)), "kmeans: expected centers of 2 columns, found 2×3");
    EXPECT_EQ(error_of(Matrix::Zero(3, 2)), "kmeans: expected 2 centers, found 3");
    EXPECT_EQ(error_of(Matrix::Constant(2, 2, std::numeric_limits<double>::infinity())),
              "kmeans: a center is not finite");
    EXPECT_THROW(nearest_centers(mine, Matrix::Zero(2, 3)), DataError);
  });
}

}  // namespace
}  // namespace lockstep
