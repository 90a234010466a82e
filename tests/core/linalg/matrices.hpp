#pragma once

#include <cstdint>

#include "core/base/random.hpp"
#include "core/linalg/matrix.hpp"

namespace lockstep::test {

/// Elements uniform in [−1, 1), the same for the same shape and seed.
inline Matrix random_matrix(Index rows, Index columns, std::uint64_t seed = 1) {
  RandomSequence draws(RandomStream(seed, Purpose::synthetic), static_cast<std::uint64_t>(rows),
                       static_cast<std::uint64_t>(columns));
  Matrix A(rows, columns);
  for (Index j = 0; j < columns; ++j) {
    for (Index i = 0; i < rows; ++i) A(i, j) = draws.uniform(-1, 1);
  }
  return A;
}

/// hᵢⱼ = 1/(i + j + 1): its condition number grows like e^(3.5 n).
inline Matrix hilbert(Index n) {
  return Matrix::NullaryExpr(n, n,
                             [](Index i, Index j) { return 1 / static_cast<double>(i + j + 1); });
}

}  // namespace lockstep::test
