#include "core/linalg/randomized_svd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/random.hpp"
#include "core/linalg/column_scales.hpp"
#include "core/linalg/distributed_products.hpp"
#include "core/linalg/qr.hpp"
#include "core/linalg/signs.hpp"
#include "core/linalg/svd.hpp"
#include "core/linalg/tsqr.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {
namespace {

Index sketch_width(Index total_rows, Index columns, Index k, const RandomizedSvdOptions& options) {
  return std::min({k + options.oversampling, total_rows, columns});
}

Matrix test_matrix(Index rows, Index columns, std::uint64_t seed, int threads) {
  const RandomStream stream(seed, Purpose::random_projection);
  Matrix Omega(rows, columns);
  parallel_for(threads, columns, [&](Index c) {
    for (Index j = 0; j < rows; ++j) {
      RandomSequence draws(stream, static_cast<std::uint64_t>(j), static_cast<std::uint64_t>(c));
      Omega(j, c) = draws.normal();
    }
  });
  return Omega;
}

void check(const MatrixProducts& X, Index k, const RandomizedSvdOptions& options) {
  const Index most = std::min(X.rows, X.columns);
  if (k < 1 || k > most) {
    throw DataError(
        fmt::format("randomized_svd: k must be from 1 to {} for a matrix of {}×{}, but is {}", most,
                    X.rows, X.columns, k));
  }
  if (options.oversampling < 0 || options.power_iterations < 0) {
    throw DataError(
        fmt::format("randomized_svd: oversampling and power iterations must be at least 0, but "
                    "are {} and {}",
                    options.oversampling, options.power_iterations));
  }
}

/// Products of the matrix are sums of many numbers, which must not overflow.
void refuse_huge_columns(const Vector& scales) {
  for (Index j = 0; j < scales.size(); ++j) {
    if (scales[j] > 0x1p-960) continue;
    throw ColumnError(
        j, "its values are too large for the randomized SVD: magnitudes must be below 2^960");
  }
}

}  // namespace

RowBlocks sketch_blocks(Index total_rows, Index columns, Index k,
                        const RandomizedSvdOptions& options) {
  return tsqr_blocks(total_rows, sketch_width(total_rows, columns, k, options));
}

DistributedSvd randomized_svd(Team& team, const MatrixProducts& X, Index k,
                              const RandomizedSvdOptions& options, int threads) {
  check(X, k, options);
  const Index width = sketch_width(X.rows, X.columns, k, options);
  const auto basis_of_product = [&](const Matrix& B) {
    return thin_qr(team, X.multiply(B), threads).Q;
  };
  DistributedMatrix Q = basis_of_product(test_matrix(X.columns, width, options.seed, threads));
  for (int i = 0; i < options.power_iterations; ++i) {
    Q = basis_of_product(qr(X.transposed_multiply(Q)).Q);
  }
  // With XᵀQ = V·Σ·Wᵀ: X ≈ Q·QᵀX = (Q·W)·Σ·Vᵀ.
  const Svd small = svd(X.transposed_multiply(Q));
  Matrix V = small.U.leftCols(k);
  Matrix W = small.V.leftCols(k);
  fix_signs(V, W);
  return {multiply(Q, W, threads), small.singular_values.head(k), std::move(V)};
}

DistributedSvd randomized_svd(Team& team, const DistributedMatrix& X, Index k,
                              const RandomizedSvdOptions& options, int threads,
                              const Vector& center) {
  refuse_huge_columns(column_scales(team, X, threads));
  MatrixProducts products{X.total_rows, X.columns, {}, {}};
  check(products, k, options);
  const RowBlocks blocks = sketch_blocks(X.total_rows, X.columns, k, options);
  products.multiply = [&](const Matrix& B) { return multiply(X, B, threads, center); };
  products.transposed_multiply = [&](const DistributedMatrix& Y) {
    return transposed_multiply(team, X, Y, blocks, threads, center);
  };
  return randomized_svd(team, products, k, options, threads);
}

}  // namespace lockstep
