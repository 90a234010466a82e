#include "core/probability/joint_table.hpp"

#include <cmath>

namespace lockstep {

Vector row_marginal(const MatrixRef& joint) {
  check_joint_table("P(X, Y)", joint);
  Vector marginal = Vector::Zero(joint.rows());
  for (Index j = 0; j < joint.cols(); ++j) marginal += joint.col(j);
  return marginal;
}

Vector column_marginal(const MatrixRef& joint) {
  check_joint_table("P(X, Y)", joint);
  Vector marginal = Vector::Zero(joint.cols());
  for (Index i = 0; i < joint.rows(); ++i) marginal += joint.row(i).transpose();
  return marginal;
}

Matrix conditional_given_rows(const MatrixRef& joint) {
  const Vector marginal = row_marginal(joint);
  Matrix conditional = joint;
  for (Index i = 0; i < joint.rows(); ++i) conditional.row(i) /= marginal[i];
  return conditional;
}

bool are_independent(const MatrixRef& joint, double tolerance) {
  const Vector x = row_marginal(joint);
  const Vector y = column_marginal(joint);
  for (Index j = 0; j < joint.cols(); ++j) {
    for (Index i = 0; i < joint.rows(); ++i) {
      if (std::fabs(joint(i, j) - x[i] * y[j]) > tolerance) return false;
    }
  }
  return true;
}

}  // namespace lockstep
