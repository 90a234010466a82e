#include "core/linalg/column_scales.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <mutex>
#include <vector>

#include "core/base/error.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {
namespace {

// Magnitudes are compared as integers: the bits of |x| ascend with |x|, and then come infinity and
// the NaNs.
using Magnitudes = std::vector<std::int64_t>;
constexpr std::int64_t kMagnitudeBits = 0x7fffffffffffffff;
constexpr std::int64_t kInfinity = 0x7ff0000000000000;
constexpr int kMantissaBits = 52;
constexpr std::int64_t kExponentBias = 1023;
constexpr Index kRowsOfTask = 1024;

Magnitudes largest_magnitudes(const DistributedMatrix& X, int threads) {
  const auto columns = static_cast<std::size_t>(X.columns);
  Magnitudes largest(columns, 0);
  std::mutex access;
  const Index tasks = (X.rows.size() + kRowsOfTask - 1) / kRowsOfTask;
  parallel_for(threads, tasks, [&](Index task) {
    Magnitudes own(columns, 0);
    const Index begin = X.rows.begin + task * kRowsOfTask;
    const Index end = std::min(begin + kRowsOfTask, X.rows.end);
    for (Index i = begin; i < end; ++i) {
      const double* row = X.row(i);
      for (std::size_t j = 0; j < columns; ++j) {
        const std::int64_t magnitude = std::bit_cast<std::int64_t>(row[j]) & kMagnitudeBits;
        own[j] = magnitude > own[j] ? magnitude : own[j];
      }
    }
    const std::lock_guard lock(access);
    for (std::size_t j = 0; j < columns; ++j) largest[j] = std::max(largest[j], own[j]);
  });
  return largest;
}

void refuse_first_nonfinite(const DistributedMatrix& X) {
  for (Index i = X.rows.begin; i < X.rows.end; ++i) {
    for (Index j = 0; j < X.columns; ++j) {
      if (std::isfinite(X.row(i)[j])) continue;
      throw DataError(
          fmt::format("row {}, column {} of the matrix, counted from 0: expected a finite number, "
                      "found {}",
                      i, j, X.row(i)[j]));
    }
  }
}

/// The largest magnitude of each column over all ranks, of a matrix of finite numbers.
Magnitudes checked_magnitudes(Team& team, const DistributedMatrix& X, int threads) {
  if (X.total_rows < 1 || X.columns < 1) {
    throw DataError(fmt::format("expected a matrix with rows and columns, found {}×{}",
                                X.total_rows, X.columns));
  }
  Magnitudes largest = largest_magnitudes(X, threads);
  guard(team, "checking the matrix", [&] {
    const bool finite = std::all_of(largest.begin(), largest.end(),
                                    [](std::int64_t magnitude) { return magnitude < kInfinity; });
    if (!finite) refuse_first_nonfinite(X);
  });
  team.all_reduce(largest, IntegerReduction::max);
  return largest;
}

/// 2^−e, whose own biased exponent is 2·1023 − biased; 0 stands for zeros and denormals.
double scale_of(std::int64_t magnitude) {
  const std::int64_t biased = magnitude >> kMantissaBits;
  const std::int64_t inverse = std::clamp<std::int64_t>(2 * kExponentBias - biased, 1, 2045);
  return biased == 0 ? 1 : std::bit_cast<double>(inverse << kMantissaBits);
}

}  // namespace

Vector column_scales(Team& team, const DistributedMatrix& X, int threads) {
  const Magnitudes largest = checked_magnitudes(team, X, threads);
  Vector scales(X.columns);
  for (Index j = 0; j < X.columns; ++j) scales[j] = scale_of(largest[static_cast<std::size_t>(j)]);
  return scales;
}

double largest_magnitude(Team& team, const DistributedMatrix& X, int threads) {
  const Magnitudes largest = checked_magnitudes(team, X, threads);
  return std::bit_cast<double>(*std::max_element(largest.begin(), largest.end()));
}

double common_scale(double largest) {
  constexpr double kSafe = 0x1p256;
  const bool is_safe = largest >= 1 / kSafe && largest < kSafe;
  return is_safe ? 1 : scale_of(std::bit_cast<std::int64_t>(largest));
}

const DistributedMatrix& scaled(Team& team, const DistributedMatrix& X, double scale,
                                DistributedMatrix& copy) {
  if (scale == 1) return X;
  guard(team, "scaling the matrix", [&] { copy = X; });
  for (double& x : copy.values) x *= scale;
  return copy;
}

Matrix unscaled(const Matrix& R, const Vector& scales) {
  const Vector powers = scales.cwiseInverse();
  const double largest = powers.maxCoeff();
  double squares = 0;  // of the columns so far, in units of largest²
  for (Index j = 0; j < R.cols(); ++j) {
    squares += (R.col(j) * (powers[j] / largest)).squaredNorm();
    if (std::isfinite(std::sqrt(squares) * largest)) continue;
    throw ColumnError(j, "its values are too large: the norm of the matrix is not finite");
  }
  return R * powers.asDiagonal();
}

}  // namespace lockstep
