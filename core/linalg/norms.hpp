#pragma once

#include "core/linalg/matrix.hpp"

namespace lockstep {

// Norms of vectors and matrices. NaN in, NaN out; otherwise ∞ in, ∞ out; of nothing it is 0. Only
// a norm that is itself beyond the range of double overflows or vanishes: elements are scaled.

/// ‖v‖ₚ = (Σᵢ |vᵢ|ᵖ)^(1/p), within some ulp of the true value for every p:
///   p = 1   Σᵢ |vᵢ|
///   p = 2   √(Σᵢ vᵢ²), the length
///   p = ∞   maxᵢ |vᵢ|
/// @param p  1 ≤ p ≤ ∞
/// @throws DataError for another p: below 1 it is no norm
double norm(const VectorRef& v, double p = 2);

/// ‖A‖_F = √(Σᵢⱼ aᵢⱼ²).
double frobenius_norm(const MatrixRef& A);

/// ‖A‖₁ = maxⱼ Σᵢ |aᵢⱼ|, the largest column sum.
double matrix_norm_1(const MatrixRef& A);

/// ‖A‖∞ = maxᵢ Σⱼ |aᵢⱼ|, the largest row sum.
double matrix_norm_infinity(const MatrixRef& A);

/// ‖A‖₂ = max ‖Av‖₂ over ‖v‖₂ = 1: the largest singular value.
/// @throws DataError when A is empty or has an element that is not finite
double matrix_norm_2(const MatrixRef& A);

}  // namespace lockstep
