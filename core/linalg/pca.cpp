#include "core/linalg/pca.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/error.hpp"
#include "core/linalg/column_scales.hpp"
#include "core/linalg/distributed_products.hpp"
#include "core/linalg/eigenvalues.hpp"
#include "core/linalg/svd.hpp"
#include "core/linalg/tsqr.hpp"
#include "core/statistics/central_moments.hpp"
#include "core/statistics/covariance.hpp"

namespace lockstep {
namespace {

void check_options(const DistributedMatrix& X, const PcaOptions& options) {
  const Index most = std::min(X.total_rows, X.columns);
  if (options.components < 1 || options.components > most) {
    throw DataError(
        fmt::format("pca: components must be from 1 to {} for a matrix of {}×{}, but are {}", most,
                    X.total_rows, X.columns, options.components));
  }
  if (options.normalization == Normalization::sample && X.total_rows < 2) {
    throw DataError("pca: one row has no variance to divide by m − 1");
  }
}

void check_columns(const char* what, Index expected, const DistributedMatrix& X) {
  if (X.columns == expected) return;
  throw DataError(
      fmt::format("pca: {} must have {} columns, but has {}", what, expected, X.columns));
}

/// Σ over the columns of their squared deviations, squares(column) → double, of data that was
/// multiplied by `scale`: the deviations of the data itself must have a norm.
template <class Squares>
double checked_total(Index columns, double scale, const Squares& squares) {
  double total = 0;
  for (Index j = 0; j < columns; ++j) {
    total += squares(j);
    if (std::isfinite(std::sqrt(total) / scale)) continue;
    throw ColumnError(
        j, "its values are too large: the norm of the deviations from the means is not finite");
  }
  return total;
}

/// From the values that the components were fitted to, which were multiplied by `scale`.
void set_variances(Pca& pca, const Vector& singular_values, double total, double divisor,
                   double scale) {
  pca.singular_values = singular_values / scale;
  pca.explained_variance = pca.singular_values.array().square() / divisor;
  pca.explained_variance_ratio =
      total > 0
          ? Vector(singular_values.array().square() / total)
          : Vector::Constant(singular_values.size(), std::numeric_limits<double>::quiet_NaN());
}

/// fit_pca of checked data.
/// @param X  multiplied by `scale`
Pca fit_scaled(Team& team, const DistributedMatrix& X, double scale, const PcaOptions& options,
               int threads) {
  const double n = divisor(options.normalization, X.total_rows);
  const Index k = options.components;
  Pca pca;
  if (options.method == PcaMethod::covariance) {
    const CoMoments moments = co_moments(team, X, threads);
    const double total =
        checked_total(X.columns, scale, [&](Index j) { return moments.scatter(j, j); });
    const SymmetricEigen eigen = symmetric_eigen(moments.scatter);
    pca.mean = moments.mean / scale;
    pca.components = eigen.vectors.leftCols(k);
    set_variances(pca, eigen.values.head(k).cwiseMax(0).cwiseSqrt(), total, n, scale);
    return pca;
  }
  const std::vector<CentralMoments> moments = central_moments(team, X, threads);
  Vector mean(X.columns);
  for (Index j = 0; j < X.columns; ++j) mean[j] = moments[static_cast<std::size_t>(j)].mean();
  const double total = checked_total(X.columns, scale, [&](Index j) {
    return moments[static_cast<std::size_t>(j)].sum_of_squares();
  });
  pca.mean = mean / scale;
  if (options.method == PcaMethod::randomized) {
    const DistributedSvd factors = randomized_svd(team, X, k, options.randomized, threads, mean);
    pca.components = factors.V;
    set_variances(pca, factors.singular_values, total, n, scale);
  } else {
    const Svd factors = truncated_svd(tsqr(team, X, threads, mean), k);
    pca.components = factors.V;
    set_variances(pca, factors.singular_values, total, n, scale);
  }
  return pca;
}

}  // namespace

RowBlocks pca_blocks(Index total_rows, Index columns, const PcaOptions& options) {
  switch (options.method) {
    case PcaMethod::covariance:
      return co_moment_blocks(total_rows, columns);
    case PcaMethod::randomized:
      return sketch_blocks(total_rows, columns, options.components, options.randomized);
    default:
      return tsqr_blocks(total_rows, columns);
  }
}

Pca fit_pca(Team& team, const DistributedMatrix& X, const PcaOptions& options, int threads) {
  const double scale = common_scale(largest_magnitude(team, X, threads));
  check_options(X, options);
  DistributedMatrix copy;
  return fit_scaled(team, scaled(team, X, scale, copy), scale, options, threads);
}

DistributedMatrix project(const Pca& pca, const DistributedMatrix& X, int threads) {
  check_columns("the matrix to project", pca.mean.size(), X);
  return multiply(X, pca.components, threads, pca.mean);
}

DistributedMatrix whiten(const Pca& pca, const DistributedMatrix& X, int threads) {
  check_columns("the matrix to whiten", pca.mean.size(), X);
  const double negligible = static_cast<double>(pca.mean.size()) *
                            std::numeric_limits<double>::epsilon() * pca.singular_values[0];
  for (Index c = 0; c < pca.singular_values.size(); ++c) {
    if (pca.singular_values[c] > negligible) continue;
    throw NumericalError(fmt::format(
        "pca: component {}, counted from 0, has no variance to divide by; whiten with fewer", c));
  }
  const Matrix whitening =
      pca.components * pca.explained_variance.cwiseSqrt().cwiseInverse().asDiagonal();
  return multiply(X, whitening, threads, pca.mean);
}

DistributedMatrix reconstruct(const Pca& pca, const DistributedMatrix& Y, int threads) {
  check_columns("the projection", pca.components.cols(), Y);
  DistributedMatrix X = multiply(Y, pca.components.transpose(), threads);
  for (Index i = X.rows.begin; i < X.rows.end; ++i) {
    for (Index j = 0; j < X.columns; ++j) X.row(i)[j] += pca.mean[j];
  }
  return X;
}

}  // namespace lockstep
