#include "core/statistics/covariance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/memory.hpp"
#include "core/statistics/block_fold.hpp"
#include "core/statistics/product_sum.hpp"
#include "core/statistics/wide_mean.hpp"

namespace lockstep {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::size_t to_size(Index n) { return static_cast<std::size_t>(n); }

/// What a thread needs for a block, kept from block to block.
struct Workspace {
  std::vector<double> center;  // near the mean of the block
  std::vector<double> sum;     // of deviations from it
  AlignedVector<double> slab;  // deviations, padded with zeros
  ProductSum products;
};

/// The mean of the first rows: close enough to that of the block, since it is the mean of 1/f of
/// them. With deviations e = x − center, Σe² ≤ f·Σ(x − mean)², so no digits are lost later.
void find_center(const double* rows, Index count, Index columns, Workspace& work) {
  work.center.assign(rows, rows + columns);
  work.sum.assign(to_size(columns), 0);
  for (Index i = 0; i < count; ++i) {
    const double* row = rows + i * columns;
    for (std::size_t j = 0; j < work.sum.size(); ++j) work.sum[j] += row[j] - work.center[j];
  }
  for (std::size_t j = 0; j < work.sum.size(); ++j) {
    work.center[j] += work.sum[j] / static_cast<double>(count);
    work.sum[j] = 0;
  }
}

void subtract_center(const double* rows, Index count, Index columns, Workspace& work) {
  const Index stride = slab_stride(columns);
  work.slab.resize(to_size(kSlab * stride));
  for (Index i = 0; i < count; ++i) {
    const double* row = rows + i * columns;
    double* deviations = work.slab.data() + i * stride;
    for (Index j = 0; j < columns; ++j) {
      deviations[j] = row[j] - work.center[to_size(j)];
      work.sum[to_size(j)] += deviations[j];
    }
    std::fill(deviations + columns, deviations + stride, 0.0);
  }
}

/// The moments about the mean from the sums about the center.
CoMoments moments_of(const Workspace& work, Index count, Index columns) {
  CoMoments moments{count, Vector(columns), Vector(columns), Matrix(columns, columns)};
  const auto n = static_cast<double>(count);
  for (Index j = 0; j < columns; ++j) {
    const WideMean mean = WideMean{work.center[to_size(j)], 0}.plus(work.sum[to_size(j)] / n);
    moments.mean[j] = mean.value;
    moments.mean_rest[j] = mean.rest;
  }
  for (Index j = 0; j < columns; ++j) {
    for (Index i = 0; i <= j; ++i) {
      const double s = work.products(i, j) - work.sum[to_size(i)] * work.sum[to_size(j)] / n;
      moments.scatter(i, j) = s;
      moments.scatter(j, i) = s;
    }
  }
  return moments;
}

CoMoments of_nothing(Index columns) {
  return {0, Vector::Zero(columns), Vector::Zero(columns), Matrix::Zero(columns, columns)};
}

CoMoments merge_two(CoMoments left, const CoMoments& right) {
  return merge(std::move(left), right);
}

/// The two as the columns of a matrix.
CoMoments co_moments_of(std::string_view function, std::span<const double> x,
                        std::span<const double> y) {
  if (x.size() != y.size()) {
    throw DataError(fmt::format("{}: expected two vectors of equal length, found {} and {} values",
                                function, x.size(), y.size()));
  }
  Matrix both(static_cast<Index>(x.size()), 2);
  std::copy(x.begin(), x.end(), both.data());
  std::copy(y.begin(), y.end(), both.data() + x.size());
  return co_moments(both);
}

}  // namespace

Bytes FoldCodec<CoMoments>::encode(const CoMoments& moments) {
  std::vector<double> flat{static_cast<double>(moments.mean.size()),
                           static_cast<double>(moments.count)};
  const auto append = [&](const auto& matrix) {
    flat.insert(flat.end(), matrix.data(), matrix.data() + matrix.size());
  };
  append(moments.mean);
  append(moments.mean_rest);
  append(moments.scatter);
  return FoldCodec<std::vector<double>>::encode(flat);
}

CoMoments FoldCodec<CoMoments>::decode(std::span<const std::byte> bytes) {
  const auto flat = FoldCodec<std::vector<double>>::decode(bytes);
  const auto columns = static_cast<Index>(flat[0]);
  const double* next = flat.data() + 2;
  const auto take = [&](auto& matrix) {
    std::copy(next, next + matrix.size(), matrix.data());
    next += matrix.size();
  };
  CoMoments moments{static_cast<std::int64_t>(flat[1]), Vector(columns), Vector(columns),
                    Matrix(columns, columns)};
  take(moments.mean);
  take(moments.mean_rest);
  take(moments.scatter);
  return moments;
}

CoMoments merge(CoMoments a, const CoMoments& b) {
  if (a.count == 0) return b;
  if (b.count == 0) return a;
  assert(a.mean.size() == b.mean.size());
  const Index columns = a.mean.size();
  const auto n_a = static_cast<double>(a.count);
  a.count += b.count;
  const double q = static_cast<double>(b.count) / static_cast<double>(a.count);
  Vector delta(columns);
  for (Index j = 0; j < columns; ++j) {
    const WideMean left{a.mean[j], a.mean_rest[j]};
    delta[j] = WideMean{b.mean[j], b.mean_rest[j]}.minus(left);
    const WideMean mean = left.plus(delta[j] * q);
    a.mean[j] = mean.value;
    a.mean_rest[j] = mean.rest;
  }
  const double* d = delta.data();
  for (Index j = 0; j < columns; ++j) {
    double* to = a.scatter.col(j).data();
    const double* from = b.scatter.col(j).data();
    for (Index i = 0; i < columns; ++i) to[i] += from[i] + d[i] * d[j] * (n_a * q);
  }
  return a;
}

RowBlocks co_moment_blocks(Index total_rows, Index columns) {
  return RowBlocks(total_rows, std::max<Index>(1024, 8 * columns));
}

CoMoments block_co_moments(const double* rows, Index count, Index columns) {
  thread_local Workspace work;
  find_center(rows, std::min(count, kSlab), columns, work);
  work.products.start(columns, ProductSum::Part::upper);
  for (Index i = 0; i < count; i += kSlab) {
    const Index slab_rows = std::min(kSlab, count - i);
    subtract_center(rows + i * columns, slab_rows, columns, work);
    const double* slab = work.slab.data();
    work.products.add(slab_rows, slab, slab, slab_stride(columns));
  }
  return moments_of(work, count, columns);
}

CoMoments co_moments(const MatrixRef& X) {
  const auto leaf = [&](Range rows) {
    const RowMajorMatrix block = X.middleRows(rows.begin, rows.size());
    return block_co_moments(block.data(), rows.size(), X.cols());
  };
  CoMoments moments = fold_blocks<CoMoments>(co_moment_blocks(X.rows(), X.cols()), leaf, merge_two);
  return moments.count == 0 ? of_nothing(X.cols()) : moments;
}

CoMoments co_moments(Team& team, const DistributedMatrix& X, int threads) {
  const auto leaf = [&](Range rows) {
    return block_co_moments(X.row(rows.begin), rows.size(), X.columns);
  };
  CoMoments moments = fold_blocks<CoMoments>(team, X, co_moment_blocks(X.total_rows, X.columns),
                                             leaf, merge_two, threads);
  return moments.count == 0 ? of_nothing(X.columns) : moments;
}

Matrix covariance(const CoMoments& moments, Normalization normalization) {
  return moments.scatter / divisor(normalization, moments.count);
}

double correlation_of(double scatter, double m2_x, double m2_y) {
  const bool vary = m2_x > 0 && m2_y > 0 && std::isfinite(m2_x) && std::isfinite(m2_y);
  if (!vary) return kNaN;
  return std::clamp(scatter / std::sqrt(m2_x) / std::sqrt(m2_y), -1.0, 1.0);
}

Matrix correlation(const CoMoments& moments) {
  const Matrix& S = moments.scatter;
  Matrix rho(S.rows(), S.cols());
  for (Index j = 0; j < S.cols(); ++j) {
    for (Index i = 0; i <= j; ++i) {
      rho(i, j) = correlation_of(S(i, j), S(i, i), S(j, j));
      if (i == j && !std::isnan(rho(i, i))) rho(i, i) = 1;
      rho(j, i) = rho(i, j);
    }
  }
  return rho;
}

double covariance(std::span<const double> x, std::span<const double> y,
                  Normalization normalization) {
  return covariance(co_moments_of("covariance", x, y), normalization)(0, 1);
}

double correlation(std::span<const double> x, std::span<const double> y) {
  return correlation(co_moments_of("correlation", x, y))(0, 1);
}

}  // namespace lockstep
