#pragma once

#include <cstdint>
#include <vector>

#include "core/linalg/distributed_matrix.hpp"
#include "core/linalg/matrix.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

struct KMeansOptions {
  Index clusters = 2;        ///< k, from 1 to m
  int max_iterations = 300;  ///< at least 1
  double tolerance = 0;      ///< stop when an iteration lowers the inertia by this part or less
  int runs = 1;              ///< from different starts; the first of the least inertia counts
  std::uint64_t seed = 0;
};

struct KMeans {
  Matrix centers;             ///< k×n
  std::vector<Index> labels;  ///< of this rank's rows: the nearest center, the lowest of equals
  std::vector<std::int64_t> sizes;  ///< k: rows of each cluster, over all ranks
  double inertia = 0;               ///< Σᵢ ‖xᵢ − center of its label‖²
  int iterations = 0;               ///< times that the centers moved
  bool converged = false;           ///< no label changed, or the tolerance was reached
};

/// The blocks that k-means folds over: enough rows that the sums of k clusters cost little.
RowBlocks kmeans_blocks(Index total_rows, Index clusters);

/// Starting centers, k×n rows of X [Arthur, Vassilvitskii 2007, k-means++]: the first is uniform,
/// each other one is row i with probability proportional to Dᵢ², its squared distance from the
/// nearest center so far. Drawn as a race: row i has the key −ln(u)/Dᵢ², u a function of
/// (seed, run, center, i), and the smallest key wins [Efraimidis, Spirakis 2006], of equals the
/// lowest row. So a pass over the rows draws a center, and no prefix sums of Dᵢ² are rounded.
/// Parameters, errors: as kmeans. *Collective*; a rank sends k − 1 times 2·log₂(blocks) rows.
Matrix kmeans_plus_plus(Team& team, const DistributedMatrix& X, const KMeansOptions& options,
                        int run = 0, int threads = 1);

/// Lloyd's iterations [Lloyd 1982] from given centers: each row joins its nearest center, each
/// center moves to the mean of its rows, until no label changes. A center without rows moves to the
/// row that is farthest from its own center, of equals the lowest; with several, each takes the
/// next one. When all rows lie on their centers it stays, and its cluster is empty.
/// @param centers  k×n
/// Errors: DataError for centers of another shape or not finite; those of kmeans.
/// *Collective*; an iteration sends 2·log₂(blocks) nodes of 8·(k·(n + 1) + 2) bytes to P−1 ranks.
KMeans lloyd(Team& team, const DistributedMatrix& X, Matrix centers, const KMeansOptions& options,
             int threads = 1);

/// Clusters the rows of X by their distance from k centers: a local minimum of the inertia.
/// @param X  m×n in whole kmeans_blocks(m, k) (asserted)
/// Data of any magnitude, and lloyd's, is brought to a safe scale by one exact power of two for all
/// columns, so that squared distances neither overflow nor vanish; only those below 10⁻³⁰⁸ of the
/// largest squared magnitude do, and denormal numbers count as 0. The inertia is in the caller's
/// units again: infinite or 0 where it is beyond the doubles.
/// Errors: DataError for options out of range or fewer than k different rows; those of
/// column_scales. *Collective*; sends what its parts do.
KMeans kmeans(Team& team, const DistributedMatrix& X, const KMeansOptions& options,
              int threads = 1);

/// The label of each row of X, by centers that were found before. Distances are safe as in kmeans,
/// by the scale of the centers. Rank-local.
/// @throws DataError for centers of other columns than X
std::vector<Index> nearest_centers(const DistributedMatrix& X, const Matrix& centers,
                                   int threads = 1);

}  // namespace lockstep
