#pragma once

#include <complex>

#include "core/linalg/matrix.hpp"

namespace lockstep {

using ComplexVector = Eigen::VectorXcd;
using ComplexMatrix = Eigen::MatrixXcd;

/// A = V·diag(λ)·Vᵀ of a symmetric matrix.
struct SymmetricEigen {
  Vector values;   ///< λ₁ ≥ λ₂ ≥ … ≥ λₙ
  Matrix vectors;  ///< n×n, a column an eigenvector: VᵀV = I
};

/// Eigenvalues and eigenvectors of a symmetric n×n matrix, A·v = λ·v. Signs follow signs.hpp; where
/// eigenvalues are equal, the vectors span a unique space but are not unique. Eigenvalues are right
/// to some n·ε·‖A‖₂. O(n³).
///
/// Symmetric means |aᵢⱼ − aⱼᵢ| ≤ 10⁻¹²·max|a|; (A + Aᵀ)/2 is taken.
/// @throws DataError when A is empty, not square, not finite or not symmetric; NumericalError when
/// the iteration does not converge, which has not been seen
SymmetricEigen symmetric_eigen(const MatrixRef& A);

struct GeneralEigen {
  ComplexVector values;   ///< by descending real part, equal ones by descending imaginary part
  ComplexMatrix vectors;  ///< n×n, a column an eigenvector of ‖v‖₂ = 1
};

/// Eigenvalues and right eigenvectors of any n×n matrix, A·v = λ·v. Complex ones come as exact
/// conjugate pairs. A vector is turned so that its first entry of nearly largest magnitude (within
/// 10⁻⁶, as in signs.hpp) is real and positive. A matrix with too few eigenvectors (a defective
/// one) has columns that are nearly parallel; its eigenvalues are right only to a root of ε. O(n³).
/// @throws DataError when A is empty, not square or not finite; NumericalError as
/// symmetric_eigen()
GeneralEigen general_eigen(const MatrixRef& A);

}  // namespace lockstep
