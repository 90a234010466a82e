#include "core/linalg/operands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"

namespace lockstep {

std::string shape_of(const MatrixRef& A) { return fmt::format("{}×{}", A.rows(), A.cols()); }

void require_same_shape(std::string_view function, const MatrixRef& A, const MatrixRef& B) {
  if (A.rows() == B.rows() && A.cols() == B.cols()) return;
  throw DataError(fmt::format("{}: both operands must have one shape, but they are {} and {}",
                              function, shape_of(A), shape_of(B)));
}

void require_finite(std::string_view function, std::string_view name, const MatrixRef& A) {
  if (A.size() == 0) {
    throw DataError(fmt::format("{}: {} is empty ({})", function, name, shape_of(A)));
  }
  for (Index j = 0; j < A.cols(); ++j) {
    for (Index i = 0; i < A.rows(); ++i) {
      if (std::isfinite(A(i, j))) continue;
      throw DataError(fmt::format("{}: {} must be finite, but {}({}, {}) is {}", function, name,
                                  name, i, j, A(i, j)));
    }
  }
}

void require_square(std::string_view function, const MatrixRef& A) {
  require_finite(function, "A", A);
  if (A.rows() == A.cols()) return;
  throw DataError(fmt::format("{}: A must be square, but is {}", function, shape_of(A)));
}

double binary_scale(const MatrixRef& A) {
  const double largest = A.size() == 0 ? 0 : A.cwiseAbs().maxCoeff();
  if (largest == 0) return 1;
  int exponent = 0;
  std::frexp(largest, &exponent);
  // So that the scale and its reciprocal are normal numbers.
  return std::ldexp(1.0, std::clamp(exponent, -1021, 1021));
}

std::optional<std::string> condition_warning(std::string_view function, double condition) {
  if (condition <= kIllConditioned) return std::nullopt;
  return fmt::format(
      "{}: A is ill-conditioned: its condition number is {:.1e}, so errors of rounding may grow by "
      "that factor",
      function, condition);
}

}  // namespace lockstep
