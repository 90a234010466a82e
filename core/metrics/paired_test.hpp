#pragma once

#include <span>

namespace lockstep {

/// Whether two models differ in truth, by their scores on the same folds.
struct PairedTest {
  double difference = 0;  ///< mean of a − b over the folds
  double deviation = 0;   ///< of the differences, divided by folds − 1
  double t = 0;           ///< infinite where the differences are equal, and not 0
  double p = 1;           ///< probability of a |t| as large as this if there is no difference

  friend bool operator==(const PairedTest&, const PairedTest&) = default;
};

/// The corrected resampled t-test [Nadeau, Bengio 2003, §4], with k − 1 degrees of freedom:
///   t = d̄/√((1/k + n_test/n_train)·s²)
/// The models of different folds share most of their training rows, so that their scores vary less
/// than those of independent repetitions would; n_test/n_train = 1/(k − 1) makes up for it.
/// @param a, b  a score for each of k folds; DataError for fewer than two, or different numbers
PairedTest corrected_paired_test(std::span<const double> a, std::span<const double> b);

}  // namespace lockstep
