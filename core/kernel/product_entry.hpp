#pragma once

#include "core/base/types.hpp"

namespace lockstep::kernel {

/// What one instruction set provides for one scalar type. Plain functions on pointers, so that a
/// file compiled for a wider instruction set shares no inline function with the rest of the
/// program.
template <class T>
struct ProductEntry {
  /// Needs kRowBlock · k elements of scratch.
  void (*multiply)(Index m, Index k, Index panels, const T* a, Index lda, const T* b, T* c,
                   Index ldc, T* scratch);

  /// Folds leaves whose rows fit the scratch: (inputs + group) · rows elements.
  /// `accumulate` adds the chains of a single leaf to w instead of overwriting it.
  void (*fold)(const Range* leaves, Index leaf_count, bool accumulate, Range inputs, Range panels,
               const T* x, Index ldx, const T* y, Index ldy, T* w, Index w_panel_stride,
               T* scratch);
};

template <class T>
const ProductEntry<T>& portable_product();
template <class T>
const ProductEntry<T>& avx2_product();
template <class T>
const ProductEntry<T>& avx512_product();

/// Rows of a left operand that `multiply` packs at a time.
inline constexpr Index kRowBlock = 252;
/// Columns whose sums it keeps near while it adds their chains; a multiple of kWidestGroup.
inline constexpr Index kColumnBlock = 512;
/// Columns that one call of a micro-kernel computes at most.
inline constexpr Index kWidestGroup = 32;
/// Levels of the tree that one call of `fold` keeps: it takes up to 2^(kDeepestFold − 1) leaves.
inline constexpr Index kDeepestFold = 16;

}  // namespace lockstep::kernel
