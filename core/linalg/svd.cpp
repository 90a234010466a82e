#include "core/linalg/svd.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "core/base/error.hpp"
#include "core/linalg/matrix.hpp"
#include "core/linalg/operands.hpp"
#include "core/linalg/signs.hpp"

namespace lockstep {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

enum class Left { formed, omitted };

/// Of m×n with m ≥ n. Without its left part, U stays empty.
///
/// With any orthogonal V₀: A·V₀ = Q·R and R = U₁·Σ·V₁ᵀ give A = (Q·U₁)·Σ·(V₀·V₁)ᵀ. When V₀ holds
/// the eigenvectors of AᵀA, which the squares make inexact but orthogonal all the same, R is nearly
/// diagonal and Jacobi's rotations have little left to do.
Svd svd_of_tall(const Matrix& A, Left left) {
  const double scale = binary_scale(A);
  const Matrix scaled = A / scale;
  const Eigen::SelfAdjointEigenSolver<Matrix> squares(scaled.transpose() * scaled);
  const Matrix V0 = squares.eigenvectors().rowwise().reverse();
  const Eigen::HouseholderQR<Matrix> qr(scaled * V0);
  const Index n = A.cols();
  const Matrix R = qr.matrixQR().topRows(n).triangularView<Eigen::Upper>();
  const Eigen::JacobiSVD<Matrix> jacobi(R, Eigen::ComputeThinU | Eigen::ComputeThinV);

  Svd factors;
  factors.singular_values = scale * jacobi.singularValues();
  factors.V = V0 * jacobi.matrixV();
  if (left == Left::formed) {
    factors.U = Matrix::Zero(A.rows(), n);
    factors.U.topRows(n) = jacobi.matrixU();
    factors.U.applyOnTheLeft(qr.householderQ());
  }
  return factors;
}

Svd svd_of(std::string_view function, const MatrixRef& A) {
  require_finite(function, "A", A);
  const bool wide = A.rows() < A.cols();
  Svd factors = svd_of_tall(wide ? Matrix(A.transpose()) : Matrix(A), Left::formed);
  if (wide) std::swap(factors.U, factors.V);
  fix_signs(factors.V, factors.U);
  return factors;
}

Vector singular_values_of(std::string_view function, const MatrixRef& A) {
  require_finite(function, "A", A);
  const bool wide = A.rows() < A.cols();
  return svd_of_tall(wide ? Matrix(A.transpose()) : Matrix(A), Left::omitted).singular_values;
}

Svd truncated_svd_of(std::string_view function, const MatrixRef& A, Index k) {
  Svd factors = svd_of(function, A);
  if (k < 1 || k > factors.singular_values.size()) {
    throw DataError(fmt::format("{}: k must be from 1 to {} for a matrix of {}, but is {}",
                                function, factors.singular_values.size(), shape_of(A), k));
  }
  return {factors.U.leftCols(k), factors.singular_values.head(k), factors.V.leftCols(k)};
}

/// σ₁ ≥ σ₂ ≥ … of an m×n matrix that are above the tolerance.
Index rank_of(const Vector& sigma, double tolerance) {
  return std::count_if(sigma.begin(), sigma.end(), [&](double s) { return s > tolerance; });
}

double rank_tolerance(const MatrixRef& A, const Vector& sigma) {
  return static_cast<double>(std::max(A.rows(), A.cols())) * kEpsilon * sigma[0];
}

}  // namespace

Svd svd(const MatrixRef& A) { return svd_of("svd", A); }

Vector singular_values(const MatrixRef& A) { return singular_values_of("singular_values", A); }

Svd truncated_svd(const MatrixRef& A, Index k) { return truncated_svd_of("truncated_svd", A, k); }

Matrix low_rank_approximation(const MatrixRef& A, Index k) {
  const Svd factors = truncated_svd_of("low_rank_approximation", A, k);
  return factors.U * factors.singular_values.asDiagonal() * factors.V.transpose();
}

Matrix pseudo_inverse(const MatrixRef& A) {
  const Svd factors = svd_of("pseudo_inverse", A);
  const Vector& sigma = factors.singular_values;
  const Index rank = rank_of(sigma, rank_tolerance(A, sigma));
  return factors.V.leftCols(rank) * sigma.head(rank).cwiseInverse().asDiagonal() *
         factors.U.leftCols(rank).transpose();
}

Index matrix_rank(const MatrixRef& A, std::optional<double> tolerance) {
  if (tolerance && !(*tolerance >= 0)) {
    throw DataError(
        fmt::format("matrix_rank: the tolerance must be at least 0, but is {}", *tolerance));
  }
  const Vector sigma = singular_values_of("matrix_rank", A);
  return rank_of(sigma, tolerance.value_or(rank_tolerance(A, sigma)));
}

double condition_number(const MatrixRef& A) {
  const Vector sigma = singular_values_of("condition_number", A);
  const double smallest = sigma[sigma.size() - 1];
  return smallest == 0 ? std::numeric_limits<double>::infinity() : sigma[0] / smallest;
}

}  // namespace lockstep
