#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/metrics/classification.hpp"
#include "core/metrics/evaluation.hpp"
#include "core/metrics/regression.hpp"
#include "core/model/losses.hpp"
#include "core/parallel/fold.hpp"
#include "core/transform/column_scaling.hpp"

namespace lockstep {

/// Sums over rows from which all metrics of a model follow; one of the two is used, by the kind of
/// the target. Mergeable along the tree; what is made without anything is the sums of no rows.
struct ScoreSums {
  ClassificationCounts classes;
  std::vector<RegressionSums> numbers;  ///< of each target; the loss of each is that of all targets

  std::int64_t rows() const;
  double loss() const;
};
ScoreSums merge(const ScoreSums& a, const ScoreSums& b);

template <>
struct FoldCodec<ScoreSums> {
  static Bytes encode(const ScoreSums& sums);
  static ScoreSums decode(std::span<const std::byte> bytes);
};

/// A number that a model predicts.
struct PredictedNumber {
  std::string name;
  ColumnScaling scaling;  ///< that the model was trained with
};

/// What was predicted of a row, what it is, and its loss.
struct ScoredRow {
  const double* predictions;
  const double* actual;
  double loss;
};

/// What raw scores mean: the class that is predicted, the probabilities, the numbers in the data's
/// own units.
class Scorer {
 public:
  /// @param numbers  that are predicted, one for each output; none of classes
  Scorer(const LossTraits& traits, Index outputs, std::vector<PredictedNumber> numbers);

  bool classifies() const { return traits_.target == TargetKind::classes; }
  Index outputs() const { return outputs_; }  ///< scores of a row
  /// Of a classifier.
  Index classes() const { return outputs_ == 1 ? 2 : outputs_; }
  const std::vector<PredictedNumber>& numbers() const { return numbers_; }
  /// What is predicted of a row: a class, or so many numbers.
  Index predictions() const { return classifies() ? 1 : outputs_; }
  bool has_probabilities() const { return traits_.has_probabilities; }

  /// Writes the index of the predicted class (the first of equal scores; of two classes the second
  /// where the score is positive), or the predicted numbers.
  template <class T>
  void predict(const T* scores, double* predictions) const {
    if (outputs_ == 1 && classifies()) {
      *predictions = scores[0] > T(0) ? 1 : 0;
    } else {
      predict_of_several(scores, predictions);
    }
  }

  /// One probability a class, which sum to 1 up to rounding. Requires has_probabilities().
  template <class T>
  std::vector<double> probabilities(const T* scores) const;

  /// Adds a row to the sums.
  void add(ScoreSums& sums, const ScoredRow& row) const {
    if (classifies()) {
      add_class(sums.classes, row);
    } else {
      add_numbers(sums, row);
    }
  }
  /// The sums of a range of rows, added one after the other.
  /// @param row_at  the ScoredRow of an index
  template <class RowAt>
  ScoreSums sum(Range rows, const RowAt& row_at) const {
    ScoreSums sums;
    if (classifies()) {
      ClassificationCounts counts;  // nothing points to it: it can stay in registers
      for (Index r = rows.begin; r < rows.end; ++r) add_class(counts, row_at(r));
      sums.classes = counts;
    } else {
      for (Index r = rows.begin; r < rows.end; ++r) add_numbers(sums, row_at(r));
    }
    return sums;
  }

  Evaluation evaluation(const ScoreSums& sums, double penalty) const;

 private:
  template <class T>
  void predict_of_several(const T* scores, double* predictions) const;
  static void add_class(ClassificationCounts& counts, const ScoredRow& row) {
    counts.add(static_cast<Index>(*row.predictions), static_cast<Index>(*row.actual), row.loss);
  }
  void add_numbers(ScoreSums& sums, const ScoredRow& row) const;

  LossTraits traits_;
  Index outputs_;
  std::vector<PredictedNumber> numbers_;
};

}  // namespace lockstep
