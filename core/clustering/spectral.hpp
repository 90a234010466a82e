#pragma once

#include <cstdint>
#include <vector>

#include "core/linalg/distributed_matrix.hpp"
#include "core/linalg/matrix.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// Which rows are alike.
enum class Affinity {
  rbf,  ///< aᵢⱼ = exp(−γ·‖xᵢ − xⱼ‖²), 0 where the squared distance is infinite
  nearest_neighbors,  ///< aᵢⱼ = ½·[j is a neighbour of i] + ½·[i is a neighbour of j]
};

struct SpectralOptions {
  Index clusters = 2;  ///< k, from 2 to m
  Affinity affinity = Affinity::rbf;
  double gamma = 1;        ///< of rbf; positive
  Index neighbors = 10;    ///< nearest rows beside itself, of equals the lowest; from 1 to m − 1
  int runs = 10;           ///< of the k-means at the end
  std::uint64_t seed = 0;  ///< of the k-means at the end
};

struct SpectralClustering {
  std::vector<Index> labels;  ///< of this rank's rows
  Vector eigenvalues;  ///< the k leading ones of D^(−½)·A·D^(−½): 1 for each component of A
};

/// Rows that spectral_clustering takes at most: each rank decomposes m×m numbers, which
/// takes some ten seconds.
inline constexpr Index kMostSpectralRows = 2048;

/// A, m×m and symmetric, with zeros on the diagonal. X is the whole matrix, m×n; neighbours are
/// found among numbers of any magnitude, by one exact power of two as in kmeans. Rank-local,
/// O(m²n).
Matrix affinities(const RowMajorMatrix& X, const SpectralOptions& options, int threads = 1);

/// Clusters of any shape, by their connections [Ng, Jordan, Weiss 2001; von Luxburg 2007, §4]:
/// with D = diag(Σⱼ aᵢⱼ), the k leading eigenvectors of D^(−½)·A·D^(−½), that is those of the
/// normalized Laplacian I − D^(−½)·A·D^(−½) with the least eigenvalues, give each row k numbers;
/// these are scaled to length 1 and clustered by k-means. A row without connections has zeros.
/// @param X  m×n in whole kmeans_blocks(m, k) (asserted)
/// Errors: DataError for m above kMostSpectralRows and options out of range; those of
/// column_scales and kmeans.
/// *Collective*; a rank sends its rows to P−1 ranks, and what kmeans does. O(m³) on every rank.
SpectralClustering spectral_clustering(Team& team, const DistributedMatrix& X,
                                       const SpectralOptions& options, int threads = 1);

}  // namespace lockstep
