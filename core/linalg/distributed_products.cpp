#include "core/linalg/distributed_products.hpp"

#include <algorithm>
#include <cassert>
#include <span>

#include "core/kernel/product.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {
namespace {

/// Rows that are centred, multiplied and summed at a time: one chain of the kernel's sums.
constexpr Index kRows = kernel::kChain;

using Numbers = AlignedVector<double>;

Numbers panel_matrix_of(const MatrixRef& B) {
  Numbers panels(static_cast<std::size_t>(kernel::panel_matrix_size(B.rows(), B.cols())));
  for (Index j = 0; j < B.cols(); ++j) {
    for (Index i = 0; i < B.rows(); ++i) {
      panels[static_cast<std::size_t>(kernel::panel_offset(B.rows(), i, j))] = B(i, j);
    }
  }
  return panels;
}

/// Some rows of a matrix, centred and padded to `width` columns with zeros.
Numbers padded_rows(const DistributedMatrix& X, Range rows, Index width, const Vector& center) {
  Numbers padded(static_cast<std::size_t>(rows.size() * width));
  double* to = padded.data();
  for (Index i = rows.begin; i < rows.end; ++i, to += width) {
    const double* from = X.row(i);
    if (center.size() == 0) {
      std::copy(from, from + X.columns, to);
    } else {
      for (Index j = 0; j < X.columns; ++j) to[j] = from[j] - center[j];
    }
  }
  return padded;
}

/// Σ x[r]ᵀ·y[r] over the rows of a block, a panel matrix.
Numbers block_product(const DistributedMatrix& X, const DistributedMatrix& Y, Range rows,
                      const Vector& center) {
  const Index panels = kernel::panel_count(Y.columns);
  Numbers sum(static_cast<std::size_t>(kernel::panel_matrix_size(X.columns, Y.columns)));
  Numbers part(sum.size());
  for (Index begin = rows.begin; begin < rows.end; begin += kRows) {
    const Range few{begin, std::min(begin + kRows, rows.end)};
    const Numbers x = padded_rows(X, few, X.columns, center);
    const Numbers y = padded_rows(Y, few, panels * kPanel, {});
    const Range all{0, few.size()};
    kernel::fold_outer_products<double>({&all, 1}, {0, X.columns}, {0, panels}, x.data(), X.columns,
                                        y.data(), panels * kPanel, part.data(), X.columns);
    for (std::size_t e = 0; e < sum.size(); ++e) sum[e] += part[e];
  }
  return sum;
}

}  // namespace

DistributedMatrix multiply(const DistributedMatrix& X, const MatrixRef& B, int threads,
                           const Vector& center) {
  assert(X.columns == B.rows() && (center.size() == 0 || center.size() == X.columns));
  const Index panels = kernel::panel_count(B.cols());
  const Numbers right = panel_matrix_of(B);
  DistributedMatrix product{X.rows, X.total_rows, B.cols(), {}};
  product.values.resize(static_cast<std::size_t>(X.rows.size() * B.cols()));
  parallel_for(threads, (X.rows.size() + kRows - 1) / kRows, [&](Index task) {
    const Index begin = X.rows.begin + task * kRows;
    const Range rows{begin, std::min(begin + kRows, X.rows.end)};
    Numbers result(static_cast<std::size_t>(rows.size() * panels * kPanel));
    const auto run = [&](const double* left) {
      kernel::multiply<double>(rows.size(), X.columns, panels, left, X.columns, right.data(),
                               result.data(), panels * kPanel);
    };
    if (center.size() == 0) {
      run(X.row(begin));
    } else {
      run(padded_rows(X, rows, X.columns, center).data());
    }
    for (Index i = 0; i < rows.size(); ++i) {
      std::copy_n(result.data() + i * panels * kPanel, B.cols(), product.row(begin + i));
    }
  });
  return product;
}

Matrix transposed_multiply(Team& team, const DistributedMatrix& X, const DistributedMatrix& Y,
                           const RowBlocks& blocks, int threads, const Vector& center) {
  assert(X.rows == Y.rows && (center.size() == 0 || center.size() == X.columns));
  const auto leaf = [&](Index block) { return block_product(X, Y, blocks.rows(block), center); };
  const auto add = [](Numbers left, const Numbers& right) {
    for (std::size_t e = 0; e < left.size(); ++e) left[e] += right[e];
    return left;
  };
  const Numbers sum =
      tree_fold<Numbers>(team, block_boundaries(team, blocks, X.rows), leaf, add, threads);
  Matrix product = Matrix::Zero(X.columns, Y.columns);
  for (Index j = 0; j < Y.columns && !sum.empty(); ++j) {
    for (Index i = 0; i < X.columns; ++i) {
      product(i, j) = sum[static_cast<std::size_t>(kernel::panel_offset(X.columns, i, j))];
    }
  }
  return product;
}

}  // namespace lockstep
