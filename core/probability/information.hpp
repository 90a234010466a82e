#pragma once

#include <vector>

#include "core/linalg/matrix.hpp"
#include "core/parallel/team.hpp"
#include "core/probability/contingency.hpp"

namespace lockstep {

// Information of discrete distributions.
//
// `base` of the logarithms is the unit: 2 for bits, std::numbers::e for nats, 10 for bans.
// 0·log 0 = 0, and probabilities below 2.2·10⁻³⁰⁸ count as 0. Sums run in the order of the entries,
// with this project's own logarithm: the same bits on every machine.
//
// DataError: a base that is not finite and above 1; distributions whose entries are no
// probabilities or do not sum to 1 within kProbabilityTolerance; different sizes of two of them.

/// H(X) = −Σᵢ p(xᵢ) log p(xᵢ), in [0, log n].
double entropy(const VectorRef& p, double base = 2);

/// H(P, Q) = −Σᵢ p(xᵢ) log q(xᵢ); infinite when q is 0 where p is not.
double cross_entropy(const VectorRef& p, const VectorRef& q, double base = 2);

/// KL(P‖Q) = Σᵢ p(xᵢ) log(p(xᵢ)/q(xᵢ)) ≥ 0; infinite when q is 0 where p is not, and exactly 0 for
/// equal distributions.
double kl_divergence(const VectorRef& p, const VectorRef& q, double base = 2);

/// JS(P, Q) = ½KL(P‖M) + ½KL(Q‖M), M = ½(P + Q): symmetric, in [0, log 2] [Lin 1991].
double jensen_shannon_divergence(const VectorRef& p, const VectorRef& q, double base = 2);

/// √JS(P, Q), which is a metric (scipy's jensenshannon).
double jensen_shannon_distance(const VectorRef& p, const VectorRef& q, double base = 2);

/// H(Y|X) = −Σᵢⱼ p(xᵢ, yⱼ) log(p(xᵢ, yⱼ)/p(xᵢ)) of a joint table: X by rows, Y by columns. H(X|Y)
/// is that of the transpose.
double conditional_entropy(const MatrixRef& joint, double base = 2);

/// I(X; Y) = H(X) − H(X|Y) = H(Y) − H(Y|X) = Σᵢⱼ p(xᵢ, yⱼ) log(p(xᵢ, yⱼ)/(p(xᵢ)·p(yⱼ))) ≥ 0, by
/// the last form.
double mutual_information(const MatrixRef& joint, double base = 2);

/// The same of relative frequencies: Σ n_ij/n · log(n·n_ij/(n_i·n_j)). A function of integers, so
/// its bits do not depend on how the counts were gathered. NaN for a table without counts; 0 when a
/// variable is constant. No correction for small samples.
double mutual_information(const ContingencyTable& counts, double base = 2);

/// The mutual information of tables whose counts are spread over the ranks: parts[t] holds this
/// rank's counts of table t. The same bits on every rank, for any spread over any number of ranks.
/// @param parts  equally many tables of equal shapes on all ranks; else CollectiveError
/// *Collective*: rank t mod P adds up table t. A rank sends its cells once, 24 bytes each, and 8
/// bytes for each of its tables to every other.
std::vector<double> mutual_information(Team& team, const std::vector<ContingencyTable>& parts,
                                       double base = 2);

}  // namespace lockstep
