#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/table.hpp"
#include "core/model/layer.hpp"

namespace lockstep {

/// A loss on raw scores (logits). Finite for |score| ≤ 10⁴; NaN in a score gives NaN.
///
///   squared        ½(s − y)²                                  derivative s − y
///   absolute       |s − y|                                    sign(s − y), 0 at 0
///   logistic       ln(1 + eˢ) − y·s,          y ∈ {0, 1}      σ(s) − y
///   cross_entropy  ln Σₖ exp sₖ − s_y,        y a class       softmax(s) − e_y
///   hinge          max(0, 1 − ys),            y ∈ {−1, 1}     −y where 1 − ys > 0, else 0
///   squared_hinge  max(0, 1 − ys)²            y ∈ {−1, 1}     −2y·max(0, 1 − ys)
///
/// A target is a number, or the index of a class; of two classes the second is y = 1. Of several
/// numbers, each has a score of its own, and their losses are added up. Of more than two classes,
/// the hinge losses are added up over a score for each class, where y = 1 for the class itself and
/// −1 for all others: one versus the rest. For cross-entropy see [Bishop 2006, §4.3.4].
template <class T>
class Loss {
 public:
  virtual ~Loss() = default;

  /// The losses of n rows, each by itself, and their derivatives with respect to the scores.
  /// @param outputs  scores of a row
  /// @param targets  of each row its class, or `outputs` numbers
  /// @param dscores  may be the scores; padding columns are assigned 0
  /// @param losses   n values in nats or units of the target
  /// Rank-local, thread-safe, O(n·outputs).
  virtual void value_and_gradient(Index n, Index outputs, Rows<const T> scores,
                                  const double* targets, Rows<T> dscores, double* losses) const = 0;
};

/// The scores that a loss takes for K classes.
enum class ClassScores {
  none,                   ///< it takes numbers as targets, with a score for each
  one_of_two,             ///< one; K = 2 alone
  each,                   ///< K
  each_of_more_than_two,  ///< K, but one for K = 2
};

/// What a loss asks of the data and the network.
struct LossTraits {
  TargetKind target;
  ClassScores scores;
  bool has_probabilities;  ///< scores become probabilities by a sigmoid or a softmax
};

/// Names that make_loss knows, sorted.
const std::vector<std::string>& loss_names();

/// @param smoothing  ε of label smoothing [Szegedy et al. 2016]: of K classes, the one that a row
///                   has counts 1 − ε + ε/K and each other one ε/K. A loss that has no
///                   probabilities takes 0 alone
/// @throws ConfigError for an unknown name, and for a smoothing that the loss does not take
template <class T>
std::unique_ptr<Loss<T>> make_loss(std::string_view name, double smoothing = 0);
/// Requires a name that make_loss knows.
LossTraits loss_traits(std::string_view name);
/// The second derivative of a loss with respect to a score, where all scores of the row are 0: of
/// most losses it is nowhere larger. 0 of one with a kink.
double curvature_at_zero(std::string_view name, Index outputs);

/// Softmax of one row of k scores, in double.
void softmax(Index k, const double* scores, double* probabilities);

}  // namespace lockstep
