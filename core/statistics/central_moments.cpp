#include "core/statistics/central_moments.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "core/base/memory.hpp"
#include "core/parallel/sort.hpp"
#include "core/statistics/block_fold.hpp"
#include "core/statistics/units.hpp"

namespace lockstep {
namespace {

static_assert(std::is_trivially_copyable_v<CentralMoments>);

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Exact also for denormal numbers; `a` of equals.
double lesser(double a, double b) { return sort_key(b) < sort_key(a) ? b : a; }
double greater(double a, double b) { return sort_key(b) > sort_key(a) ? b : a; }

/// The unit of values from min to max.
double unit_of_range(double min, double max) {
  return unit_for(std::max(std::fabs(min), std::fabs(max)));
}

/// Columns that are summed side by side, in vector registers: a cache line of a row.
constexpr Index kTile = 8;
using Sums = std::array<double, kTile>;

/// The rows of a block, `kTile` columns of it: a column that does not exist is missing everywhere.
using Tile = AlignedVector<double>;

void copy_tile(const double* rows, Index count, Index columns, Index first, Tile& tile) {
  const Index width = std::min(kTile, columns - first);
  for (Index i = 0; i < count; ++i) {
    const double* from = rows + i * columns + first;
    std::copy(from, from + width, tile.data() + i * kTile);
  }
}

/// Deviations from a first guess at the mean, a value of the column, give the mean.
struct FirstPass {
  Sums guess{};
  Sums present{};
  Sums sum{};
  Sums min{};
  Sums max{};

  explicit FirstPass(const Tile& tile) {
    min.fill(CentralMoments().min);
    max.fill(CentralMoments().max);
    for (std::size_t j = 0; j < kTile; ++j) {
      for (std::size_t at = j; at < tile.size(); at += kTile) {
        if (std::isnan(tile[at])) continue;
        guess[j] = tile[at];
        break;
      }
    }
    for (std::size_t row = 0; row < tile.size(); row += kTile) {
      for (std::size_t j = 0; j < kTile; ++j) {
        const double x = tile[row + j];
        const bool is_present = x == x;
        present[j] += is_present ? 1.0 : 0.0;
        sum[j] += is_present ? x - guess[j] : 0.0;
        min[j] = x < min[j] ? x : min[j];
        max[j] = x > max[j] ? x : max[j];
      }
    }
  }

  /// Comparisons take denormal numbers for 0 (FloatingPointMode): the columns whose minimum or
  /// maximum is one of them, or 0 beside them or for them, are compared again, by key.
  void compare_denormals(const Tile& tile) {
    // In integers: a compiler may take it that what equals 0 has no bits but the sign.
    constexpr std::uint64_t kSmallestNormal = std::uint64_t{1} << 53U;  // beside the sign
    const auto magnitude = [](double x) { return std::bit_cast<std::uint64_t>(x) << 1U; };
    const auto is_zero = [&](double x) { return magnitude(x) < kSmallestNormal; };
    if (!std::any_of(min.begin(), min.end(), is_zero) &&
        !std::any_of(max.begin(), max.end(), is_zero)) {
      return;
    }
    std::array<std::uint64_t, kTile> bits{};  // beside the sign, of all that counts as 0
    for (std::size_t row = 0; row < tile.size(); row += kTile) {
      for (std::size_t j = 0; j < kTile; ++j) {
        const std::uint64_t x = magnitude(tile[row + j]);
        bits[j] |= x < kSmallestNormal ? x : 0U;
      }
    }
    for (std::size_t j = 0; j < kTile; ++j) {
      if (bits[j] == 0) continue;
      min[j] = CentralMoments().min;
      max[j] = CentralMoments().max;
      for (std::size_t at = j; at < tile.size(); at += kTile) {
        if (std::isnan(tile[at])) continue;
        min[j] = lesser(min[j], tile[at]);
        max[j] = greater(max[j], tile[at]);
      }
    }
  }

  /// Of the tile in units: all but minimum and maximum.
  void sum_again(const Tile& tile) {
    const FirstPass again(tile);
    guess = again.guess;
    sum = again.sum;
  }

  double unit(std::size_t j) const { return unit_of_range(min[j], max[j]); }

  Sums means() const {
    Sums means{};
    for (std::size_t j = 0; j < kTile; ++j) {
      means[j] = guess[j] + sum[j] / std::max(present[j], 1.0);
    }
    return means;
  }
};

/// Sums of powers of deviations from the mean that the first pass found.
struct SecondPass {
  Sums center{};
  Sums s1{};
  Sums s2{};
  Sums s3{};
  Sums s4{};

  SecondPass(const Tile& tile, const Sums& means) : center(means) {
    for (std::size_t row = 0; row < tile.size(); row += kTile) {
      for (std::size_t j = 0; j < kTile; ++j) {
        const double x = tile[row + j];
        const double d = x == x ? x - center[j] : 0.0;
        const double d2 = d * d;
        s1[j] += d;
        s2[j] += d2;
        s3[j] += d2 * d;
        s4[j] += d2 * d2;
      }
    }
  }
};

/// Puts columns in units where their powers would overflow or vanish; returns whether any was. A
/// column of zeros is the same in any unit.
bool put_in_units(Tile& tile, const FirstPass& first) {
  bool any = false;
  for (std::size_t j = 0; j < kTile; ++j) {
    const double unit = first.unit(j);
    const bool is_zero =
        sort_key(first.min[j]) == sort_key(0) && sort_key(first.max[j]) == sort_key(0);
    if (unit == 1 || is_zero) continue;
    any = true;
    for (std::size_t at = j; at < tile.size(); at += kTile) {
      if (!std::isnan(tile[at])) tile[at] = in_units(tile[at], unit);
    }
  }
  return any;
}

/// That mean is off by some roundings, m: deviations from the mean itself by the binomial theorem.
CentralMoments moments_of(const FirstPass& first, const SecondPass& second, std::size_t j) {
  CentralMoments moments;
  const double n = first.present[j];
  if (n == 0) return moments;
  const double m = second.s1[j] / n;
  moments.count = static_cast<std::int64_t>(n);
  moments.center = WideMean{second.center[j], 0}.plus(m);
  moments.m2 = second.s2[j] - m * second.s1[j];
  moments.m3 = second.s3[j] - 3 * m * second.s2[j] + 2 * m * m * second.s1[j];
  moments.m4 =
      second.s4[j] - 4 * m * second.s3[j] + 6 * m * m * second.s2[j] - 3 * m * m * m * second.s1[j];
  moments.min = first.min[j];
  moments.max = first.max[j];
  return moments;
}

std::vector<CentralMoments> moments_of_rows(const double* rows, Index count, Index columns) {
  std::vector<CentralMoments> moments;
  moments.reserve(static_cast<std::size_t>(columns));
  Tile tile(static_cast<std::size_t>(count * kTile));
  for (Index first = 0; first < columns; first += kTile) {
    if (columns - first < kTile) std::fill(tile.begin(), tile.end(), kNaN);
    copy_tile(rows, count, columns, first, tile);
    FirstPass first_pass(tile);
    first_pass.compare_denormals(tile);  // here, as the loop of the constructor slows down by it
    if (put_in_units(tile, first_pass)) first_pass.sum_again(tile);
    const SecondPass second_pass(tile, first_pass.means());
    for (Index j = 0; j < std::min(kTile, columns - first); ++j) {
      moments.push_back(moments_of(first_pass, second_pass, static_cast<std::size_t>(j)));
    }
  }
  return moments;
}

/// Mean and Mₚ in another unit: the larger one of a merge.
CentralMoments in_unit(CentralMoments moments, double unit) {
  const double ratio = moments.unit() / unit;
  if (ratio == 1) return moments;
  const double ratio2 = ratio * ratio;
  moments.center = {moments.center.value * ratio, moments.center.rest * ratio};
  moments.m2 *= ratio2;
  moments.m3 *= ratio2 * ratio;
  moments.m4 *= ratio2 * ratio2;
  return moments;
}

std::vector<CentralMoments> merge_columns(std::vector<CentralMoments> left,
                                          const std::vector<CentralMoments>& right) {
  assert(left.size() == right.size());
  for (std::size_t j = 0; j < left.size(); ++j) left[j] = merge(left[j], right[j]);
  return left;
}

}  // namespace

double CentralMoments::unit() const { return unit_of_range(min, max); }

double CentralMoments::mean() const { return count == 0 ? kNaN : center.value * unit(); }

double CentralMoments::sum_of_squares() const { return m2 * unit() * unit(); }

double CentralMoments::variance(Normalization normalization) const {
  return m2 / divisor(normalization, count) * unit() * unit();
}

double CentralMoments::deviation(Normalization normalization) const {
  return std::sqrt(m2 / divisor(normalization, count)) * unit();
}

double CentralMoments::skewness(Normalization normalization) const {
  const auto n = static_cast<double>(count);
  const double g1 = std::sqrt(n) * m3 / (m2 * std::sqrt(m2));
  if (normalization == Normalization::population) return g1;
  return count < 3 ? kNaN : g1 * std::sqrt(n * (n - 1)) / (n - 2);
}

double CentralMoments::kurtosis(Normalization normalization) const {
  const auto n = static_cast<double>(count);
  const double g2 = n * (m4 / m2 / m2) - 3;
  if (normalization == Normalization::population) return g2;
  return count < 4 ? kNaN : (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * g2 + 6);
}

CentralMoments merge(const CentralMoments& left, const CentralMoments& right) {
  if (left.count == 0) return right;
  if (right.count == 0) return left;
  CentralMoments whole;
  whole.count = left.count + right.count;
  whole.min = lesser(left.min, right.min);
  whole.max = greater(left.max, right.max);
  const CentralMoments a = in_unit(left, whole.unit());
  const CentralMoments b = in_unit(right, whole.unit());
  // With p = n_a/n and q = n_b/n, so that no product of counts can overflow.
  const auto n_a = static_cast<double>(a.count);
  const auto n = static_cast<double>(whole.count);
  const double p = n_a / n;
  const double q = static_cast<double>(b.count) / n;
  const double delta = b.center.minus(a.center);
  const double delta2 = delta * delta;
  const double between = delta2 * (n_a * q);
  whole.center = a.center.plus(delta * q);
  whole.m2 = a.m2 + b.m2 + between;
  whole.m3 = a.m3 + b.m3 + between * (delta * (p - q)) + 3 * delta * (p * b.m2 - q * a.m2);
  whole.m4 = a.m4 + b.m4 + between * (delta2 * (p * p - p * q + q * q)) +
             6 * delta2 * (p * p * b.m2 + q * q * a.m2) + 4 * delta * (p * b.m3 - q * a.m3);
  return whole;
}

CentralMoments central_moments(std::span<const double> values) {
  const auto leaf = [&](Range rows) {
    return moments_of_rows(values.data() + rows.begin, rows.size(), 1)[0];
  };
  const auto merge_two = [](const CentralMoments& left, const CentralMoments& right) {
    return merge(left, right);
  };
  return fold_blocks<CentralMoments>(RowBlocks(static_cast<Index>(values.size())), leaf, merge_two);
}

std::vector<CentralMoments> central_moments(Team& team, const DistributedMatrix& X, int threads) {
  const auto leaf = [&](Range rows) {
    return moments_of_rows(X.row(rows.begin), rows.size(), X.columns);
  };
  auto moments = fold_blocks<std::vector<CentralMoments>>(team, X, RowBlocks(X.total_rows), leaf,
                                                          merge_columns, threads);
  moments.resize(static_cast<std::size_t>(X.columns));  // without rows there is no leaf
  return moments;
}

}  // namespace lockstep
