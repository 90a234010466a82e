#pragma once

#include "core/linalg/matrix.hpp"
#include "core/probability/probabilities.hpp"

namespace lockstep {

// Two discrete variables X and Y by their joint table: entry (i, j) is P(X = xᵢ, Y = yⱼ), a row for
// each value of X and a column for each of Y. Tables whose entries are not probabilities, or do not
// sum to 1 within kProbabilityTolerance, are a DataError. X and Y change places with the transpose.

/// P(X = xᵢ) = Σⱼ P(X = xᵢ, Y = yⱼ), r values for an r×c table.
Vector row_marginal(const MatrixRef& joint);

/// P(Y = yⱼ) = Σᵢ P(X = xᵢ, Y = yⱼ), c values.
Vector column_marginal(const MatrixRef& joint);

/// P(Y = yⱼ | X = xᵢ): every row divided by its sum. Rows of NaN where P(X = xᵢ) is 0.
Matrix conditional_given_rows(const MatrixRef& joint);

/// X and Y are independent: |P(X = xᵢ, Y = yⱼ) − P(X = xᵢ)·P(Y = yⱼ)| ≤ tolerance for all i, j.
bool are_independent(const MatrixRef& joint, double tolerance = kProbabilityTolerance);

}  // namespace lockstep
