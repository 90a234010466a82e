#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/metrics/fold_rows.hpp"
#include "core/model/network.hpp"
#include "core/model/scoring.hpp"
#include "core/parallel/team.hpp"
#include "core/transform/examples.hpp"

namespace lockstep::trainer {

/// Takes a local row number, its raw scores, and its loss (0 where the rows have no targets).
using ScoreVisitor = std::function<void(Index row, const double* scores, double loss)>;

/// Visits the scores of all rows of this rank, in row order; may throw.
using ScoreSource = std::function<void(const ScoreVisitor& visit)>;

/// What rows are measured by, besides their scores.
struct MeasuredBy {
  double penalty = 0;                  ///< that the objective adds to the mean loss
  std::vector<std::string> metrics{};  ///< that are asked for (RequestedMetrics)
  int threads = 1;
};

/// How good the scores of a whole data set are: summed in row order inside row blocks, over the
/// blocks along the tree; the same bits for any number of ranks.
/// @param share    whole row blocks
/// @param targets  of this rank's rows, as in the data: the scorer's predictions() of each
/// What `source` throws is thrown alike on all ranks. *Collective*.
Evaluation evaluate_scores(Team& team, const Scorer& scorer, const RowShare& share,
                           const std::vector<double>& targets, const ScoreSource& source,
                           const MeasuredBy& by);

/// Runs this rank's examples forward and visits them in row order, some thousand rows in memory at
/// a time; products are shared by the threads, visits are not. Rank-local.
template <class T>
void visit_scores(const Network<T>& network, const T* theta, const Examples<T>& examples,
                  int threads, const ScoreVisitor& visit);

/// evaluate_scores of a network over examples. *Collective*.
template <class T>
Evaluation evaluate_examples(Team& team, const Network<T>& network, const T* theta,
                             const Examples<T>& examples, const Scorer& scorer,
                             const MeasuredBy& by);

}  // namespace lockstep::trainer
