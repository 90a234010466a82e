#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/clustering/kmeans.hpp"
#include "core/clustering/spectral.hpp"
#include "core/kernel/elementary.hpp"
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
  return share_of(team, X, kmeans_blocks(X.rows(), 2), share);
}

/// Rows in turn from two rings of radius 1 and 3, with some noise.
Matrix rings(Index rows) {
  Matrix X = 0.05 * normal_matrix(rows, 2);
  for (Index i = 0; i < rows; ++i) {
    const double angle = 6.283185307179586 * static_cast<double>(i) / static_cast<double>(rows);
    const double radius = i % 2 == 0 ? 1 : 3;
    X(i, 0) += radius * kernel::cos(angle);
    X(i, 1) += radius * kernel::sin(angle);
  }
  return X;
}

/// Rows in turn from two half circles that reach into each other.
Matrix moons(Index rows) {
  Matrix X = 0.05 * normal_matrix(rows, 2);
  for (Index i = 0; i < rows; ++i) {
    const double angle = 3.141592653589793 * static_cast<double>(i) / static_cast<double>(rows);
    const bool upper = i % 2 == 0;
    X(i, 0) += upper ? kernel::cos(angle) : 1 - kernel::cos(angle);
    X(i, 1) += upper ? kernel::sin(angle) : 0.5 - kernel::sin(angle);
  }
  return X;
}

/// Over all ranks, the rows of this rank whose label tells even from odd row numbers; counted for
/// the better of the two ways to name the clusters.
std::int64_t told_apart(Team& team, Range rows, const std::vector<Index>& labels) {
  std::int64_t right = 0;
  for (Index i = rows.begin; i < rows.end; ++i) {
    right += labels[static_cast<std::size_t>(i - rows.begin)] == i % 2 ? 1 : 0;
  }
  right = sum_over(team, right);
  return std::max(right, sum_over(team, rows.size()) - right);
}

TEST(SpectralClustering, SeparatesWhatKMeansCannot) {
  test::for_each_team({1, 3}, [](Team& team) {
    for (const Matrix& X : {rings(300), moons(300)}) {
      const DistributedMatrix mine = mine_of(team, X);
      for (const Affinity affinity : {Affinity::rbf, Affinity::nearest_neighbors}) {
        SpectralOptions options;
        options.affinity = affinity;
        options.gamma = 20;
        const SpectralClustering result = spectral_clustering(team, mine, options);
        EXPECT_EQ(told_apart(team, mine.rows, result.labels), 300);
      }
      KMeansOptions options;
      options.runs = 10;
      EXPECT_LT(told_apart(team, mine.rows, kmeans(team, mine, options).labels), 270);
    }
  });
}

TEST(SpectralClustering, HasTheEigenvaluesOfScipy) {
  const nlohmann::json expected = test::reference("clustering").at("spectral");
  const Matrix X = matrix_of(expected.at("x"));
  test::for_each_team({1, 2}, [&](Team& team) {
    SpectralOptions options;
    options.clusters = 3;
    options.gamma = expected.at("gamma").get<double>();
    EXPECT_TRUE(close(spectral_clustering(team, mine_of(team, X), options).eigenvalues,
                      vector_of(expected.at("eigenvalues"))));
  });
}

TEST(SpectralClustering, HasTheSameLabelsOnAnyRanksAndThreads) {
  const Matrix X = normal_matrix(400, 3);
  SpectralOptions options;
  options.affinity = Affinity::nearest_neighbors;
  options.clusters = 3;
  options.runs = 2;
  SpectralClustering one;
  test::for_each_thread_team(
      {1}, [&](Team& team) { one = spectral_clustering(team, mine_of(team, X), options); });
  test::for_each_team({2, 3}, [&](Team& team) {
    for (const int threads : {1, 2}) {
      const DistributedMatrix mine = mine_of(team, X, threads == 1 ? Share::even : Share::last);
      const SpectralClustering result = spectral_clustering(team, mine, options, threads);
      EXPECT_EQ(result.eigenvalues, one.eigenvalues);
      EXPECT_EQ(result.labels, (std::vector<Index>(one.labels.begin() + mine.rows.begin,
                                                   one.labels.begin() + mine.rows.end)));
    }
  });
}

TEST(SpectralClustering, AComponentOfItsOwnHasTheEigenvalueOne) {
  Matrix X(6, 1);
  X << 0, 100, 1, 101, 2, 102;
  test::for_each_team({1, 2}, [&](Team& team) {
    SpectralOptions options;
    options.affinity = Affinity::nearest_neighbors;
    options.neighbors = 2;
    const DistributedMatrix mine = mine_of(team, X);
    const SpectralClustering result = spectral_clustering(team, mine, options);
    EXPECT_TRUE(close(result.eigenvalues, Vector{{1, 1}}, 1e-14));
    EXPECT_EQ(told_apart(team, mine.rows, result.labels), 6);
  });
}

// Two heavy rows and a light tail, and twelve rows far away. The eigenvectors' entries grow with
// the weight of a row, so that before the rows are scaled to length 1, the tail is nearer to the
// twelve.
TEST(SpectralClustering, TheWeightOfARowDoesNotDecide) {
  Matrix X(16, 1);
  X << 0, 0.01, 2.2, 4.4, 100, 100.5, 101, 101.5, 102, 102.5, 103, 103.5, 104, 104.5, 105, 105.5;
  test::for_each_team({1, 2}, [&](Team& team) {
    const DistributedMatrix mine = mine_of(team, X);
    const SpectralClustering result = spectral_clustering(team, mine, SpectralOptions());
    for (std::size_t i = 0; i < result.labels.size(); ++i) {
      EXPECT_EQ(result.labels[i] == result.labels[0], i < 4) << i;
    }
  });
}

// exp(−10000) counts as 0: the last row has no connection, and is a cluster of its own.
TEST(SpectralClustering, ARowWithoutConnectionsIsApart) {
  Matrix X(5, 1);
  X << 0, 0.1, 0.2, 0.3, 100;
  test::for_each_team({1, 2}, [&](Team& team) {
    const SpectralClustering result =
        spectral_clustering(team, mine_of(team, X), SpectralOptions());
    const DistributedMatrix mine = mine_of(team, X);
    for (Index i = mine.rows.begin; i < mine.rows.end; ++i) {
      const auto label = [&](Index row) { return result.labels[static_cast<std::size_t>(row)]; };
      EXPECT_EQ(label(i) == label(mine.rows.size() - 1), i == 4);
    }
  });
}

TEST(Affinities, AreThoseOfTheDefinition) {
  const RowMajorMatrix X{{0, 0}, {3, 4}, {0, 1}, {0, -1}};
  SpectralOptions options;
  options.gamma = 0.1;
  const Matrix A = affinities(X, options);
  EXPECT_EQ(A, Matrix(A.transpose()));
  EXPECT_EQ(A.diagonal(), Vector::Zero(4));
  EXPECT_TRUE(close(A(0, 1), std::exp(-2.5), 1e-15));
  EXPECT_TRUE(close(A(2, 3), std::exp(-0.4), 1e-15));
  // Neighbours: 0 → 2 (3 is as near, but higher), 1 → 2, 2 → 0, 3 → 0.
  options.affinity = Affinity::nearest_neighbors;
  options.neighbors = 1;
  EXPECT_EQ(affinities(X, options),
            (Matrix{{0, 0, 1, 0.5}, {0, 0, 0.5, 0}, {1, 0.5, 0, 0}, {0.5, 0, 0, 0}}));
}

TEST(Affinities, OfTinyAndOfHugeNumbers) {
  const RowMajorMatrix X{{0, 0}, {1.5, 1}, {0, 1}, {0, -1.25}};
  SpectralOptions options;
  options.affinity = Affinity::nearest_neighbors;
  options.neighbors = 1;
  const Matrix expected = affinities(X, options);
  for (const double size : {0x1p-1000, 0x1p-600, 0x1p600, 0x1p1023}) {
    EXPECT_EQ(affinities(X * size, options), expected) << size;
  }
  options.affinity = Affinity::rbf;
  EXPECT_EQ(affinities(X * 0x1p1023, options), Matrix::Zero(4, 4));
  EXPECT_EQ(affinities(X * 0x1p-1000, options),
            Matrix(Matrix::Ones(4, 4) - Matrix::Identity(4, 4)));
}

TEST(SpectralClustering, RefusesBadInput) {
  test::for_each_team({1, 2}, [](Team& team) {
    const auto error_of = [&](const Matrix& X, const SpectralOptions& options) -> std::string {
      try {
        spectral_clustering(team, mine_of(team, X), options);
      } catch (const Error& error) {
        EXPECT_EQ(error.exit_code(), ExitCode::bad_data);
        const std::string message = error.what();
        return message.substr(0, message.find(" (rank"));
      }
      return "no error";
    };
    SpectralOptions options;
    EXPECT_EQ(error_of(Matrix::Zero(2049, 1), options),
              "spectral clustering takes up to 2048 rows, since it decomposes a matrix of rows × "
              "rows, but there are 2049; take a sample, or k-means");
    EXPECT_EQ(error_of(Matrix(0, 2), options),
              "expected a matrix with rows and columns, found 0×2");
    options.gamma = 0;
    EXPECT_EQ(error_of(rings(6), options), "spectral clustering: gamma must be positive, but is 0");
    options.affinity = Affinity::nearest_neighbors;
    options.neighbors = 6;
    EXPECT_EQ(error_of(rings(6), options),
              "spectral clustering: neighbors must be from 1 to 5, but are 6");
    options.clusters = 1;
    EXPECT_EQ(error_of(rings(6), options),
              "spectral clustering: clusters must be from 2 to the 6 rows, but are 1");
    Matrix X = rings(6);
    X(2, 1) = -std::numeric_limits<double>::infinity();
    EXPECT_EQ(error_of(X, SpectralOptions()),
              "row 2, column 1 of the matrix, counted from 0: expected a finite number, "
              "found -inf");
  });
}

}  // namespace
}  // namespace lockstep
