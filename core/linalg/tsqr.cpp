#include "core/linalg/tsqr.hpp"

#include <Eigen/Householder>
#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/base/random.hpp"
#include "core/linalg/column_scales.hpp"
#include "core/linalg/matrix.hpp"
#include "core/linalg/qr.hpp"
#include "core/linalg/r_factor.hpp"
#include "core/linalg/signs.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {
namespace {

/// R of m ≥ n rows, with a nonnegative diagonal.
Matrix r_of_tall(Team& team, const DistributedMatrix& X, const Vector& scales, int threads,
                 const Vector& center) {
  const RowBlocks blocks = tsqr_blocks(X.total_rows, X.columns);
  const auto r_of_block = [&](Index block) {
    const Range rows = blocks.rows(block);
    RFactor factor(X.columns);
    factor.absorb(X.row(rows.begin), rows.size(), center, scales);
    return factor;
  };
  const auto stack = [](RFactor left, RFactor right) {
    return RFactor::stacked(std::move(left), std::move(right));
  };
  Matrix R =
      tree_fold<RFactor>(team, block_boundaries(team, blocks, X.rows), r_of_block, stack, threads)
          .matrix();
  fix_signs_of_r(R);
  return R;
}

/// R of m < n rows, which are one leaf, so that one rank has all of them. That rank writes Q there.
Matrix qr_of_wide(Team& team, const DistributedMatrix& X, const Vector& scales,
                  const Vector& center, DistributedMatrix* Q) {
  const RowBlocks blocks = tsqr_blocks(X.total_rows, X.columns);
  assert(blocks.count() == 1);
  const auto qr_of_all = [&](Index block) {
    Matrix rows = X.block(blocks.rows(block));
    if (center.size() > 0) rows.rowwise() -= center.transpose();
    const Qr factors = qr(rows * scales.asDiagonal());
    if (Q != nullptr) {
      Eigen::Map<RowMajorMatrix>(Q->values.data(), Q->rows.size(), Q->columns) = factors.Q;
    }
    return std::vector<double>(factors.R.data(), factors.R.data() + factors.R.size());
  };
  const auto never = [](std::vector<double> left, const std::vector<double>&) { return left; };
  const auto R = tree_fold<std::vector<double>>(team, block_boundaries(team, blocks, X.rows),
                                                qr_of_all, never);
  return Eigen::Map<const Matrix>(R.data(), X.total_rows, X.columns);
}

/// The columns of a triangle R that do not depend on those before them, and what they span:
/// R = (some orthogonal matrix)·[rows; 0].
struct Independent {
  std::vector<Index> columns;  ///< ascending
  Matrix rows;                 ///< one for each, × n; row i begins in column columns[i], positive
};

Independent independent_columns(Matrix R) {
  const Index n = R.cols();
  const double tolerance = 4 * static_cast<double>(n + 8) * std::numeric_limits<double>::epsilon();
  Independent independent;
  Vector workspace(n);
  for (Index j = 0; j < n; ++j) {
    const auto rank = static_cast<Index>(independent.columns.size());
    auto rest = R.col(j).tail(n - rank);
    if (!(rest.norm() > tolerance * R.col(j).norm())) {
      rest.setZero();
      continue;
    }
    double tau = 0;
    double beta = 0;
    Vector v(n - rank - 1);
    rest.makeHouseholder(v, tau, beta);
    R.bottomRightCorner(n - rank, n - j - 1).applyHouseholderOnTheLeft(v, tau, workspace.data());
    rest.setZero();
    R(rank, j) = std::fabs(beta);
    if (beta < 0) R.row(rank).tail(n - j - 1) *= -1;
    independent.columns.push_back(j);
  }
  independent.rows = R.topRows(static_cast<Index>(independent.columns.size()));
  return independent;
}

template <class Work>
void for_each_block(const DistributedMatrix& X, const RowBlocks& blocks, int threads,
                    const Work& work) {
  const Range own = blocks.blocks_of(X.rows);
  parallel_for(threads, own.size(), [&](Index i) { work(blocks.rows(own.begin + i)); });
}

/// Q ← Q·S⁻¹, where S is upper triangular.
void divide(DistributedMatrix& Q, const Matrix& S, const RowBlocks& blocks, int threads) {
  for_each_block(Q, blocks, threads, [&](Range rows) {
    Matrix block = Q.block(rows);
    S.triangularView<Eigen::Upper>().solveInPlace<Eigen::OnTheRight>(block);
    Eigen::Map<RowMajorMatrix>(Q.row(rows.begin), rows.size(), Q.columns) = block;
  });
}

/// [X_J·S⁻¹, random numbers]: a basis for the columns of X that is orthonormal but for the
/// rounding that the condition of X enlarges, and directions to complete it.
DistributedMatrix first_basis(const DistributedMatrix& X, const Vector& scales,
                              const Independent& independent, const RowBlocks& blocks,
                              int threads) {
  const auto rank = static_cast<Index>(independent.columns.size());
  Matrix S(rank, rank);
  for (Index j = 0; j < rank; ++j) {
    S.col(j) = independent.rows.col(independent.columns[static_cast<std::size_t>(j)]);
  }
  const RandomStream stream(0, Purpose::random_projection);
  const double length = 1 / std::sqrt(static_cast<double>(X.total_rows));
  DistributedMatrix Q{X.rows, X.total_rows, X.columns, AlignedVector<double>(X.values.size())};
  for_each_block(X, blocks, threads, [&](Range rows) {
    const Matrix block = X.block(rows);
    Matrix basis(rows.size(), rank);
    for (Index j = 0; j < rank; ++j) {
      const Index column = independent.columns[static_cast<std::size_t>(j)];
      basis.col(j) = block.col(column) * scales[column];
    }
    if (rank > 0) S.triangularView<Eigen::Upper>().solveInPlace<Eigen::OnTheRight>(basis);
    Eigen::Map<RowMajorMatrix> to(Q.row(rows.begin), rows.size(), Q.columns);
    to.leftCols(rank) = basis;
    for (Index i = 0; i < rows.size(); ++i) {
      for (Index j = rank; j < X.columns; ++j) {
        const auto row = static_cast<std::uint64_t>(rows.begin + i);
        to(i, j) = length * RandomSequence(stream, row, static_cast<std::uint64_t>(j)).normal();
      }
    }
  });
  return Q;
}

/// Brings the columns of Q, which follow those of `independent`, to where they belong.
void put_in_place(DistributedMatrix& Q, const Independent& independent) {
  const auto rank = static_cast<Index>(independent.columns.size());
  std::vector<Index> source(static_cast<std::size_t>(Q.columns));
  Index next_independent = 0;
  Index next_other = rank;
  for (Index j = 0; j < Q.columns; ++j) {
    const bool is_independent =
        next_independent < rank &&
        independent.columns[static_cast<std::size_t>(next_independent)] == j;
    source[static_cast<std::size_t>(j)] = is_independent ? next_independent++ : next_other++;
  }
  std::vector<double> row(source.size());
  for (Index i = Q.rows.begin; i < Q.rows.end; ++i) {
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = Q.row(i)[source[j]];
    std::copy(row.begin(), row.end(), Q.row(i));
  }
}

}  // namespace

RowBlocks tsqr_blocks(Index total_rows, Index columns) {
  constexpr Index kLeast = 1024;
  constexpr Index kRowsOfColumn = 8;
  return RowBlocks(total_rows, std::max(kLeast, kRowsOfColumn * columns));
}

Matrix tsqr(Team& team, const DistributedMatrix& X, int threads, const Vector& center) {
  assert(center.size() == 0 || center.size() == X.columns);
  const Vector scales = column_scales(team, X, threads);
  const Matrix R = X.total_rows < X.columns ? qr_of_wide(team, X, scales, center, nullptr)
                                            : r_of_tall(team, X, scales, threads, center);
  return unscaled(R, scales);
}

ThinQr thin_qr(Team& team, const DistributedMatrix& X, int threads) {
  const Vector scales = column_scales(team, X, threads);
  ThinQr factors;
  if (X.total_rows < X.columns) {
    factors.rank = X.total_rows;
    factors.Q = {X.rows, X.total_rows, X.total_rows, {}};
    factors.Q.values.resize(static_cast<std::size_t>(X.rows.size() * X.total_rows));
    factors.R = unscaled(qr_of_wide(team, X, scales, {}, &factors.Q), scales);
    return factors;
  }
  // All ranks have the same R, and so come to the same decisions.
  const FloatingPointMode mode;
  constexpr double kNearIdentity = 0.5;
  constexpr int kMostPasses = 4;
  const RowBlocks blocks = tsqr_blocks(X.total_rows, X.columns);
  Independent independent = independent_columns(r_of_tall(team, X, scales, threads, {}));
  const auto rank = static_cast<Index>(independent.columns.size());
  factors.rank = rank;
  factors.Q = first_basis(X, scales, independent, blocks, threads);
  const Vector ones = Vector::Ones(X.columns);
  const Matrix I = Matrix::Identity(X.columns, X.columns);
  for (int pass = 0; pass < kMostPasses; ++pass) {
    const Matrix S = r_of_tall(team, factors.Q, ones, threads, {});
    divide(factors.Q, S, blocks, threads);
    if (rank > 0) {  // Eigen's product of triangles takes no empty ones
      independent.rows =
          S.topLeftCorner(rank, rank).triangularView<Eigen::Upper>() * independent.rows;
    }
    if ((S - I).norm() < kNearIdentity) break;
  }
  factors.R = Matrix::Zero(X.columns, X.columns);
  for (Index i = 0; i < rank; ++i) {
    factors.R.row(independent.columns[static_cast<std::size_t>(i)]) = independent.rows.row(i);
  }
  factors.R = unscaled(factors.R, scales);
  if (rank < X.columns) put_in_place(factors.Q, independent);
  return factors;
}

}  // namespace lockstep
