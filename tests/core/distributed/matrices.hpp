#pragma once

// Matrices for tests of distributed linear algebra: the same whole matrix on any number of ranks.

#include <cstddef>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "core/base/random.hpp"
#include "core/linalg/distributed_matrix.hpp"
#include "core/linalg/matrix.hpp"
#include "core/linalg/qr.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/team.hpp"

namespace lockstep::test {

/// Who holds the rows: even shares of whole blocks, or all of them the last rank.
enum class Share { even, last };

/// This rank's rows of `whole`.
inline DistributedMatrix share_of(const Team& team, const Matrix& whole, const RowBlocks& blocks,
                                  Share share = Share::even) {
  const std::vector<Index> even = blocks.row_boundaries(team.size());
  const auto rank = static_cast<std::size_t>(team.rank());
  DistributedMatrix X;
  X.total_rows = whole.rows();
  X.columns = whole.cols();
  X.rows = {even[rank], even[rank + 1]};
  if (share == Share::last) X.rows = {0, rank + 1 == even.size() - 1 ? whole.rows() : 0};
  X.values.resize(static_cast<std::size_t>(X.rows.size() * X.columns));
  Eigen::Map<RowMajorMatrix>(X.values.data(), X.rows.size(), X.columns) =
      whole.middleRows(X.rows.begin, X.rows.size());
  return X;
}

/// The whole matrix, on every rank. Collective.
inline Matrix gathered(Team& team, const DistributedMatrix& X) {
  RowMajorMatrix whole(X.total_rows, X.columns);
  double* next = whole.data();
  for (const Bytes& part : team.all_gather(std::as_bytes(std::span(X.values)))) {
    if (!part.empty()) std::memcpy(next, part.data(), part.size());
    next += part.size() / sizeof(double);
  }
  return whole;
}

/// Independent standard normal numbers.
inline Matrix normal_matrix(Index rows, Index columns, std::uint64_t seed = 1) {
  Matrix X(rows, columns);
  for (Index i = 0; i < rows; ++i) {
    RandomSequence draws(RandomStream(seed, Purpose::synthetic), static_cast<std::uint64_t>(i));
    for (Index j = 0; j < columns; ++j) X(i, j) = draws.normal();
  }
  return X;
}

/// X with the singular values `sigma`, one a column, and random singular vectors.
inline Matrix matrix_with(Index rows, const Vector& sigma) {
  const Matrix U = qr(normal_matrix(rows, sigma.size(), 2)).Q;
  const Matrix V = qr(normal_matrix(sigma.size(), sigma.size(), 3)).Q;
  return U * sigma.asDiagonal() * V.transpose();
}

}  // namespace lockstep::test
