#include "core/linalg/signs.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace lockstep {

double sign_of(const VectorRef& v) {
  constexpr double kNearlyLargest = 1 - 1e-6;
  const double largest = v.size() == 0 ? 0 : v.cwiseAbs().maxCoeff();
  for (Index i = 0; i < v.size(); ++i) {
    if (v[i] != 0 && std::fabs(v[i]) >= kNearlyLargest * largest) return v[i] < 0 ? -1 : 1;
  }
  return 1;
}

void fix_signs(Eigen::Ref<Matrix> V) {
  for (Index j = 0; j < V.cols(); ++j) {
    if (sign_of(V.col(j)) < 0) V.col(j) = -V.col(j);
  }
}

void fix_signs(Eigen::Ref<Matrix> V, Eigen::Ref<Matrix> U) {
  assert(U.cols() == V.cols());
  for (Index j = 0; j < V.cols(); ++j) {
    if (sign_of(V.col(j)) > 0) continue;
    V.col(j) = -V.col(j);
    U.col(j) = -U.col(j);
  }
}

void fix_signs_of_r(Eigen::Ref<Matrix> R) {
  for (Index i = 0; i < std::min(R.rows(), R.cols()); ++i) {
    if (R(i, i) < 0) R.row(i) = -R.row(i);
  }
}

void fix_signs_of_qr(Eigen::Ref<Matrix> Q, Eigen::Ref<Matrix> R) {
  assert(Q.cols() == R.rows());
  for (Index i = 0; i < std::min(R.rows(), R.cols()); ++i) {
    if (!(R(i, i) < 0)) continue;
    R.row(i) = -R.row(i);
    Q.col(i) = -Q.col(i);
  }
}

}  // namespace lockstep
