#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/memory.hpp"
#include "core/metrics/classification.hpp"
#include "core/metrics/fold_rows.hpp"
#include "core/model/scoring.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// Metrics of a data set that somebody asks for, beside those that every Evaluation has: what they
/// need of each row is kept while the rows are scored.
class RequestedMetrics {
 public:
  /// @param names  of evaluation_metrics(); those that every evaluation has, and those that do not
  ///               apply to the scorer, are left out
  RequestedMetrics(const Scorer& scorer, const std::vector<std::string>& names);

  /// Takes a row of this rank, in row order: its raw scores and what it is.
  void add(const double* scores, const double* predictions, const double* actual);

  /// The values of the names, in their order. NaN where a metric has none: of one class alone, say,
  /// and where scores are not finite.
  /// @param sums  over all rows
  /// *Collective*; for average_precision and auc the rows are sorted over all ranks.
  std::vector<std::pair<std::string, double>> values(Team& team, const RowShare& share,
                                                     const ScoreSums& sums, int threads) const;

 private:
  bool asks(const char* name) const;
  double of_rows(const std::string& name, Team& team, const RowShare& share, int threads) const;
  double brier(Team& team, const RowShare& share, int threads) const;
  double hinge(Team& team, const RowShare& share, int threads) const;
  double huber(Team& team, const RowShare& share, int threads) const;

  const Scorer& scorer_;
  std::vector<std::string> names_;
  std::optional<ConfusionMatrix> confusion_;
  bool ranks_;
  bool has_probabilities_;
  bool has_scores_;
  // Of this rank's rows.
  std::vector<double> ranking_;          // what two classes are ranked by
  AlignedVector<double> probabilities_;  // one for each class of a row
  AlignedVector<double> scores_;         // those of a row
  std::vector<double> classes_;
  std::vector<std::vector<double>> predicted_;  // numbers, by target
  std::vector<std::vector<double>> actual_;
};

}  // namespace lockstep
