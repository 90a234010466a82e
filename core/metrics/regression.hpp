#pragma once

#include <cstdint>
#include <span>

#include "core/metrics/fold_rows.hpp"
#include "core/parallel/team.hpp"
#include "core/statistics/moments.hpp"

namespace lockstep {

/// Sums over rows from which the metrics of a regression follow. Mergeable along the tree and
/// trivially copyable. Errors are in the unit of the target; the loss is in the loss function's.
struct RegressionSums {
  double squared_error = 0;   ///< Σ(h − y)²
  double absolute_error = 0;  ///< Σ|h − y|
  double relative_error = 0;  ///< Σ|h − y| / max(|y|, 2⁻⁵²)
  double largest_error = 0;   ///< max |h − y|
  double loss = 0;            ///< sum of the rows' losses, without penalty
  ColumnMoments target;       ///< of y; its count is the number of rows
  ColumnMoments error;        ///< of h − y

  /// Takes a row: prediction h, target y, and its loss.
  void add(double prediction, double y, double row_loss);

  std::int64_t rows() const { return target.count; }

  // Means over the rows; NaN without rows, and where an error is NaN.
  double mean_loss() const;
  double mean_squared_error() const;
  double root_mean_squared_error() const;
  double mean_absolute_error() const;
  /// Mean of |h − y| / max(|y|, 2⁻⁵²): a part, not a percentage, and huge where a target is 0, as
  /// scikit-learn's.
  double mean_absolute_percentage_error() const;
  /// max |h − y|
  double max_error() const;

  /// 1 − Σ(h − y)² / Σ(y − ȳ)². Where all targets are equal: 1 for a perfect prediction, else 0,
  /// as scikit-learn's r2_score(force_finite=True); so too for a single row, where scikit-learn
  /// has no value.
  double r2() const;
  /// 1 − Var(h − y) / Var(y): R² of the prediction without its constant error. Where all targets
  /// are equal: 1 if all errors are equal, else 0, as scikit-learn's.
  double explained_variance() const;
};

/// The sums over the rows behind `a` and then those behind `b`.
RegressionSums merge(const RegressionSums& a, const RegressionSums& b);

/// The sums over all rows of all ranks; `loss` stays 0, as no loss function takes part.
/// @param predictions, targets  of this rank's rows; DataError unless there are as many as rows
/// *Collective*; a rank sends at most 2·log₂(blocks) nodes of 120 bytes to every other.
RegressionSums regression_sums(Team& team, const RowShare& share,
                               std::span<const double> predictions, std::span<const double> targets,
                               int threads = 1);

}  // namespace lockstep
