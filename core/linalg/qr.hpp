#pragma once

#include "core/linalg/matrix.hpp"

namespace lockstep {

/// A = Q·R, thin, with k = min(m, n).
struct Qr {
  Matrix Q;  ///< m×k, QᵀQ = I
  Matrix R;  ///< k×n, upper triangular (trapezoidal when m < n), rᵢᵢ ≥ 0
};

/// The thin QR decomposition of an m×n matrix by Householder reflections. Unique when the first k
/// columns of A are independent. ‖A − QR‖ ≲ n·ε·‖A‖, and Q is orthogonal to n·ε for any A.
/// O(m·n²).
/// @throws DataError when A is empty or has an element that is not finite
Qr qr(const MatrixRef& A);

}  // namespace lockstep
