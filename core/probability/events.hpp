#pragma once

#include <cstdint>

#include "core/linalg/matrix.hpp"
#include "core/probability/probabilities.hpp"

namespace lockstep {

// Events and their probabilities. Arguments that are not probabilities, or contradict each other,
// are a DataError that names them.

/// P(A) = favourable outcomes / total outcomes, all outcomes being equally likely.
/// DataError unless 0 ≤ favourable ≤ total and total > 0.
double probability(std::int64_t favourable, std::int64_t total);

/// P(A|B) = P(A ∩ B) / P(B). DataError when P(B) is 0, and when P(A ∩ B) > P(B).
/// @param joint  P(A ∩ B)
/// @param given  P(B)
double conditional_probability(double joint, double given);

/// Bayes' theorem: P(A|B) = P(B|A)·P(A) / P(B).
/// @param likelihood  P(B|A)
/// @param prior       P(A)
/// @param evidence    P(B), not 0 and at least P(B|A)·P(A); else DataError
double bayes(double likelihood, double prior, double evidence);

/// The law of total probability: P(B) = Σᵢ P(B|Aᵢ)·P(Aᵢ) over a partition A₁ … Aₙ.
/// @param likelihoods  n values P(B|Aᵢ)
/// @param priors       n values P(Aᵢ), which sum to 1 within kProbabilityTolerance
double total_probability(const VectorRef& likelihoods, const VectorRef& priors);

/// Bayes' theorem over a partition: P(Aᵢ|B) for all i. They sum to 1.
/// DataError when P(B) is 0: when B happens under none of the Aᵢ.
Vector posterior(const VectorRef& likelihoods, const VectorRef& priors);

/// A and B are independent: |P(A ∩ B) − P(A)·P(B)| ≤ tolerance.
bool are_independent(double a, double b, double joint, double tolerance = kProbabilityTolerance);

}  // namespace lockstep
