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

}  // namespace

Vector column_scales(Team& team, const DistributedMatrix& X, int threads) {
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
  Vector scales(X.columns);
  for (Index j = 0; j < X.columns; ++j) {
    const std::int64_t biased = largest[static_cast<std::size_t>(j)] >> kMantissaBits;
    // 2^−e, whose own biased exponent is 2·1023 − biased; 0 stands for zeros and denormals.
    const std::int64_t inverse = std::clamp<std::int64_t>(2 * kExponentBias - biased, 1, 2045);
    scales[j] = biased == 0 ? 1 : std::bit_cast<double>(inverse << kMantissaBits);
  }
  return scales;
}

}  // namespace lockstep
