#pragma once

#include <optional>

#include "core/linalg/matrix.hpp"

namespace lockstep {

/// A = U·diag(σ)·Vᵀ, thin: with k = min(m, n), or fewer where it was truncated.
struct Svd {
  Matrix U;                ///< m×k, UᵀU = I
  Vector singular_values;  ///< σ₁ ≥ σ₂ ≥ … ≥ 0
  Matrix V;                ///< n×k, VᵀV = I
};

/// The thin singular value decomposition of an m×n matrix. The signs follow V (signs.hpp); where
/// singular values are equal, the vectors span a unique space but are not unique.
///
/// Eigen's JacobiSVD on what a first orthogonal transformation leaves (svd.cpp), which makes it ten
/// times as fast for hundreds of columns. Its BDCSVD is as fast but reads out of bounds for some
/// matrices of deficient rank (3.4.0). Singular values are right to some n·ε·σ₁. O(m·n²).
/// @throws DataError when A is empty or has an element that is not finite
Svd svd(const MatrixRef& A);

/// The singular values alone, without forming U of a tall matrix. Errors as svd().
Vector singular_values(const MatrixRef& A);

/// The leading k columns of U and V and singular values.
/// @throws DataError unless 1 ≤ k ≤ min(m, n), and as svd()
Svd truncated_svd(const MatrixRef& A, Index k);

/// The nearest matrix of rank k, in the 2-norm and in Frobenius' [Eckart, Young 1936]:
///   Aₖ = Σ_{i≤k} σᵢ uᵢ vᵢᵀ,   ‖A − Aₖ‖₂ = σₖ₊₁,   ‖A − Aₖ‖²_F = Σ_{i>k} σᵢ²
/// @throws DataError as truncated_svd()
Matrix low_rank_approximation(const MatrixRef& A, Index k);

/// Moore and Penrose's A⁺ = V·diag(1/σᵢ)·Uᵀ over the σᵢ that count for matrix_rank(), n×m.
/// @throws DataError as svd()
Matrix pseudo_inverse(const MatrixRef& A);

/// The number of singular values above `tolerance`; by default max(m, n)·ε·σ₁, as numpy's
/// matrix_rank.
/// @throws DataError as svd(), and when the tolerance is negative or NaN
Index matrix_rank(const MatrixRef& A, std::optional<double> tolerance = std::nullopt);

/// κ₂(A) = σ₁/σₖ, as numpy.linalg.cond; infinite when σₖ = 0. Beyond 10¹⁶ it is mostly rounding.
/// @throws DataError as svd()
double condition_number(const MatrixRef& A);

}  // namespace lockstep
