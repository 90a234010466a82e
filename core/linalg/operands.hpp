#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/linalg/matrix.hpp"

namespace lockstep {

// What functions of matrices ask of their operands. The messages begin with the function's name and
// name the operand: "solve: A must be square, but is 2×3".

/// "2×3"
std::string shape_of(const MatrixRef& A);

/// @throws DataError unless A and B have the same shape
void require_same_shape(std::string_view function, const MatrixRef& A, const MatrixRef& B);

/// @throws DataError for a matrix without elements, or with one that is NaN or infinite. Eigen's
/// iterations would return numbers that mean nothing.
void require_finite(std::string_view function, std::string_view name, const MatrixRef& A);

/// The same, and @throws DataError unless A is square.
void require_square(std::string_view function, const MatrixRef& A);

/// The power of two 2ᵉ with largest |aᵢⱼ|·2⁻ᵉ in [½, 1); 1 for the matrix 0. A·2⁻ᵉ is exact but for
/// elements that are negligible beside the largest, and its squares neither overflow nor vanish.
double binary_scale(const MatrixRef& A);

/// From this condition number on, a result comes with a warning: fewer than four of its sixteen
/// digits can be trusted.
inline constexpr double kIllConditioned = 1e12;

/// The warning of `function` for a matrix of this condition number; none up to kIllConditioned.
std::optional<std::string> condition_warning(std::string_view function, double condition);

}  // namespace lockstep
