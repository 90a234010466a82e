#pragma once

// The body of all instruction sets, included once by each distance_kernels_*.cpp with its vector
// type. Everything is in an unnamed namespace on purpose: a file compiled for AVX-512 must not lend
// its instructions to other files through a shared inline function. For the same reason no function
// of another header is called here.

#include "core/base/memory.hpp"
#include "core/metrics/distance_kernels.hpp"

namespace lockstep {
namespace {

/// An array bound; the language counts them unsigned.
constexpr unsigned long bound(Index n) { return static_cast<unsigned long>(n); }

// A step of the chains of one vector of points.

template <class V>
struct Squares {
  static V step(V sum, V x, V y) {
    const V difference = V::subtract(x, y);
    return V::fma(difference, difference, sum);
  }
};

template <class V>
struct Absolutes {
  static V step(V sum, V x, V y) { return V::add(sum, V::magnitude(V::subtract(x, y))); }
};

template <class V>
struct Largest {
  static V step(V largest, V x, V y) {
    return V::larger_bits(largest, V::magnitude(V::subtract(x, y)));
  }
};

template <class V>
struct Unequal {
  static V step(V count, V x, V y) { return V::add(count, V::one_where_unequal(x, y)); }
};

/// The chains of Rows rows of x and the points of one panel of y, kept in registers.
template <class V, template <class> class Chain, Index Rows>
void distance_tile(Index d, const double* x, Index ldx, const double* y, double* c, Index ldc) {
  constexpr Index kVectors = kPanel / V::kWidth;
  V sums[bound(Rows)][bound(kVectors)];
#pragma GCC unroll 16
  for (Index r = 0; r < Rows; ++r) {
    for (Index v = 0; v < kVectors; ++v) sums[r][v] = V::broadcast(0);
  }
  for (Index k = 0; k < d; ++k) {
    V points[bound(kVectors)];
    for (Index v = 0; v < kVectors; ++v) points[v] = V::load(y + k * kPanel + v * V::kWidth);
#pragma GCC unroll 16
    for (Index r = 0; r < Rows; ++r) {
      const V coordinate = V::broadcast(x[r * ldx + k]);
      for (Index v = 0; v < kVectors; ++v) {
        sums[r][v] = Chain<V>::step(sums[r][v], coordinate, points[v]);
      }
    }
  }
#pragma GCC unroll 16
  for (Index r = 0; r < Rows; ++r) {
    for (Index v = 0; v < kVectors; ++v) sums[r][v].store(c + r * ldc + v * V::kWidth);
  }
}

/// The same for `rows` rows, 1 ≤ rows ≤ Rows.
template <class V, template <class> class Chain, Index Rows>
void distance_strip(Index rows, Index d, const double* x, Index ldx, const double* y, double* c,
                    Index ldc) {
  if constexpr (Rows > 1) {
    if (rows < Rows) return distance_strip<V, Chain, Rows - 1>(rows, d, x, ldx, y, c, ldc);
  }
  distance_tile<V, Chain, Rows>(d, x, ldx, y, c, ldc);
}

/// A panel of y stays near while the rows of x pass by; the last panel's padding goes nowhere.
template <class V, template <class> class Chain>
void distance_block(Index m, Index n, Index d, const double* x, Index ldx, const double* y,
                    double* c, Index ldc) {
  constexpr Index kRows = V::kTileRows;
  for (Index j = 0; j < n; j += kPanel) {
    const double* panel = y + j * d;
    for (Index i = 0; i < m; i += kRows) {
      const Index rows = m - i < kRows ? m - i : kRows;
      double* target = c + i * ldc + j;
      if (j + kPanel <= n) {
        distance_strip<V, Chain, kRows>(rows, d, x + i * ldx, ldx, panel, target, ldc);
        continue;
      }
      alignas(64) double tile[bound(kRows * kPanel)];
      distance_strip<V, Chain, kRows>(rows, d, x + i * ldx, ldx, panel, tile, kPanel);
      for (Index r = 0; r < rows; ++r) {
        for (Index o = 0; o < n - j; ++o) target[r * ldc + o] = tile[r * kPanel + o];
      }
    }
  }
}

template <class V>
constexpr DistanceKernels kDistanceKernels{
    &distance_block<V, Squares>, &distance_block<V, Absolutes>, &distance_block<V, Largest>,
    &distance_block<V, Unequal>};

}  // namespace
}  // namespace lockstep
