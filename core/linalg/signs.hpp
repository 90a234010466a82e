#pragma once

#include "core/linalg/matrix.hpp"

namespace lockstep {

// Eigenvectors and singular vectors are unique up to sign, Q and R up to the signs of R's rows.
// Everything here that returns some follows these rules, so results are unique and comparable.

/// The sign of a vector: that of its first entry whose magnitude is within 10⁻⁶ of the largest
/// magnitude. So entries that are equal but for rounding do not decide; 1 for the vector 0.
double sign_of(const VectorRef& v);

/// Makes the sign of every column of V (eigenvectors, right singular vectors) positive.
void fix_signs(Eigen::Ref<Matrix> V);

/// The same for A = U·diag(σ)·Vᵀ, whose columns turn in pairs.
void fix_signs(Eigen::Ref<Matrix> V, Eigen::Ref<Matrix> U);

/// Makes the diagonal of R (upper triangular, or trapezoidal: k×n) nonnegative.
void fix_signs_of_r(Eigen::Ref<Matrix> R);

/// The same for A = Q·R, whose columns and rows turn in pairs; Q is m×k.
void fix_signs_of_qr(Eigen::Ref<Matrix> Q, Eigen::Ref<Matrix> R);

}  // namespace lockstep
