#include "core/linalg/eigenvalues.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/linalg/matrix.hpp"
#include "core/linalg/operands.hpp"
#include "core/linalg/signs.hpp"

namespace lockstep {
namespace {

constexpr double kSymmetry = 1e-12;

void require_symmetric(std::string_view function, const MatrixRef& A) {
  require_square(function, A);
  const double allowed = kSymmetry * A.cwiseAbs().maxCoeff();
  for (Index j = 0; j < A.cols(); ++j) {
    for (Index i = j + 1; i < A.rows(); ++i) {
      // Halves, which do not overflow.
      if (std::fabs(A(i, j) / 2 - A(j, i) / 2) <= allowed / 2) continue;
      throw DataError(
          fmt::format("{}: A must be symmetric, but A({}, {}) is {} and A({}, {}) is {}", function,
                      i, j, A(i, j), j, i, A(j, i)));
    }
  }
}

void require_converged(std::string_view function, Eigen::ComputationInfo info) {
  if (info == Eigen::Success) return;
  throw NumericalError(fmt::format("{}: the iteration did not converge", function));
}

/// Turns v so that its first entry of nearly largest magnitude is real and positive.
void fix_phase(Eigen::Ref<ComplexVector> v) {
  constexpr double kNearlyLargest = 1 - 1e-6;
  const double largest = v.cwiseAbs().maxCoeff();
  for (Index i = 0; i < v.size(); ++i) {
    const double magnitude = std::abs(v[i]);
    if (magnitude < kNearlyLargest * largest) continue;
    v *= std::conj(v[i]) / magnitude;
    v[i] = magnitude;
    return;
  }
}

}  // namespace

SymmetricEigen symmetric_eigen(const MatrixRef& A) {
  require_symmetric("symmetric_eigen", A);
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(A / 2 + A.transpose() / 2);
  require_converged("symmetric_eigen", solver.info());
  SymmetricEigen result{solver.eigenvalues().reverse(), solver.eigenvectors().rowwise().reverse()};
  fix_signs(result.vectors);
  return result;
}

GeneralEigen general_eigen(const MatrixRef& A) {
  require_square("general_eigen", A);
  const double scale = binary_scale(A);  // Eigen scales for the values, but not for the vectors
  const Eigen::EigenSolver<Matrix> solver(A / scale);
  require_converged("general_eigen", solver.info());
  const ComplexVector& values = solver.eigenvalues();
  const ComplexMatrix vectors = solver.eigenvectors();
  std::vector<Index> order(static_cast<std::size_t>(A.rows()));
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
    if (values[a].real() != values[b].real()) return values[a].real() > values[b].real();
    return values[a].imag() > values[b].imag();
  });
  GeneralEigen result{ComplexVector(A.rows()), ComplexMatrix(A.rows(), A.rows())};
  for (Index j = 0; j < A.rows(); ++j) {
    const Index from = order[static_cast<std::size_t>(j)];
    result.values[j] = values[from] * scale;
    result.vectors.col(j) = vectors.col(from).stableNormalized();
    fix_phase(result.vectors.col(j));
  }
  return result;
}

}  // namespace lockstep
