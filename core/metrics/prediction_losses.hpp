#pragma once

#include <span>

#include "core/base/types.hpp"
#include "core/linalg/distributed_matrix.hpp"
#include "core/metrics/fold_rows.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

// Losses of finished predictions, which may come from any program. (What training minimises takes
// raw scores and gives gradients: core/model/losses.hpp.)

/// −y ln p − (1 − y) ln(1 − p), in nats                       [guide §5, cross-entropy loss]
/// @param probability  p in [0, 1] of class 1
/// @param target       y in [0, 1]: 1 or 0 for a known class
/// Nothing is clipped: a certain and wrong prediction costs infinity. 0·ln 0 is 0. Numbers below
/// 2⁻¹⁰²² count as 0.
double binary_cross_entropy(double probability, double target);

/// −ln pₖ of the actual class k, in nats; infinite where pₖ is 0 (or below 2⁻¹⁰²²).
double categorical_cross_entropy(std::span<const double> probabilities, Index actual);

/// max(0, 1 − ys) for the score s and y = 1 (label 1) or −1 (label 0)      [guide §5, hinge loss]
double hinge_loss(double score, double label);

/// max(0, 1 − sₖ + max_{j≠k} sⱼ) for at least two scores, k the actual class
/// [Crammer, Singer 2001], as scikit-learn's hinge_loss of several classes.
double hinge_loss(std::span<const double> scores, Index actual);

/// ½e² for an error |e| ≤ δ, δ(|e| − ½δ) beyond                              [Huber 1964]
double huber_loss(double error, double delta);

// Their means over all rows of all ranks. NaN without rows. DataError, on all ranks, for lengths
// that do not fit and for values out of range (core/metrics/checks.hpp).
// *Collective*; a rank sends at most 2·log₂(blocks) nodes of 8 bytes to every other.

/// Also known as log loss. @param labels  0 or 1 (Table::target of two classes)
double mean_binary_cross_entropy(Team& team, const RowShare& share,
                                 std::span<const double> probabilities,
                                 std::span<const double> labels, int threads = 1);

/// Also known as log loss of several classes.
/// @param probabilities  n×K, each row sums to 1
/// @param classes        actual classes, from 0 to K − 1 (Table::target)
double mean_categorical_cross_entropy(Team& team, const DistributedMatrix& probabilities,
                                      std::span<const double> classes, int threads = 1);

double mean_hinge_loss(Team& team, const RowShare& share, std::span<const double> scores,
                       std::span<const double> labels, int threads = 1);

/// @param scores  n×K, K ≥ 2 (DataError)
double mean_hinge_loss(Team& team, const DistributedMatrix& scores, std::span<const double> classes,
                       int threads = 1);

/// @param delta  positive (DataError), in the unit of the target
double mean_huber_loss(Team& team, const RowShare& share, std::span<const double> predictions,
                       std::span<const double> targets, double delta, int threads = 1);

}  // namespace lockstep
