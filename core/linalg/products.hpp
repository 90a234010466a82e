#pragma once

#include "core/linalg/matrix.hpp"

namespace lockstep {

// Vectors and matrices with checked shapes. A vector of n numbers is a matrix of n×1, so each
// function is one for both. NaN and infinity propagate; the empty sum is 0.

/// A + B: (A + B)ᵢⱼ = aᵢⱼ + bᵢⱼ.
/// @throws DataError unless the shapes are equal
Matrix add(const MatrixRef& A, const MatrixRef& B);

/// c·A.
Matrix scale(double c, const MatrixRef& A);

/// u·v = Σᵢ uᵢvᵢ.
/// @throws DataError unless the lengths are equal
double dot(const VectorRef& u, const VectorRef& v);

/// A·B of m×p and p×n: (AB)ᵢⱼ = Σₖ aᵢₖbₖⱼ, m×n.
/// @throws DataError unless A has as many columns as B has rows
Matrix multiply(const MatrixRef& A, const MatrixRef& B);

/// Aᵀ: (Aᵀ)ᵢⱼ = aⱼᵢ.
Matrix transpose(const MatrixRef& A);

}  // namespace lockstep
