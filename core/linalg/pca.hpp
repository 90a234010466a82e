#pragma once

#include "core/linalg/distributed_matrix.hpp"
#include "core/linalg/matrix.hpp"
#include "core/linalg/randomized_svd.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/team.hpp"
#include "core/statistics/normalization.hpp"

namespace lockstep {

/// Where the eigenvectors of the covariance come from. With X the centred data:
enum class PcaMethod {
  svd,         ///< X = U·S·Pᵀ by tsqr, Λ = S²/n: right to ε·σ₁ in S
  covariance,  ///< Σ = (1/n)·XᵀX = P·Λ·Pᵀ: the fastest; deviations below √ε·σ₁ are lost
  randomized,  ///< randomized_svd: for many columns and few components
};

struct PcaOptions {
  Index components = 1;  ///< k, from 1 to min(m, n)
  PcaMethod method = PcaMethod::svd;
  Normalization normalization = Normalization::sample;  ///< 1/(m − 1), or the guide's 1/m
  RandomizedSvdOptions randomized;                      ///< for PcaMethod::randomized
};

/// Principal components of m rows of n columns.
struct Pca {
  Vector mean;                      ///< n, of the columns
  Matrix components;                ///< P, n×k: orthonormal columns, by descending variance
  Vector explained_variance;        ///< Λ, k: the variance along each component
  Vector explained_variance_ratio;  ///< of the variance of all columns; NaN when that is 0
  Vector singular_values;           ///< of the centred data, k: √(Λ·m) or √(Λ·(m − 1))
};

/// The blocks that fit_pca folds over, by the method.
RowBlocks pca_blocks(Index total_rows, Index columns, const PcaOptions& options);

/// Fits the components: Σ = P·Λ·Pᵀ, signs by signs.hpp. The columns are centred by their exact
/// means before anything is squared. Components without variance are directions of rounding.
/// @param X  m×n in whole pca_blocks(m, n, options) (asserted)
/// Data of any magnitude is brought to a safe scale by one exact power of two for all columns, as
/// by kmeans: variances are infinite or 0 where they are beyond the doubles, all else is right.
/// Errors: DataError for k out of range and, with 1/(m − 1), for one row; ColumnError for
/// deviations whose norm is beyond the doubles; those of column_scales. *Collective*; a rank sends
/// what central_moments and the method's decomposition do.
Pca fit_pca(Team& team, const DistributedMatrix& X, const PcaOptions& options, int threads = 1);

/// The projection Y = (X − mean)·P, m×k, with its rows where those of X are.
/// @throws DataError when X has other columns than the data that was fitted. Rank-local.
DistributedMatrix project(const Pca& pca, const DistributedMatrix& X, int threads = 1);

/// The projection in units of its deviations, Y·Λ^(−½): uncorrelated columns of variance 1.
/// @throws DataError as project(); NumericalError for a component without variance. Rank-local.
DistributedMatrix whiten(const Pca& pca, const DistributedMatrix& X, int threads = 1);

/// What the components keep of the data, mean + Y·Pᵀ, m×n; all of it for k = n.
/// @param Y  a projection, m×k; else DataError
/// Rank-local.
DistributedMatrix reconstruct(const Pca& pca, const DistributedMatrix& Y, int threads = 1);

}  // namespace lockstep
