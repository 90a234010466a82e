#pragma once

#include "core/linalg/distributed_matrix.hpp"
#include "core/linalg/matrix.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// X = U·diag(σ)·Vᵀ of a matrix whose rows are spread over the ranks.
struct DistributedSvd {
  DistributedMatrix U;     ///< m×k, UᵀU = I, with its rows where those of X are
  Vector singular_values;  ///< σ₁ ≥ σ₂ ≥ … ≥ 0
  Matrix V;                ///< n×k, VᵀV = I
};

/// The singular values of X, m×n, which are those of R (tsqr): as accurate as LAPACK's, also far
/// below √ε·σ₁, where those of XᵀX are lost. min(m, n) of them.
/// Parameters, errors and messages: as tsqr.
Vector singular_values(Team& team, const DistributedMatrix& X, int threads = 1);

/// The leading k singular values and vectors, from X = Q·R (thin_qr) and R = U_R·Σ·Vᵀ: U = Q·U_R.
/// Signs follow V (signs.hpp).
/// @param k  from 1 to min(m, n), else DataError
/// Other parameters, errors and messages: as thin_qr.
DistributedSvd svd(Team& team, const DistributedMatrix& X, Index k, int threads = 1);

}  // namespace lockstep
