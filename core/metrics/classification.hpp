#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/types.hpp"

namespace lockstep {

/// Sums over rows from which accuracy and mean loss follow. Mergeable along the tree and trivially
/// copyable.
struct ClassificationCounts {
  std::int64_t rows = 0;
  std::int64_t correct = 0;  ///< rows whose predicted class is the actual one
  double loss = 0;           ///< sum of the rows' losses, without penalty

  /// Takes a row: its predicted and its actual class, and its loss.
  void add(Index predicted, Index actual, double row_loss);

  double mean_loss() const;  ///< NaN without rows
  double accuracy() const;   ///< correct/rows in [0, 1]; NaN without rows
};

/// The sums over the rows behind `a` and then those behind `b`.
ClassificationCounts merge(const ClassificationCounts& a, const ClassificationCounts& b);

/// How often each class was taken for each: entry (actual, predicted) counts rows. Integers, so
/// `counts` may be summed over ranks in any order.
class ConfusionMatrix {
 public:
  /// K×K zeros.
  explicit ConfusionMatrix(Index classes);

  Index classes() const { return classes_; }
  void add(Index predicted, Index actual);
  std::int64_t at(Index actual, Index predicted) const;
  std::int64_t rows() const;

  /// Row-major, a row per actual class.
  std::span<std::int64_t> counts() { return counts_; }
  std::span<const std::int64_t> counts() const { return counts_; }

  /// Adds the rows of `other`, which has the same classes (asserted).
  void merge(const ConfusionMatrix& other);

  double accuracy() const;  ///< trace / rows; NaN without rows

  // Per class k, in [0, 1]; 0 where the denominator is 0, as scikit-learn's zero_division = 0.

  /// Of the rows predicted as k, the part that is k: TP / (TP + FP).
  double precision(Index k) const;
  /// Of the rows that are k, the part predicted as k: TP / (TP + FN).
  double recall(Index k) const;
  /// Harmonic mean of precision and recall: 2·TP / (2·TP + FP + FN).
  double f1(Index k) const;

 private:
  std::int64_t actual_rows(Index k) const;     ///< TP + FN
  std::int64_t predicted_rows(Index k) const;  ///< TP + FP

  Index classes_;
  std::vector<std::int64_t> counts_;
};

}  // namespace lockstep
