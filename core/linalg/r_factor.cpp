#include "core/linalg/r_factor.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "core/kernel/product.hpp"

namespace lockstep {
namespace {

constexpr int kWidth = static_cast<int>(kPanel);
using Row = Eigen::Array<double, 1, kWidth>;
using RowMap = Eigen::Map<Row, Eigen::Aligned64>;
using Tile = Eigen::Array<double, kWidth, kWidth, Eigen::RowMajor>;
using TileMap = Eigen::Map<Tile, Eigen::Aligned64>;

/// The reflectors of a panel: H₁…H₁₆ = I − V·T·Vᵀ, where V is diag(top) on the rows of R and
/// what is left of the panel on the rows below.
struct Reflectors {
  Tile T = Tile::Zero();
  Row top = Row::Zero();
};

/// Takes x_j·w off every row of the panel (its column j is x_j, and w_j = 0) and returns, of what
/// is left, x_{j+1}ᵀ·panel: all that the next reflector and its column of T are made of. Even and
/// odd rows are summed apart, so that two sums run at a time.
Row take_off_and_multiply(double* panel, Index rows, Index j, const Row& w) {
  Row even = Row::Zero();
  Row odd = Row::Zero();
  const auto take_row = [&](Index i, Row& sum) {
    RowMap row(panel + i * kPanel);
    const double x = row[j];
    const double next = row[j + 1] - x * w[j + 1];
    const Row rest = row - x * w;
    row = rest;
    sum += next * rest;
  };
  Index i = 0;
  for (; i + 1 < rows; i += 2) {
    take_row(i, even);
    take_row(i + 1, odd);
  }
  if (i < rows) take_row(i, even);
  return even + odd;
}

/// x₀ᵀ·panel.
Row multiply_first(double* panel, Index rows) {
  Row sum = Row::Zero();
  for (Index i = 0; i < rows; ++i) {
    const RowMap row(panel + i * kPanel);
    sum += row[0] * row;
  }
  return sum;
}

/// Reduces [R; panel] to R: R is the 16×16 tile on the diagonal. The panel keeps the reflectors'
/// lower parts.
Reflectors reduce_panel(TileMap R, double* panel, Index rows) {
  constexpr double kNegligible = 0x1p-900;
  Reflectors reflectors;
  Tile& T = reflectors.T;
  Row products = multiply_first(panel, rows);  // x_jᵀ·panel
  for (Index j = 0; j < kPanel; ++j) {
    Row w = Row::Zero();
    if (products[j] > kNegligible) {
      const double alpha = R(j, j);
      const double beta = -std::copysign(std::sqrt(alpha * alpha + products[j]), alpha);
      const double top = alpha - beta;
      const double tau = -1 / (beta * top);  // H = I − tau·v·vᵀ, since vᵀv = −2·β·(α − β)
      for (Index k = j + 1; k < kPanel; ++k) {
        w[k] = tau * (top * R(j, k) + products[k]);
        R(j, k) -= top * w[k];
      }
      R(j, j) = beta;
      reflectors.top[j] = top;
      for (Index i = 0; i < j; ++i) {
        double sum = 0;
        for (Index k = i; k < j; ++k) sum += T(i, k) * products[k];
        T(i, j) = -tau * sum;
      }
      T(j, j) = tau;
    }
    if (j + 1 < kPanel) products = take_off_and_multiply(panel, rows, j, w);
  }
  return reflectors;
}

/// [R; B] ← (I − V·T·Vᵀ)ᵀ·[R; B] for one panel B of the columns behind, and its tile of R.
void apply(const Reflectors& reflectors, const double* panel, Index rows, TileMap R, double* B,
           double* scratch) {
  alignas(kAlignment) Tile M;
  const Range all{0, rows};
  kernel::fold_outer_products<double>({&all, 1}, {0, kPanel}, {0, 1}, panel, kPanel, B, kPanel,
                                      M.data(), kPanel);
  for (Index i = 0; i < kPanel; ++i) M.row(i) += reflectors.top[i] * R.row(i);
  for (Index i = kPanel - 1; i >= 0; --i) {
    Row sum = Row::Zero();
    for (Index l = 0; l <= i; ++l) sum -= reflectors.T(l, i) * M.row(l);
    M.row(i) = sum;
    R.row(i) += reflectors.top[i] * sum;
  }
  kernel::multiply<double>(rows, kPanel, 1, panel, kPanel, M.data(), scratch, kPanel);
  for (Index i = 0; i < rows; ++i) RowMap(B + i * kPanel) += RowMap(scratch + i * kPanel);
}

/// Rows of x as a panel matrix, centred and scaled.
AlignedVector<double> panels_of(const double* x, Index rows, Index columns, const Vector& center,
                                const Vector& scales) {
  AlignedVector<double> panels(static_cast<std::size_t>(kernel::panel_matrix_size(rows, columns)));
  for (Index first = 0; first < columns; first += kPanel) {
    const Index width = std::min(kPanel, columns - first);
    Row c = Row::Zero();
    Row s = Row::Zero();
    for (Index k = 0; k < width; ++k) {
      if (center.size() > 0) c[k] = center[first + k];
      s[k] = scales[first + k];
    }
    double* to = panels.data() + kernel::panel_offset(rows, 0, first);
    for (Index i = 0; i < rows; ++i) {
      const double* from = x + i * columns + first;
      if (width == kPanel) {
        RowMap(to + i * kPanel) = (Eigen::Map<const Row>(from) - c) * s;
      } else {
        for (Index k = 0; k < width; ++k) to[i * kPanel + k] = (from[k] - c[k]) * s[k];
      }
    }
  }
  return panels;
}

}  // namespace

RFactor::RFactor(Index columns)
    : columns_(columns),
      padded_(round_up(columns, kPanel)),
      values_(static_cast<std::size_t>(padded_ * padded_)) {}

void RFactor::absorb(const double* x, Index rows, const Vector& center, const Vector& scales) {
  assert(center.size() == 0 || center.size() == columns_);
  assert(scales.size() == columns_);
  for (Index first = 0; first < rows; first += kRows) {
    const Index count = std::min(kRows, rows - first);
    reflect(panels_of(x + first * columns_, count, columns_, center, scales).data(), count, false);
  }
}

RFactor RFactor::stacked(RFactor above, RFactor below) {
  if (above.columns_ == 0) return below;
  if (below.columns_ == 0) return above;
  assert(above.columns_ == below.columns_);
  above.reflect(below.values_.data(), below.padded_, true);
  return above;
}

/// @param rows        a panel matrix of `count` rows, used up
/// @param triangular  column j of it is zero below row j
void RFactor::reflect(double* rows, Index count, bool triangular) {
  AlignedVector<double> scratch(static_cast<std::size_t>(count * kPanel));
  const auto tile = [&](Index i, Index j) {
    return TileMap(values_.data() + kernel::panel_offset(padded_, i, j));
  };
  for (Index p = 0; p < padded_; p += kPanel) {
    const Index used = triangular ? std::min(count, p + kPanel) : count;
    double* panel = rows + kernel::panel_offset(count, 0, p);
    const Reflectors reflectors = reduce_panel(tile(p, p), panel, used);
    for (Index q = p + kPanel; q < padded_; q += kPanel) {
      apply(reflectors, panel, used, tile(p, q), rows + kernel::panel_offset(count, 0, q),
            scratch.data());
    }
  }
}

Matrix RFactor::matrix() const {
  Matrix R = Matrix::Zero(columns_, columns_);
  for (Index j = 0; j < columns_; ++j) {
    for (Index i = 0; i <= j; ++i) {
      R(i, j) = values_[static_cast<std::size_t>(kernel::panel_offset(padded_, i, j))];
    }
  }
  return R;
}

Bytes FoldCodec<RFactor>::encode(const RFactor& factor) {
  std::vector<double> triangle;
  triangle.reserve(static_cast<std::size_t>(factor.columns_ * (factor.columns_ + 1) / 2));
  for (Index j = 0; j < factor.columns_; ++j) {
    for (Index i = 0; i <= j; ++i) {
      const Index at = kernel::panel_offset(factor.padded_, i, j);
      triangle.push_back(factor.values_[static_cast<std::size_t>(at)]);
    }
  }
  return FoldCodec<std::vector<double>>::encode(triangle);
}

RFactor FoldCodec<RFactor>::decode(std::span<const std::byte> bytes) {
  const auto triangle = FoldCodec<std::vector<double>>::decode(bytes);
  Index columns = 0;
  while (columns * (columns + 1) / 2 < static_cast<Index>(triangle.size())) ++columns;
  RFactor factor(columns);
  auto next = triangle.begin();
  for (Index j = 0; j < columns; ++j) {
    for (Index i = 0; i <= j; ++i) {
      const Index at = kernel::panel_offset(factor.padded_, i, j);
      factor.values_[static_cast<std::size_t>(at)] = *next++;
    }
  }
  return factor;
}

}  // namespace lockstep
