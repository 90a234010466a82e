#pragma once

#include <string_view>

#include "core/linalg/matrix.hpp"

namespace lockstep {

/// How far the sum of probabilities may be from 1, and a single one above it: what rounding does
/// to sums of a million terms, and far below what a wrong table does.
inline constexpr double kProbabilityTolerance = 1e-9;

/// Throws DataError unless 0 ≤ p ≤ 1 + kProbabilityTolerance; NaN is none either.
/// @param name  what p is, for the message: "P(A)"
void check_probability(std::string_view name, double p);

/// Throws DataError unless `p` has entries, each is a probability, and they sum to 1 within
/// kProbabilityTolerance.
/// @param name  what the entries are, for the message: "P(X)"
void check_probabilities(std::string_view name, const VectorRef& p);

/// The same for a joint table: entry (i, j) is P(X = i, Y = j).
void check_joint_table(std::string_view name, const MatrixRef& joint);

/// Throws DataError unless `found` is `expected`.
/// @param name  what is counted, for the message: "values"
void check_same_size(std::string_view name, Index found, std::string_view other_name,
                     Index expected);

}  // namespace lockstep
