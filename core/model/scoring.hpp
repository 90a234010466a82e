#pragma once

#include <vector>

#include "core/metrics/classification.hpp"
#include "core/metrics/evaluation.hpp"
#include "core/metrics/regression.hpp"
#include "core/model/losses.hpp"
#include "core/transform/column_scaling.hpp"

namespace lockstep {

/// Sums over rows from which all metrics of a model follow; one of the two is used, by the kind of
/// the target. Trivially copyable, mergeable along the tree.
struct ScoreSums {
  ClassificationCounts classes;
  RegressionSums numbers;

  std::int64_t rows() const { return classes.rows + numbers.rows(); }
  double loss() const { return classes.loss + numbers.loss; }
};
ScoreSums merge(const ScoreSums& a, const ScoreSums& b);

/// What raw scores mean: the class that is predicted, the probabilities, the number in the data's
/// own unit.
class Scorer {
 public:
  /// @param target  scaling of the target that the model was trained with
  Scorer(const LossTraits& traits, Index outputs, const ColumnScaling& target)
      : traits_(traits), outputs_(outputs), target_(target) {}

  bool classifies() const { return traits_.target == TargetKind::classes; }
  Index outputs() const { return outputs_; }  ///< scores of a row
  bool has_probabilities() const { return traits_.has_probabilities; }

  /// Index of the predicted class (the first of equal scores; of two classes the second where the
  /// score is positive), or the predicted number.
  template <class T>
  double prediction(const T* scores) const;

  /// One probability a class, which sum to 1 up to rounding. Requires has_probabilities().
  template <class T>
  std::vector<double> probabilities(const T* scores) const;

  /// Adds a row to the sums.
  void add(ScoreSums& sums, double prediction, double actual, double loss) const;

  Evaluation evaluation(const ScoreSums& sums, double penalty) const;

 private:
  LossTraits traits_;
  Index outputs_;
  ColumnScaling target_;
};

}  // namespace lockstep
