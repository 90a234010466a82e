#pragma once

#include <cstdint>

#include "core/statistics/moments.hpp"

namespace lockstep {

/// Sums over rows from which the metrics of a regression follow. Mergeable along the tree and
/// trivially copyable. Errors are in the unit of the target; the loss is in the loss function's.
struct RegressionSums {
  double squared_error = 0;   ///< Σ(h − y)²
  double absolute_error = 0;  ///< Σ|h − y|
  double loss = 0;            ///< sum of the rows' losses, without penalty
  ColumnMoments target;       ///< of y; its count is the number of rows

  /// Takes a row: prediction h, target y, and its loss.
  void add(double prediction, double y, double row_loss);

  std::int64_t rows() const { return target.count; }

  // Means over the rows; NaN without rows.
  double mean_loss() const;
  double mean_squared_error() const;
  double root_mean_squared_error() const;
  double mean_absolute_error() const;

  /// 1 − Σ(h − y)² / Σ(y − ȳ)². Where all targets are equal: 1 for a perfect prediction, else 0,
  /// as scikit-learn's r2_score(force_finite=True); so too for a single row, where scikit-learn
  /// has no value.
  double r2() const;
};

/// The sums over the rows behind `a` and then those behind `b`.
RegressionSums merge(const RegressionSums& a, const RegressionSums& b);

}  // namespace lockstep
