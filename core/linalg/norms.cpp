#include "core/linalg/norms.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "core/base/error.hpp"
#include "core/kernel/elementary.hpp"
#include "core/linalg/operands.hpp"
#include "core/linalg/svd.hpp"

namespace lockstep {
namespace {

/// NaN when there is one, which max alone might pass over.
double larger(double a, double b) { return b > a || std::isnan(b) ? b : a; }

double largest_magnitude(const MatrixRef& A) {
  double largest = 0;
  for (Index j = 0; j < A.cols(); ++j) {
    for (Index i = 0; i < A.rows() && !std::isnan(largest); ++i) {
      largest = larger(largest, std::fabs(A(i, j)));
    }
  }
  return largest;
}

/// largest·(Σ (|vᵢ|/largest)ᵖ)^(1/p). A term t = eˣ, x = p·log(|vᵢ|/largest) ≤ 0, carries the error
/// |x|·eˣ·ε ≤ ε/e, so that large p do no harm.
double norm_of_order(const VectorRef& v, double p) {
  const double largest = largest_magnitude(v);
  if (!(largest > 0) || std::isinf(largest)) return largest;
  double terms = 0;
  for (Index i = 0; i < v.size(); ++i) {
    terms += kernel::exp(p * kernel::log(std::fabs(v[i]) / largest));
  }
  return largest * kernel::exp(kernel::log(terms) / p);
}

}  // namespace

double norm(const VectorRef& v, double p) {
  if (!(p >= 1)) {
    throw DataError(fmt::format("norm: the order must be at least 1, but is {}", p));
  }
  if (v.size() == 0) return 0;
  if (p == 1) return v.cwiseAbs().sum();
  if (p == 2) return v.stableNorm();
  if (std::isinf(p)) return largest_magnitude(v);
  return norm_of_order(v, p);
}

double frobenius_norm(const MatrixRef& A) { return A.size() == 0 ? 0 : A.stableNorm(); }

double matrix_norm_1(const MatrixRef& A) {
  double largest = 0;
  for (Index j = 0; j < A.cols() && !std::isnan(largest); ++j) {
    largest = larger(largest, A.col(j).cwiseAbs().sum());
  }
  return largest;
}

double matrix_norm_infinity(const MatrixRef& A) {
  if (A.size() == 0) return 0;
  const Vector sums = A.cwiseAbs().rowwise().sum();
  return largest_magnitude(sums);
}

double matrix_norm_2(const MatrixRef& A) {
  require_finite("matrix_norm_2", "A", A);
  return singular_values(A)[0];
}

}  // namespace lockstep
