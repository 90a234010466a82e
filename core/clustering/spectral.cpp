#include "core/clustering/spectral.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <span>
#include <utility>

#include "core/base/error.hpp"
#include "core/clustering/kmeans.hpp"
#include "core/kernel/elementary.hpp"
#include "core/linalg/column_scales.hpp"
#include "core/linalg/eigenvalues.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {
namespace {

void check(const DistributedMatrix& X, const SpectralOptions& options) {
  const Index m = X.total_rows;
  if (m > kMostSpectralRows) {
    throw DataError(fmt::format(
        "spectral clustering takes up to {} rows, since it decomposes a matrix of rows × rows, "
        "but there are {}; take a sample, or k-means",
        kMostSpectralRows, m));
  }
  if (options.clusters < 2 || options.clusters > m) {
    throw DataError(
        fmt::format("spectral clustering: clusters must be from 2 to the {} rows, but are {}", m,
                    options.clusters));
  }
  if (options.affinity == Affinity::rbf && !(options.gamma > 0 && std::isfinite(options.gamma))) {
    throw DataError(
        fmt::format("spectral clustering: gamma must be positive, but is {}", options.gamma));
  }
  if (options.affinity == Affinity::nearest_neighbors &&
      (options.neighbors < 1 || options.neighbors >= m)) {
    throw DataError(fmt::format("spectral clustering: neighbors must be from 1 to {}, but are {}",
                                m - 1, options.neighbors));
  }
}

RowMajorMatrix all_rows(Team& team, const DistributedMatrix& X) {
  RowMajorMatrix whole(X.total_rows, X.columns);
  double* next = whole.data();
  for (const Bytes& part : team.all_gather(std::as_bytes(std::span(X.values)))) {
    if (!part.empty()) std::memcpy(next, part.data(), part.size());
    next += part.size() / sizeof(double);
  }
  return whole;
}

/// ‖xᵢ − xⱼ‖², summed over the columns in order: symmetric bit by bit.
double squared_distance(const RowMajorMatrix& X, Index i, Index j) {
  double sum = 0;
  for (Index c = 0; c < X.cols(); ++c) {
    const double difference = X(i, c) - X(j, c);
    sum += difference * difference;
  }
  return sum;
}

/// Row i of the affinities before they are made symmetric.
Vector one_sided(const RowMajorMatrix& X, Index i, const SpectralOptions& options) {
  const Index m = X.rows();
  Vector row(m);
  for (Index j = 0; j < m; ++j) row[j] = squared_distance(X, i, j);
  if (options.affinity == Affinity::rbf) {
    for (Index j = 0; j < m; ++j) row[j] = kernel::exp(-options.gamma * row[j]);
    row[i] = 0;
    return row;
  }
  std::vector<Index> others(static_cast<std::size_t>(m));
  std::iota(others.begin(), others.end(), Index{0});
  others.erase(others.begin() + i);
  const auto last = others.begin() + std::min(options.neighbors, m - 1);
  std::partial_sort(others.begin(), last, others.end(),
                    [&](Index a, Index b) { return row[a] != row[b] ? row[a] < row[b] : a < b; });
  row.setZero();
  for (auto neighbor = others.begin(); neighbor != last; ++neighbor) row[*neighbor] = 1;
  return row;
}

/// The k leading eigenvectors of D^(−½)·A·D^(−½) with rows of length 1, and their eigenvalues.
std::pair<RowMajorMatrix, Vector> embedding_of(Matrix A, Index k) {
  Vector scale(A.rows());
  for (Index i = 0; i < A.rows(); ++i) {
    const double degree = A.col(i).sum();
    scale[i] = degree > 0 ? 1 / std::sqrt(degree) : 0;
  }
  A = scale.asDiagonal() * A * scale.asDiagonal();
  const SymmetricEigen eigen = symmetric_eigen(A);
  RowMajorMatrix embedding = eigen.vectors.leftCols(k);
  for (Index i = 0; i < embedding.rows(); ++i) {
    const double length = embedding.row(i).norm();
    if (length > 0 && scale[i] > 0) {
      embedding.row(i) /= length;
    } else {
      embedding.row(i).setZero();
    }
  }
  return {std::move(embedding), eigen.values.head(k)};
}

}  // namespace

Matrix affinities(const RowMajorMatrix& X, const SpectralOptions& options, int threads) {
  if (options.affinity == Affinity::nearest_neighbors && X.size() > 0) {
    // Which rows are near does not depend on the unit; whether a squared distance is a double does.
    const double scale = common_scale(X.cwiseAbs().maxCoeff());
    if (scale != 1) return affinities(X * scale, options, threads);
  }
  Matrix A(X.rows(), X.rows());
  parallel_for(threads, X.rows(), [&](Index i) { A.col(i) = one_sided(X, i, options); });
  return (A + A.transpose()) / 2;
}

SpectralClustering spectral_clustering(Team& team, const DistributedMatrix& X,
                                       const SpectralOptions& options, int threads) {
  column_scales(team, X, threads);
  check(X, options);
  const FloatingPointMode mode;
  const auto [embedding, eigenvalues] =
      embedding_of(affinities(all_rows(team, X), options, threads), options.clusters);
  DistributedMatrix mine{X.rows, X.total_rows, options.clusters, {}};
  mine.values.resize(static_cast<std::size_t>(X.rows.size() * mine.columns));
  Eigen::Map<RowMajorMatrix>(mine.values.data(), X.rows.size(), mine.columns) =
      embedding.middleRows(X.rows.begin, X.rows.size());
  KMeansOptions last;
  last.clusters = options.clusters;
  last.runs = options.runs;
  last.seed = options.seed;
  return {kmeans(team, mine, last, threads).labels, eigenvalues};
}

}  // namespace lockstep
