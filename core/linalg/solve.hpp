#pragma once

#include <optional>
#include <string>

#include "core/linalg/matrix.hpp"

namespace lockstep {

// Square matrices by LU with partial pivoting.
//
// A is *singular* when a pivot of the elimination is not above n·ε·max|aᵢⱼ| of its column: then it
// is all rounding. That is an error. A matrix that merely comes close is *ill-conditioned*; from a
// condition number of 10¹² on (operands.hpp) the result comes with a warning. Both judge the
// numbers as they are stored; the scale of a column plays no role for the first.

struct Inverse {
  Matrix matrix;
  double condition = 0;                ///< κ₁(A) = ‖A‖₁·‖A⁻¹‖₁
  std::optional<std::string> warning;  ///< when the condition number is above 10¹²
};

/// A⁻¹, with A·A⁻¹ = I. To solve a system, solve() is faster and more accurate. O(n³).
/// @throws DataError when A is empty, not square, not finite or singular
Inverse inverse(const MatrixRef& A);

struct Solution {
  Matrix X;                            ///< n×k
  double condition = 0;                ///< an estimate of κ₁(A), which it seldom falls short of
  std::optional<std::string> warning;  ///< when the condition number is above 10¹²
};

/// X with A·X = B, for k right-hand sides, the columns of B (n×k; a vector is one). The residual is
/// small, ‖AX − B‖ ≲ n·ε·‖A‖‖X‖, whatever the condition; the error of X grows with it. O(n³ + n²k).
/// @throws DataError as inverse(), and when B is empty, not finite, or has not n rows
Solution solve(const MatrixRef& A, const MatrixRef& B);

/// det A = ± Π uᵢᵢ. Only a determinant beyond the range of double overflows or vanishes. O(n³).
/// @throws DataError when A is empty, not square or not finite
double determinant(const MatrixRef& A);

}  // namespace lockstep
