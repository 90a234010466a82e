#include "core/linalg/solve.hpp"

#include <fmt/format.h>

#include <Eigen/LU>
#include <cmath>
#include <limits>
#include <string_view>

#include "core/base/error.hpp"
#include "core/linalg/matrix.hpp"
#include "core/linalg/norms.hpp"
#include "core/linalg/operands.hpp"

namespace lockstep {
namespace {

using Lu = Eigen::PartialPivLU<Matrix>;

Lu decompose(std::string_view function, const MatrixRef& A) {
  require_square(function, A);
  Lu lu(A);
  const double rounding = static_cast<double>(A.rows()) * std::numeric_limits<double>::epsilon();
  for (Index j = 0; j < A.cols(); ++j) {
    if (std::fabs(lu.matrixLU()(j, j)) > rounding * A.col(j).cwiseAbs().maxCoeff()) continue;
    throw DataError(
        fmt::format("{}: A ({}) is singular: its column {} depends on the columns before it",
                    function, shape_of(A), j));
  }
  return lu;
}

void require_in_range(std::string_view function, const Matrix& result) {
  if (result.allFinite()) return;
  throw DataError(fmt::format("{}: the result is beyond the range of double", function));
}

}  // namespace

Inverse inverse(const MatrixRef& A) {
  Inverse result;
  result.matrix = decompose("inverse", A).inverse();
  require_in_range("inverse", result.matrix);
  result.condition = matrix_norm_1(A) * matrix_norm_1(result.matrix);
  result.warning = condition_warning("inverse", result.condition);
  return result;
}

Solution solve(const MatrixRef& A, const MatrixRef& B) {
  const Lu lu = decompose("solve", A);
  require_finite("solve", "B", B);
  if (B.rows() != A.rows()) {
    throw DataError(fmt::format("solve: B must have as many rows as A, but they are {} and {}",
                                shape_of(B), shape_of(A)));
  }
  Solution result;
  result.X = lu.solve(B);
  require_in_range("solve", result.X);
  result.condition = 1 / lu.rcond();
  result.warning = condition_warning("solve", result.condition);
  return result;
}

double determinant(const MatrixRef& A) {
  require_square("determinant", A);
  const Lu lu(A);
  // The exponents apart, so that no partial product overflows.
  double fraction = static_cast<double>(lu.permutationP().determinant());
  int exponent = 0;
  for (Index i = 0; i < A.rows(); ++i) {
    int more = 0;
    fraction = std::frexp(fraction * lu.matrixLU()(i, i), &more);
    exponent += more;
  }
  return std::ldexp(fraction, exponent);
}

}  // namespace lockstep
