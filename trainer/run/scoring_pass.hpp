#pragma once

#include <functional>

#include "core/data/examples.hpp"
#include "core/model/network.hpp"
#include "core/model/scoring.hpp"
#include "core/parallel/team.hpp"

namespace lockstep::trainer {

/// Takes a local row number, its raw scores, and its loss (0 where the examples have no targets).
template <class T>
using ScoreVisitor = std::function<void(Index row, const T* scores, double loss)>;

/// Runs this rank's examples forward and visits them in row order, some thousand rows in memory at
/// a time; products are shared by the threads, visits are not. Rank-local.
template <class T>
void visit_scores(const Network<T>& network, const T* theta, const Examples<T>& examples,
                  int threads, const ScoreVisitor<T>& visit);

/// Scores of a whole data set: summed in row order inside row blocks, over the blocks along the
/// tree; the same bits for any number of ranks. Requires whole row blocks on every rank.
/// *Collective*.
template <class T>
ScoreSums score_examples(Team& team, const Network<T>& network, const T* theta,
                         const Examples<T>& examples, const Scorer& scorer, int threads);

}  // namespace lockstep::trainer
