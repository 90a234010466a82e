#include "core/linalg/products.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/linalg/operands.hpp"

namespace lockstep {

Matrix add(const MatrixRef& A, const MatrixRef& B) {
  require_same_shape("add", A, B);
  return A + B;
}

Matrix scale(double c, const MatrixRef& A) { return c * A; }

double dot(const VectorRef& u, const VectorRef& v) {
  require_same_shape("dot", u, v);
  return u.dot(v);
}

Matrix multiply(const MatrixRef& A, const MatrixRef& B) {
  if (A.cols() != B.rows()) {
    throw DataError(
        fmt::format("multiply: A must have as many columns as B has rows, but they are {} and {}",
                    shape_of(A), shape_of(B)));
  }
  return A * B;
}

Matrix transpose(const MatrixRef& A) { return A.transpose(); }

}  // namespace lockstep
