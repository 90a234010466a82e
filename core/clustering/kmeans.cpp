#include "core/clustering/kmeans.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/random.hpp"
#include "core/clustering/nearest_center.hpp"
#include "core/kernel/elementary.hpp"
#include "core/linalg/column_scales.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The row with the smallest key, of equals the lowest: [key, row number, its numbers], so that it
/// travels along the tree; empty for none.
using Candidate = std::vector<double>;

Candidate better(Candidate left, const Candidate& right) {
  if (left.empty() || (!right.empty() && right[0] < left[0])) return right;
  return left;
}

/// The candidate of all rows, by key(row number) → double; ∞ takes a row out.
template <class Key>
Candidate smallest(Team& team, const DistributedMatrix& X, const RowBlocks& blocks, const Key& key,
                   int threads) {
  const auto of_block = [&](Index block) {
    const Range rows = blocks.rows(block);
    double best = kInfinity;
    Index found = rows.begin;
    for (Index i = rows.begin; i < rows.end; ++i) {
      const double candidate = key(i);
      if (candidate < best) {
        best = candidate;
        found = i;
      }
    }
    if (best == kInfinity) return Candidate();
    Candidate candidate{best, static_cast<double>(found)};
    candidate.insert(candidate.end(), X.row(found), X.row(found) + X.columns);
    return candidate;
  };
  return tree_fold<Candidate>(team, block_boundaries(team, blocks, X.rows), of_block, better,
                              threads);
}

Eigen::Map<const Vector> numbers_of(const Candidate& candidate) {
  return {candidate.data() + 2, static_cast<Index>(candidate.size()) - 2};
}

/// What a pass over the rows finds: labels and squared distances of this rank's rows, and sums over
/// all rows.
struct Assignment {
  std::vector<Index> labels;
  std::vector<double> squared_distances;
  double inertia = 0;
  std::int64_t changed = 0;  ///< labels that differ from those before
  std::vector<std::int64_t> sizes;
  Matrix deviations;  ///< k×n: Σ (x − center) over the rows of each cluster
};

Assignment assign(Team& team, const DistributedMatrix& X, const RowBlocks& blocks,
                  const Matrix& centers, const std::vector<Index>& before, int threads) {
  const NearestCenter nearest(centers);
  const RowMajorMatrix rows_of_centers = centers;
  const Index k = centers.rows();
  Assignment assignment;
  assignment.labels.resize(static_cast<std::size_t>(X.rows.size()));
  assignment.squared_distances.resize(assignment.labels.size());
  // inertia, changed, k sizes, k×n deviations; counts are exact in double
  constexpr std::size_t kSizes = 2;
  const auto deviations_at = kSizes + static_cast<std::size_t>(k);
  const auto of_block = [&](Index block) {
    std::vector<double> sums(deviations_at + static_cast<std::size_t>(centers.size()), 0.0);
    const Range rows = blocks.rows(block);
    for (Index i = rows.begin; i < rows.end; ++i) {
      const double* row = X.row(i);
      const NearestCenter::Found found = nearest.of(row);
      const auto local = static_cast<std::size_t>(i - X.rows.begin);
      sums[0] += found.squared_distance;
      sums[1] += before.empty() || before[local] != found.center ? 1 : 0;
      sums[kSizes + static_cast<std::size_t>(found.center)] += 1;
      const double* center = rows_of_centers.row(found.center).data();
      double* deviations = sums.data() + deviations_at + found.center * X.columns;
      for (Index j = 0; j < X.columns; ++j) deviations[j] += row[j] - center[j];
      assignment.labels[local] = found.center;
      assignment.squared_distances[local] = found.squared_distance;
    }
    return sums;
  };
  const auto add = [](std::vector<double> left, const std::vector<double>& right) {
    for (std::size_t e = 0; e < left.size(); ++e) left[e] += right[e];
    return left;
  };
  const std::vector<double> sums = tree_fold<std::vector<double>>(
      team, block_boundaries(team, blocks, X.rows), of_block, add, threads);
  assignment.inertia = sums[0];
  assignment.changed = static_cast<std::int64_t>(sums[1]);
  assignment.sizes.assign(sums.begin() + kSizes,
                          sums.begin() + static_cast<std::ptrdiff_t>(deviations_at));
  assignment.deviations =
      Eigen::Map<const RowMajorMatrix>(sums.data() + deviations_at, k, X.columns);
  return assignment;
}

/// Centers to the means of their rows; those without rows to the farthest rows.
Matrix moved(Team& team, const DistributedMatrix& X, const RowBlocks& blocks, Matrix centers,
             const Assignment& assignment, int threads) {
  std::vector<Index> taken;
  for (Index c = 0; c < centers.rows(); ++c) {
    const std::int64_t size = assignment.sizes[static_cast<std::size_t>(c)];
    if (size > 0) {
      centers.row(c) += assignment.deviations.row(c) / static_cast<double>(size);
      continue;
    }
    const auto key = [&](Index i) {
      const double distance =
          assignment.squared_distances[static_cast<std::size_t>(i - X.rows.begin)];
      const bool free = std::find(taken.begin(), taken.end(), i) == taken.end();
      return free && distance > 0 ? -distance : kInfinity;
    };
    const Candidate farthest = smallest(team, X, blocks, key, threads);
    if (farthest.empty()) continue;
    taken.push_back(static_cast<Index>(farthest[1]));
    centers.row(c) = numbers_of(farthest).transpose();
  }
  return centers;
}

void check_options(const DistributedMatrix& X, const KMeansOptions& options) {
  if (options.clusters < 1 || options.clusters > X.total_rows) {
    throw DataError(fmt::format("kmeans: clusters must be from 1 to the {} rows, but are {}",
                                X.total_rows, options.clusters));
  }
  if (options.max_iterations < 1 || options.runs < 1 || !(options.tolerance >= 0)) {
    throw DataError(
        fmt::format("kmeans: iterations and runs must be at least 1 and the tolerance at least 0, "
                    "but are {}, {} and {}",
                    options.max_iterations, options.runs, options.tolerance));
  }
}

/// Of inputs that were brought to a safe scale, back in the units of the caller.
KMeans unscaled(KMeans result, double scale) {
  if (scale == 1) return result;
  const double unit = 1 / scale;
  result.centers *= unit;
  result.inertia *= unit;
  result.inertia *= unit;  // not by unit², which may be beyond the doubles where this is not
  return result;
}

void check_centers(const DistributedMatrix& X, const Matrix& centers) {
  if (centers.rows() < 1 || centers.cols() != X.columns) {
    throw DataError(fmt::format("kmeans: expected centers of {} columns, found {}×{}", X.columns,
                                centers.rows(), centers.cols()));
  }
  if (!centers.allFinite()) throw DataError("kmeans: a center is not finite");
}

/// kmeans_plus_plus of checked input at a safe scale.
Matrix starting_centers(Team& team, const DistributedMatrix& X, const KMeansOptions& options,
                        int run, int threads) {
  const RandomStream stream(options.seed, Purpose::cluster_centers);
  const auto run_number = static_cast<std::uint64_t>(run);
  const RowBlocks blocks = kmeans_blocks(X.total_rows, options.clusters);
  Matrix centers(options.clusters, X.columns);
  std::vector<double> squared_distances(static_cast<std::size_t>(X.rows.size()), kInfinity);
  const auto first = static_cast<Index>(
      RandomSequence(stream, run_number, 0).below(static_cast<std::uint64_t>(X.total_rows)));
  const auto is_first = [&](Index i) { return i == first ? 0 : kInfinity; };
  centers.row(0) = numbers_of(smallest(team, X, blocks, is_first, threads)).transpose();
  for (Index c = 1; c < options.clusters; ++c) {
    const NearestCenter newest(centers.row(c - 1));
    const auto race = [&](Index i) {
      double& squared = squared_distances[static_cast<std::size_t>(i - X.rows.begin)];
      squared = std::min(squared, newest.of(X.row(i)).squared_distance);
      if (squared == 0) return kInfinity;
      const double u = 1 - RandomSequence(stream, run_number, static_cast<std::uint64_t>(c),
                                          static_cast<std::uint64_t>(i))
                               .uniform();
      return -kernel::log(u) / squared;
    };
    const Candidate winner = smallest(team, X, blocks, race, threads);
    if (winner.empty()) {
      throw DataError(fmt::format("kmeans: {} clusters need as many different rows, found {}",
                                  options.clusters, c));
    }
    centers.row(c) = numbers_of(winner).transpose();
  }
  return centers;
}

/// lloyd of checked input at a safe scale.
KMeans iterate(Team& team, const DistributedMatrix& X, Matrix centers, const KMeansOptions& options,
               int threads) {
  const FloatingPointMode mode;
  const RowBlocks blocks = kmeans_blocks(X.total_rows, options.clusters);
  KMeans result;
  Assignment assignment = assign(team, X, blocks, centers, {}, threads);
  while (result.iterations < options.max_iterations && !result.converged) {
    centers = moved(team, X, blocks, std::move(centers), assignment, threads);
    Assignment next = assign(team, X, blocks, centers, assignment.labels, threads);
    const double gain = assignment.inertia - next.inertia;
    result.converged = next.changed == 0 || gain <= options.tolerance * next.inertia;
    assignment = std::move(next);
    ++result.iterations;
  }
  result.centers = std::move(centers);
  result.labels = std::move(assignment.labels);
  result.sizes = std::move(assignment.sizes);
  result.inertia = assignment.inertia;
  return result;
}

}  // namespace

RowBlocks kmeans_blocks(Index total_rows, Index clusters) {
  constexpr Index kRowsOfCluster = 8;
  return RowBlocks(total_rows, std::max(RowBlocks::kSmallest, kRowsOfCluster * clusters));
}

Matrix kmeans_plus_plus(Team& team, const DistributedMatrix& X, const KMeansOptions& options,
                        int run, int threads) {
  const FloatingPointMode mode;
  const double scale = common_scale(largest_magnitude(team, X, threads));
  check_options(X, options);
  DistributedMatrix copy;
  return starting_centers(team, scaled(team, X, scale, copy), options, run, threads) / scale;
}

KMeans lloyd(Team& team, const DistributedMatrix& X, Matrix centers, const KMeansOptions& options,
             int threads) {
  const FloatingPointMode mode;
  const double largest = largest_magnitude(team, X, threads);
  check_options(X, options);
  check_centers(X, centers);
  if (centers.rows() != options.clusters) {
    throw DataError(
        fmt::format("kmeans: expected {} centers, found {}", options.clusters, centers.rows()));
  }
  const double scale = common_scale(std::max(largest, centers.cwiseAbs().maxCoeff()));
  DistributedMatrix copy;
  const DistributedMatrix& rows = scaled(team, X, scale, copy);
  centers *= scale;
  return unscaled(iterate(team, rows, std::move(centers), options, threads), scale);
}

KMeans kmeans(Team& team, const DistributedMatrix& X, const KMeansOptions& options, int threads) {
  const FloatingPointMode mode;
  const double scale = common_scale(largest_magnitude(team, X, threads));
  check_options(X, options);
  DistributedMatrix copy;
  const DistributedMatrix& rows = scaled(team, X, scale, copy);
  KMeans best;
  for (int run = 0; run == 0 || run < options.runs; ++run) {
    KMeans result =
        iterate(team, rows, starting_centers(team, rows, options, run, threads), options, threads);
    if (run == 0 || result.inertia < best.inertia) best = std::move(result);
  }
  return unscaled(std::move(best), scale);
}

std::vector<Index> nearest_centers(const DistributedMatrix& X, const Matrix& centers, int threads) {
  check_centers(X, centers);
  const double scale = common_scale(centers.cwiseAbs().maxCoeff());
  const NearestCenter nearest(centers * scale);
  constexpr Index kRowsOfTask = 1024;
  std::vector<Index> labels(static_cast<std::size_t>(X.rows.size()));
  parallel_for(threads, (X.rows.size() + kRowsOfTask - 1) / kRowsOfTask, [&](Index task) {
    const Index begin = X.rows.begin + task * kRowsOfTask;
    Vector row(X.columns);
    for (Index i = begin; i < std::min(begin + kRowsOfTask, X.rows.end); ++i) {
      row = Eigen::Map<const Vector>(X.row(i), X.columns) * scale;
      labels[static_cast<std::size_t>(i - X.rows.begin)] = nearest.of(row.data()).center;
    }
  });
  return labels;
}

}  // namespace lockstep
