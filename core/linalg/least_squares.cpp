#include "core/linalg/least_squares.hpp"

#include <fmt/format.h>

#include <Eigen/QR>
#include <algorithm>
#include <limits>

#include "core/base/error.hpp"
#include "core/linalg/matrix.hpp"
#include "core/linalg/norms.hpp"
#include "core/linalg/operands.hpp"

namespace lockstep {

LeastSquares least_squares(const MatrixRef& A, const MatrixRef& B) {
  require_finite("least_squares", "A", A);
  require_finite("least_squares", "B", B);
  if (A.rows() != B.rows()) {
    throw DataError(
        fmt::format("least_squares: B must have as many rows as A, but they are {} and {}",
                    shape_of(B), shape_of(A)));
  }
  const double scale = binary_scale(A);
  Eigen::CompleteOrthogonalDecomposition<Matrix> decomposition(A.rows(), A.cols());
  decomposition.setThreshold(static_cast<double>(std::max(A.rows(), A.cols())) *
                             std::numeric_limits<double>::epsilon());
  decomposition.compute(A / scale);

  LeastSquares result;
  result.X = decomposition.solve(B) / scale;
  result.rank = decomposition.rank();
  const Matrix residual = A * result.X - B;
  result.residual_norms.resize(B.cols());
  for (Index j = 0; j < B.cols(); ++j) result.residual_norms[j] = norm(residual.col(j));
  if (result.rank < A.cols()) {
    result.warning = fmt::format(
        "least_squares: A ({}) has rank {}, so many solutions fit equally well; this is the one of "
        "least norm",
        shape_of(A), result.rank);
  }
  return result;
}

}  // namespace lockstep
