#include "core/linalg/qr.hpp"

#include <Eigen/QR>
#include <algorithm>

#include "core/linalg/matrix.hpp"
#include "core/linalg/operands.hpp"
#include "core/linalg/signs.hpp"

namespace lockstep {

Qr qr(const MatrixRef& A) {
  require_finite("qr", "A", A);
  const double scale = binary_scale(A);
  const Eigen::HouseholderQR<Matrix> decomposition(A / scale);
  const Index k = std::min(A.rows(), A.cols());
  Qr factors;
  factors.Q = decomposition.householderQ() * Matrix::Identity(A.rows(), k);
  factors.R = decomposition.matrixQR().topRows(k).triangularView<Eigen::Upper>();
  factors.R *= scale;
  fix_signs_of_qr(factors.Q, factors.R);
  return factors;
}

}  // namespace lockstep
