#include "core/metrics/distances.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "core/base/error.hpp"
#include "core/base/large_pages.hpp"
#include "core/base/memory.hpp"
#include "core/kernel/elementary.hpp"
#include "core/kernel/product.hpp"
#include "core/metrics/distance_kernels.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {
namespace {

/// Rows of X and points of Y that a task takes: its results stay in L2 between two passes.
constexpr Index kRowBlock = 48;
constexpr Index kPointBlock = 512;

const DistanceKernels& kernels() {
  switch (kernel::instruction_set()) {
#if defined(__x86_64__)
    case kernel::InstructionSet::avx512:
      return avx512_distance_kernels();
    case kernel::InstructionSet::avx2:
      return avx2_distance_kernels();
#endif
    default:
      return portable_distance_kernels();
  }
}

void check_pair(const VectorRef& x, const VectorRef& y) {
  if (x.size() == y.size() && x.size() > 0) return;
  throw DataError(
      fmt::format("distance: the point x has {} coordinates, y has {}; expected equally many, and "
                  "at least one",
                  x.size(), y.size()));
}

void check_points(const PointsRef& X, const PointsRef& Y) {
  if (X.cols() == Y.cols() && X.cols() > 0) return;
  throw DataError(
      fmt::format("distance: points of X have {} coordinates, those of Y have {}; expected equally "
                  "many, and at least one",
                  X.cols(), Y.cols()));
}

void check_exponent(double p) {
  if (p >= 1) return;
  throw DataError(fmt::format("Minkowski distance: p is {}; expected p >= 1 or infinity", p));
}

/// Points as columns of a panel matrix: d × n, the padding 0.
AlignedVector<double> as_panels(const PointsRef& Y, int threads) {
  const Index d = Y.cols();
  const Index n = Y.rows();
  AlignedVector<double> panels(static_cast<std::size_t>(kernel::panel_matrix_size(d, n)));
  parallel_for(threads, kernel::panel_count(n), [&](Index panel) {
    for (Index j = panel * kPanel; j < std::min(n, (panel + 1) * kPanel); ++j) {
      const double* point = Y.data() + j * Y.outerStride();
      double* target = panels.data() + kernel::panel_offset(d, 0, j);
      for (Index k = 0; k < d; ++k) target[k * kPanel] = point[k];
    }
  });
  return panels;
}

/// Neighbouring rows of X, neighbouring points of Y, and where their distances go.
struct Block {
  Index m;
  Index n;
  Index d;
  const double* x;
  Index ldx;
  const double* y;  ///< panels
  double* result;
  Index ldr;

  double* row(Index i) const { return result + i * ldr; }

  void run(DistanceKernels::Kernel kernel) const { kernel(m, n, d, x, ldx, y, result, ldr); }

  template <class Function>
  void apply(const Function& function) const {
    for (Index i = 0; i < m; ++i) std::transform(row(i), row(i) + n, row(i), function);
  }
};

/// `fill(Block)` for all blocks of X and Y, shared by threads.
template <class Fill>
RowMajorMatrix all_pairs(const PointsRef& X, const PointsRef& Y, int threads, const Fill& fill) {
  check_points(X, Y);
  const Index m = X.rows();
  const Index n = Y.rows();
  const AlignedVector<double> panels = as_panels(Y, threads);
  RowMajorMatrix result(m, n);
  prefer_large_pages(result.data(), static_cast<std::size_t>(result.size()) * sizeof(double));
  const Index d = X.cols();
  const Index across = (n + kPointBlock - 1) / kPointBlock;
  parallel_for(threads, (m + kRowBlock - 1) / kRowBlock * across, [&](Index task) {
    const Index i = task / across * kRowBlock;
    const Index j = task % across * kPointBlock;
    fill(Block{std::min(kRowBlock, m - i), std::min(kPointBlock, n - j), d,
               X.data() + i * X.outerStride(), X.outerStride(), panels.data() + j * d,
               result.data() + i * n + j, n});
  });
  return result;
}

/// What the powers of Minkowski's sum are divided by: s, or 1 where that would spoil the limit.
double power_scale(double largest) {
  return largest > 0 && largest <= std::numeric_limits<double>::max() ? largest : 1.0;
}

/// t^p for t ≥ 0.
double power(double t, double p) { return kernel::exp(p * kernel::log(t)); }

/// s·sum^(1/p), for s and the sum of powers that were divided by power_scale(s).
double minkowski_root(double largest, double sum, double p) {
  return largest * kernel::exp(kernel::log(sum) / p);
}

/// From the largest differences in `block.result` to Minkowski's distances.
void minkowski_from_largest(const Block& block, double p) {
  for (Index i = 0; i < block.m; ++i) {
    const double* x = block.x + i * block.ldx;
    for (Index j = 0; j < block.n; j += kPanel) {
      const Index points = std::min(kPanel, block.n - j);
      double* largest = block.row(i) + j;
      const double* y = block.y + j * block.d;
      std::array<double, kPanel> scales;
      std::array<double, kPanel> sums{};
      scales.fill(1);
      for (Index o = 0; o < points; ++o) {
        scales[static_cast<std::size_t>(o)] = power_scale(largest[o]);
      }
      for (Index k = 0; k < block.d; ++k) {
        for (std::size_t o = 0; o < kPanel; ++o) {
          const double difference = std::fabs(x[k] - y[k * kPanel + static_cast<Index>(o)]);
          sums[o] += power(difference / scales[o], p);
        }
      }
      for (Index o = 0; o < points; ++o) {
        largest[o] = minkowski_root(largest[o], sums[static_cast<std::size_t>(o)], p);
      }
    }
  }
}

/// x/‖x‖, NaN for x = 0. The power of two that scales x is exact and keeps squares in range.
void write_unit_vector(const double* x, Index d, double* unit) {
  double largest = 0;
  for (Index k = 0; k < d; ++k) largest = std::max(largest, std::fabs(x[k]));
  int exponent = 0;
  if (std::isfinite(largest)) std::frexp(largest, &exponent);
  const double scale = std::ldexp(1.0, std::clamp(-exponent, -1000, 1000));
  double square = 0;
  for (Index k = 0; k < d; ++k) {
    unit[k] = x[k] * scale;
    square = std::fma(unit[k], unit[k], square);
  }
  const double norm = std::sqrt(square);
  for (Index k = 0; k < d; ++k) unit[k] /= norm;
}

Vector unit_vector(const VectorRef& x) {
  Vector unit(x.size());
  write_unit_vector(x.data(), x.size(), unit.data());
  return unit;
}

RowMajorMatrix unit_rows(const PointsRef& X, int threads) {
  RowMajorMatrix units(X.rows(), X.cols());
  parallel_for(threads, X.rows(), [&](Index i) {
    write_unit_vector(X.data() + i * X.outerStride(), X.cols(), units.data() + i * X.cols());
  });
  return units;
}

/// Rounding may leave [−1, 1]; NaN stays.
double as_cosine(double product) {
  const double low = product < -1 ? -1 : product;
  return low > 1 ? 1 : low;
}

double sum_of_squares(const VectorRef& x, const VectorRef& y) {
  double sum = 0;
  for (Index k = 0; k < x.size(); ++k) sum = std::fma(x[k] - y[k], x[k] - y[k], sum);
  return sum;
}

}  // namespace

double euclidean_distance(const VectorRef& x, const VectorRef& y) {
  check_pair(x, y);
  const FloatingPointMode mode;
  return std::sqrt(sum_of_squares(x, y));
}

double manhattan_distance(const VectorRef& x, const VectorRef& y) {
  check_pair(x, y);
  const FloatingPointMode mode;
  double sum = 0;
  for (Index k = 0; k < x.size(); ++k) sum += std::fabs(x[k] - y[k]);
  return sum;
}

double chebyshev_distance(const VectorRef& x, const VectorRef& y) {
  check_pair(x, y);
  const FloatingPointMode mode;
  std::int64_t largest = 0;  // bits of |difference|, which ascend as the numbers do; NaN is on top
  for (Index k = 0; k < x.size(); ++k) {
    largest = std::max(largest, std::bit_cast<std::int64_t>(std::fabs(x[k] - y[k])));
  }
  return std::bit_cast<double>(largest);
}

double minkowski_distance(const VectorRef& x, const VectorRef& y, double p) {
  check_exponent(p);
  if (p == 1) return manhattan_distance(x, y);
  if (p == 2) return euclidean_distance(x, y);
  const double largest = chebyshev_distance(x, y);
  if (std::isinf(p)) return largest;
  const FloatingPointMode mode;
  double sum = 0;
  for (Index k = 0; k < x.size(); ++k) {
    sum += power(std::fabs(x[k] - y[k]) / power_scale(largest), p);
  }
  return minkowski_root(largest, sum, p);
}

double cosine_similarity(const VectorRef& x, const VectorRef& y) {
  check_pair(x, y);
  return cosine_similarities(x.transpose(), y.transpose())(0, 0);
}

double cosine_distance(const VectorRef& x, const VectorRef& y) {
  check_pair(x, y);
  const FloatingPointMode mode;
  return 0.5 * sum_of_squares(unit_vector(x), unit_vector(y));
}

double hamming_distance(const VectorRef& x, const VectorRef& y) {
  check_pair(x, y);
  const FloatingPointMode mode;
  Index unequal = 0;
  for (Index k = 0; k < x.size(); ++k) unequal += x[k] != y[k] ? 1 : 0;
  return static_cast<double>(unequal) / static_cast<double>(x.size());
}

RowMajorMatrix euclidean_distances(const PointsRef& X, const PointsRef& Y, int threads) {
  return all_pairs(X, Y, threads, [](const Block& block) {
    block.run(kernels().squares);
    block.apply([](double square) { return std::sqrt(square); });
  });
}

RowMajorMatrix manhattan_distances(const PointsRef& X, const PointsRef& Y, int threads) {
  return all_pairs(X, Y, threads, [](const Block& block) { block.run(kernels().absolutes); });
}

RowMajorMatrix chebyshev_distances(const PointsRef& X, const PointsRef& Y, int threads) {
  return all_pairs(X, Y, threads, [](const Block& block) { block.run(kernels().largest); });
}

RowMajorMatrix minkowski_distances(const PointsRef& X, const PointsRef& Y, double p, int threads) {
  check_exponent(p);
  if (p == 1) return manhattan_distances(X, Y, threads);
  if (p == 2) return euclidean_distances(X, Y, threads);
  if (std::isinf(p)) return chebyshev_distances(X, Y, threads);
  return all_pairs(X, Y, threads, [p](const Block& block) {
    block.run(kernels().largest);
    minkowski_from_largest(block, p);
  });
}

RowMajorMatrix cosine_similarities(const PointsRef& X, const PointsRef& Y, int threads) {
  check_points(X, Y);
  return all_pairs(unit_rows(X, threads), unit_rows(Y, threads), threads, [](const Block& block) {
    const Index panels = kernel::panel_count(block.n);
    const Index stride = panels * kPanel;
    AlignedVector<double> product(static_cast<std::size_t>(block.m * stride));
    kernel::multiply(block.m, block.d, panels, block.x, block.ldx, block.y, product.data(), stride);
    for (Index i = 0; i < block.m; ++i) {
      const double* from = product.data() + i * stride;
      std::transform(from, from + block.n, block.row(i), as_cosine);
    }
  });
}

RowMajorMatrix cosine_distances(const PointsRef& X, const PointsRef& Y, int threads) {
  check_points(X, Y);
  return all_pairs(unit_rows(X, threads), unit_rows(Y, threads), threads, [](const Block& block) {
    block.run(kernels().squares);
    block.apply([](double square) { return 0.5 * square; });
  });
}

RowMajorMatrix hamming_distances(const PointsRef& X, const PointsRef& Y, int threads) {
  return all_pairs(X, Y, threads, [](const Block& block) {
    block.run(kernels().unequal);
    const auto coordinates = static_cast<double>(block.d);
    block.apply([coordinates](double count) { return count / coordinates; });
  });
}

}  // namespace lockstep
