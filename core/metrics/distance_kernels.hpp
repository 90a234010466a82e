#pragma once

#include "core/base/types.hpp"

namespace lockstep {

// The inner loops of distances. Every element of a result is one chain over the coordinates k of
// its two points, in order and started at +0; a vector register holds the chains of neighbouring
// points. So an element is a function of its two points alone: tiles, threads and instruction sets
// leave no trace in its bits. tests/core/metrics/distances_test.cpp compares every instruction set
// with the definition, bit by bit.

/// What one instruction set provides. Plain functions on pointers, so that a file compiled for a
/// wider instruction set shares no inline function with the rest of the program.
struct DistanceKernels {
  /// Writes element (i, j) for m rows of x and n points of y.
  /// @param x  m×d, row-major with row stride ldx
  /// @param y  n points as a panel matrix d × n (core/kernel/product.hpp)
  /// @param c  m×n, row-major with row stride ldc; overwritten
  using Kernel = void (*)(Index m, Index n, Index d, const double* x, Index ldx, const double* y,
                          double* c, Index ldc);

  Kernel squares;    ///< s ← fma(xₖ − yₖ, xₖ − yₖ, s)
  Kernel absolutes;  ///< s ← s + |xₖ − yₖ|
  Kernel largest;    ///< s ← max(s, |xₖ − yₖ|), NaN being larger than everything
  Kernel unequal;    ///< s ← s + 1 where xₖ ≠ yₖ, which NaN always is
};

const DistanceKernels& portable_distance_kernels();
const DistanceKernels& avx2_distance_kernels();
const DistanceKernels& avx512_distance_kernels();

}  // namespace lockstep
