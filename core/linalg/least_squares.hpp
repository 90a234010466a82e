#pragma once

#include <optional>
#include <string>

#include "core/linalg/matrix.hpp"

namespace lockstep {

struct LeastSquares {
  Matrix X;                            ///< n×k
  Index rank = 0;                      ///< of A, as the pivots show it
  Vector residual_norms;               ///< k: ‖A·xⱼ − bⱼ‖₂
  std::optional<std::string> warning;  ///< when rank < n: many x fit equally well
};

/// X whose columns minimise ‖A·xⱼ − bⱼ‖₂; where several do, the one of least ‖xⱼ‖₂. A is m×n of any
/// shape, B is m×k (a vector is one column).
///
/// By QR with column pivoting, A·P = Q·R, and where the rank is deficient a second one that removes
/// what the rest of R's rows hold (complete orthogonal decomposition). Pivots up to
/// max(m, n)·ε·(the largest) count as 0. O(m·n² + m·n·k). Forming AᵀA would square the condition
/// number.
/// @throws DataError when A or B is empty or not finite, or when their numbers of rows differ
LeastSquares least_squares(const MatrixRef& A, const MatrixRef& B);

}  // namespace lockstep
