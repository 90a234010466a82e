#pragma once

#include <limits>
#include <string_view>
#include <vector>

#include "core/base/types.hpp"
#include "core/data/table.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// What model.type calls it.
inline constexpr std::string_view kNaiveBayesName = "naive_bayes";

struct NaiveBayesOptions {
  /// α > 0, added to the count of every category in every class [Laplace, Lidstone].
  double smoothing = 1;
  /// Share, in (0, 1], of the largest variance of a column that is added to every variance, so that
  /// none is 0.
  double variance_smoothing = 1e-9;
};

/// The naive Bayes classifier: Bayes' theorem with features that are independent given the class y
/// [Murphy 2012, §3.5].
///   ln P(y, x) = ln P(y) + Σⱼ ln P(xⱼ | y)
///   P(y)       = rows of y / rows
///   numbers:     P(xⱼ | y) = N(xⱼ; μ, σ² + ε), mean and population variance of column j in class
///                y, ε = variance_smoothing · the largest population variance of a column (taken as
///                1 when all columns are constant), but at least kSmallestVariance
///   categories:  P(xⱼ = c | y) = (n(y, c) + α) / (n(y) + α·number of categories)
/// A missing cell says nothing: it is left out of counts, moments and the sum above. So does a
/// column of numbers that a class has no cell of: the class takes the moments of all rows.
class NaiveBayes {
 public:
  /// Bounds of a variance, between which its logarithm and its inverse are normal numbers.
  static constexpr double kSmallestVariance = std::numeric_limits<double>::min();
  static constexpr double kLargestVariance = std::numeric_limits<double>::max() / 16;

  /// What is fitted, all of it finite. Class y, and category c, come from tables: 0 … K−1.
  struct Parameters {
    std::vector<double> log_prior;  ///< K: ln P(y)
    std::vector<double> mean;       ///< numbers × K, a column of numbers after the other
    std::vector<double> variance;   ///< numbers × K, within the bounds above, ε included
    /// Per column of categories, in order: categories × K of ln P(c | y).
    std::vector<std::vector<double>> log_probability;
  };

  /// The blocks that `fit` folds over.
  static RowBlocks blocks(Index total_rows, Index classes);

  /// Fits to a table with classes: counts are integers, summed over the ranks; moments of each
  /// block of rows are merged along the tree. Requires whole blocks() on every rank, a target of
  /// classes, and options within their bounds (asserted).
  /// Throws DataError, alike on all ranks, when a class has no rows or a variance overflows.
  /// *Collective*; a rank sends 2·log₂(blocks) nodes, at most, of 40·K bytes a column of numbers to
  /// every other, and once 8·K bytes and 8·K bytes a category.
  static NaiveBayes fit(Team& team, const Table& table, const NaiveBayesOptions& options,
                        int threads);

  /// @param features  the types of the columns, as Table::feature_types but never empty
  /// Requires parameters of the right sizes (asserted).
  NaiveBayes(std::vector<ColumnType> features, Parameters parameters);

  Index classes() const { return static_cast<Index>(parameters_.log_prior.size()); }
  const std::vector<ColumnType>& features() const { return features_; }
  const Parameters& parameters() const { return parameters_; }

  /// ln P(y, x) of every class, in nats. Thread-safe.
  /// @param row     the features, NaN where missing
  /// @param scores  K numbers
  void score(const double* row, double* scores) const;

 private:
  std::vector<ColumnType> features_;
  Parameters parameters_;
  std::vector<double> log_scale_;  ///< numbers × K: −½ ln 2πσ²
  std::vector<double> precision_;  ///< numbers × K: 1/(2σ²)
};

}  // namespace lockstep
