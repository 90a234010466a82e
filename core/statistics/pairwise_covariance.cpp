#include "core/statistics/pairwise_covariance.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/memory.hpp"
#include "core/statistics/block_fold.hpp"
#include "core/statistics/product_sum.hpp"
#include "core/statistics/wide_mean.hpp"

namespace lockstep {
namespace {

/// Sums about the first value of a column may be so many times those about the mean: four of
/// sixteen digits are lost at most.
constexpr double kMostCancellation = 8192;

std::size_t to_size(Index n) { return static_cast<std::size_t>(n); }

/// The rows of one block, row-major.
struct Rows {
  const double* values;
  Index count;
  Index columns;

  double at(Index i, Index j) const { return values[i * columns + j]; }
  bool has_missing() const {
    return std::any_of(values, values + count * columns, [](double x) { return std::isnan(x); });
  }
};

/// The moments of one pair.
struct Pair {
  double n = 0;
  std::array<WideMean, 2> mean;
  std::array<double, 2> m2{};
  double scatter = 0;
};

void set(PairMoments& moments, Index i, Index j, const Pair& pair) {
  const std::array<std::pair<Index, Index>, 2> places{{{i, j}, {j, i}}};
  for (std::size_t k = 0; k < 2; ++k) {
    const auto [row, column] = places[k];
    moments.count(row, column) = pair.n;
    moments.mean(row, column) = pair.mean[k].value;
    moments.mean_rest(row, column) = pair.mean[k].rest;
    moments.m2(row, column) = pair.m2[k];
    moments.scatter(row, column) = pair.scatter;
  }
}

PairMoments zeros(Index columns) {
  const Matrix zero = Matrix::Zero(columns, columns);
  return {zero, zero, zero, zero, zero};
}

/// By the definition: the means of the pair's rows first, then deviations from them.
Pair pair_by_definition(const Rows& rows, Index i, Index j) {
  const std::array<Index, 2> columns{i, j};
  std::array<double, 2> center{};
  std::array<double, 2> sum{};
  const auto for_each_row = [&](const auto& visit) {
    for (Index r = 0; r < rows.count; ++r) {
      const std::array<double, 2> x{rows.at(r, columns[0]), rows.at(r, columns[1])};
      if (!std::isnan(x[0]) && !std::isnan(x[1])) visit(x);
    }
  };
  Pair pair;
  for_each_row([&](const std::array<double, 2>& x) {
    if (pair.n == 0) center = x;
    pair.n += 1;
    for (std::size_t k = 0; k < 2; ++k) sum[k] += x[k] - center[k];
  });
  if (pair.n == 0) return pair;
  for (std::size_t k = 0; k < 2; ++k) center[k] += std::exchange(sum[k], 0.0) / pair.n;
  for_each_row([&](const std::array<double, 2>& x) {
    const std::array<double, 2> d{x[0] - center[0], x[1] - center[1]};
    for (std::size_t k = 0; k < 2; ++k) {
      sum[k] += d[k];
      pair.m2[k] += d[k] * d[k];
    }
    pair.scatter += d[0] * d[1];
  });
  for (std::size_t k = 0; k < 2; ++k) {
    pair.mean[k] = WideMean{center[k], 0}.plus(sum[k] / pair.n);
    pair.m2[k] -= sum[k] * sum[k] / pair.n;
  }
  pair.scatter -= sum[0] * sum[1] / pair.n;
  return pair;
}

/// What a thread needs for a block with missing cells, kept from block to block.
class PairSums {
 public:
  void add_up(const Rows& rows) {
    find_centers(rows);
    counts_.start(rows.columns, ProductSum::Part::upper);
    products_.start(rows.columns, ProductSum::Part::upper);
    sums_.start(rows.columns, ProductSum::Part::all);
    squares_.start(rows.columns, ProductSum::Part::all);
    const Index stride = slab_stride(rows.columns);
    for (AlignedVector<double>* slab : {&present_, &deviation_, &square_}) {
      slab->assign(to_size(kSlab * stride), 0);
    }
    for (Index first = 0; first < rows.count; first += kSlab) {
      const Index count = std::min(kSlab, rows.count - first);
      fill_slabs(rows, first, count);
      counts_.add(count, present_.data(), present_.data(), stride);
      products_.add(count, deviation_.data(), deviation_.data(), stride);
      sums_.add(count, deviation_.data(), present_.data(), stride);
      squares_.add(count, square_.data(), present_.data(), stride);
    }
  }

  /// Empty where too many digits would be lost.
  std::optional<Pair> pair(Index i, Index j) const {
    Pair pair;
    pair.n = counts_(i, j);
    if (pair.n == 0) return pair;
    const std::array<Index, 2> own{i, j};
    const std::array<Index, 2> other{j, i};
    for (std::size_t k = 0; k < 2; ++k) {
      const double sum = sums_(own[k], other[k]);
      const double square = squares_(own[k], other[k]);
      pair.mean[k] = WideMean{center_[to_size(own[k])], 0}.plus(sum / pair.n);
      pair.m2[k] = square - sum * sum / pair.n;
      if (!(pair.m2[k] * kMostCancellation >= square)) return std::nullopt;
    }
    pair.scatter = products_(i, j) - sums_(i, j) * sums_(j, i) / pair.n;
    return pair;
  }

 private:
  void find_centers(const Rows& rows) {
    center_.assign(to_size(rows.columns), 0);
    for (Index j = 0; j < rows.columns; ++j) {
      Index i = 0;
      while (i < rows.count && std::isnan(rows.at(i, j))) ++i;
      if (i < rows.count) center_[to_size(j)] = rows.at(i, j);
    }
  }

  void fill_slabs(const Rows& rows, Index first, Index count) {
    const Index stride = slab_stride(rows.columns);
    for (Index i = 0; i < count; ++i) {
      const double* row = rows.values + (first + i) * rows.columns;
      double* present = present_.data() + i * stride;
      double* deviation = deviation_.data() + i * stride;
      double* square = square_.data() + i * stride;
      for (Index j = 0; j < rows.columns; ++j) {
        const bool is_present = row[j] == row[j];
        present[j] = is_present ? 1.0 : 0.0;
        deviation[j] = is_present ? row[j] - center_[to_size(j)] : 0.0;
        square[j] = deviation[j] * deviation[j];
      }
    }
  }

  std::vector<double> center_;
  AlignedVector<double> present_;
  AlignedVector<double> deviation_;
  AlignedVector<double> square_;
  ProductSum counts_;
  ProductSum products_;
  ProductSum sums_;
  ProductSum squares_;
};

PairwiseCoMoments moments_of_rows(const Rows& rows) {
  if (!rows.has_missing()) return {block_co_moments(rows.values, rows.count, rows.columns)};
  thread_local PairSums sums;
  sums.add_up(rows);
  PairMoments moments = zeros(rows.columns);
  for (Index j = 0; j < rows.columns; ++j) {
    for (Index i = 0; i <= j; ++i) {
      const std::optional<Pair> pair = sums.pair(i, j);
      set(moments, i, j, pair ? *pair : pair_by_definition(rows, i, j));
    }
  }
  return {std::move(moments)};
}

PairMoments pairs_of(const PairwiseCoMoments& moments) {
  if (!moments.is_complete()) return std::get<PairMoments>(moments.moments);
  const auto& whole = std::get<CoMoments>(moments.moments);
  const Index columns = whole.mean.size();
  return {Matrix::Constant(columns, columns, static_cast<double>(whole.count)),
          whole.mean.replicate(1, columns), whole.mean_rest.replicate(1, columns),
          whole.scatter.diagonal().replicate(1, columns), whole.scatter};
}

PairMoments merge_pairs(PairMoments a, const PairMoments& b) {
  assert(a.count.rows() == b.count.rows());
  const Index columns = a.count.cols();
  const PairMoments left = std::move(a);
  PairMoments whole = b;
  const auto delta = [&](Index i, Index j) {
    return WideMean{b.mean(i, j), b.mean_rest(i, j)}.minus({left.mean(i, j), left.mean_rest(i, j)});
  };
  for (Index j = 0; j < columns; ++j) {
    for (Index i = 0; i < columns; ++i) {
      const double n_a = left.count(i, j);
      const double n_b = b.count(i, j);
      if (n_a == 0) continue;
      if (n_b == 0) {
        whole.count(i, j) = n_a;
        whole.mean(i, j) = left.mean(i, j);
        whole.mean_rest(i, j) = left.mean_rest(i, j);
        whole.m2(i, j) = left.m2(i, j);
        whole.scatter(i, j) = left.scatter(i, j);
        continue;
      }
      const double q = n_b / (n_a + n_b);
      const double d = delta(i, j);
      const WideMean mean = WideMean{left.mean(i, j), left.mean_rest(i, j)}.plus(d * q);
      whole.count(i, j) = n_a + n_b;
      whole.mean(i, j) = mean.value;
      whole.mean_rest(i, j) = mean.rest;
      whole.m2(i, j) = left.m2(i, j) + b.m2(i, j) + d * d * (n_a * q);
      whole.scatter(i, j) = left.scatter(i, j) + b.scatter(i, j) + d * delta(j, i) * (n_a * q);
    }
  }
  return whole;
}

PairwiseCoMoments merge_two(PairwiseCoMoments left, const PairwiseCoMoments& right) {
  return merge(std::move(left), right);
}

PairwiseCoMoments or_of_nothing(PairwiseCoMoments moments, Index total_rows, Index columns) {
  if (total_rows > 0) return moments;
  return {co_moments(Matrix(0, columns))};
}

}  // namespace

Bytes FoldCodec<PairwiseCoMoments>::encode(const PairwiseCoMoments& moments) {
  Bytes bytes{static_cast<std::byte>(moments.moments.index())};
  const auto append = [&](const Bytes& more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
  };
  if (moments.is_complete()) {
    append(FoldCodec<CoMoments>::encode(std::get<CoMoments>(moments.moments)));
    return bytes;
  }
  const auto& pairs = std::get<PairMoments>(moments.moments);
  for (const Matrix* matrix :
       {&pairs.count, &pairs.mean, &pairs.mean_rest, &pairs.m2, &pairs.scatter}) {
    const auto* begin = reinterpret_cast<const std::byte*>(matrix->data());
    bytes.insert(bytes.end(), begin, begin + matrix->size() * Index{sizeof(double)});
  }
  return bytes;
}

PairwiseCoMoments FoldCodec<PairwiseCoMoments>::decode(std::span<const std::byte> bytes) {
  const auto tag = std::to_integer<std::size_t>(bytes[0]);
  bytes = bytes.subspan(1);
  if (tag == 0) return {FoldCodec<CoMoments>::decode(bytes)};
  const std::size_t matrix_bytes = bytes.size() / 5;
  const std::size_t elements = matrix_bytes / sizeof(double);
  const auto columns = static_cast<Index>(std::lround(std::sqrt(static_cast<double>(elements))));
  PairMoments pairs = zeros(columns);
  for (Matrix* matrix : {&pairs.count, &pairs.mean, &pairs.mean_rest, &pairs.m2, &pairs.scatter}) {
    std::memcpy(matrix->data(), bytes.data(), matrix_bytes);
    bytes = bytes.subspan(matrix_bytes);
  }
  return {std::move(pairs)};
}

PairwiseCoMoments merge(PairwiseCoMoments a, const PairwiseCoMoments& b) {
  if (a.is_complete() && b.is_complete()) {
    return {merge(std::get<CoMoments>(std::move(a.moments)), std::get<CoMoments>(b.moments))};
  }
  return {merge_pairs(pairs_of(a), pairs_of(b))};
}

PairwiseCoMoments pairwise_co_moments(Team& team, const DistributedMatrix& X, int threads) {
  const auto leaf = [&](Range rows) {
    return moments_of_rows({X.row(rows.begin), rows.size(), X.columns});
  };
  const RowBlocks blocks = co_moment_blocks(X.total_rows, X.columns);
  return or_of_nothing(fold_blocks<PairwiseCoMoments>(team, X, blocks, leaf, merge_two, threads),
                       X.total_rows, X.columns);
}

PairwiseCoMoments pairwise_co_moments(const MatrixRef& X) {
  const auto leaf = [&](Range rows) {
    const RowMajorMatrix block = X.middleRows(rows.begin, rows.size());
    return moments_of_rows({block.data(), rows.size(), X.cols()});
  };
  const RowBlocks blocks = co_moment_blocks(X.rows(), X.cols());
  return or_of_nothing(fold_blocks<PairwiseCoMoments>(blocks, leaf, merge_two), X.rows(), X.cols());
}

Matrix covariance(const PairwiseCoMoments& moments, Normalization normalization) {
  if (moments.is_complete()) {
    return covariance(std::get<CoMoments>(moments.moments), normalization);
  }
  const auto& pairs = std::get<PairMoments>(moments.moments);
  Matrix cov(pairs.count.rows(), pairs.count.cols());
  for (Index j = 0; j < cov.cols(); ++j) {
    for (Index i = 0; i < cov.rows(); ++i) {
      const auto n = static_cast<std::int64_t>(pairs.count(i, j));
      cov(i, j) = pairs.scatter(i, j) / divisor(normalization, n);
    }
  }
  return cov;
}

Matrix correlation(const PairwiseCoMoments& moments) {
  if (moments.is_complete()) return correlation(std::get<CoMoments>(moments.moments));
  const auto& pairs = std::get<PairMoments>(moments.moments);
  Matrix rho(pairs.count.rows(), pairs.count.cols());
  for (Index j = 0; j < rho.cols(); ++j) {
    for (Index i = 0; i <= j; ++i) {
      rho(i, j) = correlation_of(pairs.scatter(i, j), pairs.m2(i, j), pairs.m2(j, i));
      if (i == j && !std::isnan(rho(i, i))) rho(i, i) = 1;
      rho(j, i) = rho(i, j);
    }
  }
  return rho;
}

}  // namespace lockstep
