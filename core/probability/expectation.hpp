#pragma once

#include "core/linalg/matrix.hpp"

namespace lockstep {

// Expectations of discrete random variables and of samples.
//
// X takes the value xᵢ with probability pᵢ. Values with probability 0 do not enter, not even
// infinite ones; a NaN among the others gives NaN. Sizes that differ, and probabilities that are
// none or do not sum to 1 within kProbabilityTolerance, are a DataError. Sums run in the order of
// the entries; a table's by columns.

/// E[X] = Σᵢ xᵢ·pᵢ
double expectation(const VectorRef& values, const VectorRef& probabilities);

/// Var(X) = Σᵢ (xᵢ − E[X])²·pᵢ, which keeps its digits where E[X²] − E[X]² loses them.
double variance(const VectorRef& values, const VectorRef& probabilities);

/// σ = √Var(X), in the unit of X.
double standard_deviation(const VectorRef& values, const VectorRef& probabilities);

/// Cov(X, Y) = Σᵢⱼ (xᵢ − E[X])·(yⱼ − E[Y])·pᵢⱼ
/// @param x      r values
/// @param y      c values
/// @param joint  r×c, entry (i, j) = P(X = xᵢ, Y = yⱼ)
double covariance(const VectorRef& x, const VectorRef& y, const MatrixRef& joint);

/// ρ = Cov(X, Y)/(σ_X·σ_Y), in [−1, 1]; NaN when a variance is 0.
double correlation(const VectorRef& x, const VectorRef& y, const MatrixRef& joint);

/// The estimate of E[X] from samples: (1/n)·Σᵢ xᵢ. DataError without samples.
/// Distributed: ColumnMoments::mean by column_moments (core/statistics/moments.hpp).
double sample_expectation(const VectorRef& samples);

/// The unbiased estimate of Var(X) from samples: Σᵢ (xᵢ − x̄)²/(n − 1). DataError for n < 2.
/// Distributed: ColumnMoments::sample_variance.
double sample_variance(const VectorRef& samples);

}  // namespace lockstep
