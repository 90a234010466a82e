#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/types.hpp"
#include "core/linalg/distributed_matrix.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// Sums over rows from which accuracy and mean loss follow. Mergeable along the tree and trivially
/// copyable.
struct ClassificationCounts {
  std::int64_t rows = 0;
  std::int64_t correct = 0;  ///< rows whose predicted class is the actual one
  double loss = 0;           ///< sum of the rows' losses, without penalty

  /// Takes a row: its predicted and its actual class, and its loss.
  void add(Index predicted, Index actual, double row_loss) {
    ++rows;
    if (predicted == actual) ++correct;
    loss += row_loss;
  }

  double mean_loss() const;  ///< NaN without rows
  double accuracy() const;   ///< correct/rows in [0, 1]; NaN without rows
};

/// The sums over the rows behind `a` and then those behind `b`.
ClassificationCounts merge(const ClassificationCounts& a, const ClassificationCounts& b);

/// How the metric of several classes becomes one number.
enum class Average {
  micro,     ///< of all classes' counts together; for one class a row, that is the accuracy
  macro,     ///< the mean over the classes that occur, as actual or as predicted ones
  weighted,  ///< the mean over the classes, by their numbers of actual rows
};

/// How often each class was taken for each: entry (actual, predicted) counts rows. Integers, so
/// `counts` may be summed over ranks in any order.
class ConfusionMatrix {
 public:
  /// K×K zeros.
  explicit ConfusionMatrix(Index classes = 0);

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

  // Over the classes; NaN without rows. As scikit-learn's with average = "micro", …

  double precision(Average average) const;
  double recall(Average average) const;
  double f1(Average average) const;

  /// The mean recall of the classes that have actual rows; NaN without rows.
  double balanced_accuracy() const;

  /// Matthews' correlation coefficient of several classes, with tₖ actual and pₖ predicted rows of
  /// class k, c correct ones and n in all:
  ///   (c·n − Σ tₖ·pₖ) / √((n² − Σ pₖ²)(n² − Σ tₖ²))      in [−1, 1]        [Gorodkin 2004]
  /// 0 where all rows are of one class, or predicted as one; NaN without rows. Its sums are exact.
  double matthews() const;

  /// Cohen's κ, the agreement beyond that of chance, with the same letters:
  ///   (c·n − Σ tₖ·pₖ) / (n² − Σ tₖ·pₖ)                                        [Cohen 1960]
  /// NaN where chance alone agrees always (all rows of one class, which is predicted) and without
  /// rows, as scikit-learn's. One rounding of an exact ratio.
  double cohens_kappa() const;

 private:
  std::int64_t actual_rows(Index k) const;     ///< TP + FN
  std::int64_t predicted_rows(Index k) const;  ///< TP + FP
  std::int64_t correct_rows() const;
  /// The average of what `metric` is of a class, for all but Average::micro.
  template <class Metric>
  double averaged(Average average, const Metric& metric) const;

  Index classes_;
  std::vector<std::int64_t> counts_;
};

/// The counts of the rows behind `a` and those behind `b`, which have the same classes (asserted).
ConfusionMatrix merge(ConfusionMatrix a, const ConfusionMatrix& b);

/// It travels as its counts.
template <>
struct FoldCodec<ConfusionMatrix> {
  static Bytes encode(const ConfusionMatrix& matrix);
  static ConfusionMatrix decode(std::span<const std::byte> bytes);
};

/// The confusion matrix of all rows of all ranks, on all ranks.
/// @param predicted, actual  class indices of this rank's rows, from 0 to classes − 1 (DataError)
/// *Collective*; a rank sends 8·K² bytes ⌊log₂P⌋ + 1 times at most.
ConfusionMatrix confusion_matrix(Team& team, Index classes, std::span<const double> predicted,
                                 std::span<const double> actual);

/// The actual class is among the k with the highest scores. Of equal scores that of the lower class
/// comes first, as in Scorer::prediction (scikit-learn takes the higher).
bool in_top_k(std::span<const double> scores, Index actual, Index k);

/// The part of all rows whose actual class is among the k best; NaN without rows. For k = 1 it is
/// the accuracy.
/// @param scores   n×K, not NaN (DataError)
/// @param actual   class indices of this rank's rows (DataError)
/// @param k        from 1 to K (DataError)
/// *Collective*; a rank sends 8 bytes ⌊log₂P⌋ + 1 times at most.
double top_k_accuracy(Team& team, const DistributedMatrix& scores, std::span<const double> actual,
                      Index k);

}  // namespace lockstep
