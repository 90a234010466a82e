#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/base/memory.hpp"
#include "core/base/types.hpp"

namespace lockstep::kernel {

// The three products of training. What they share is a definition of every element of a result
// that mentions neither tiles nor registers nor the rest of the matrix:
//
//   chain(k₀, k₁) = fma(a[k₁−1], b[k₁−1], … fma(a[k₀+1], b[k₀+1], fma(a[k₀], b[k₀], +0)))
//   element       = ((chain(0, 256) + chain(256, 512)) + …) + chain(…, K)
//
// So a row gives the same bits alone and among others, at any position, under any cut into tiles,
// and on any instruction set: a vector lane runs the chain of its own element. Short chains also
// keep the rounding error near that of a blocked sum. tests/core/kernel/product_test.cpp compares
// every instruction set with the definition, bit by bit.

/// Length of a chain: part of the definition of every model, never tuned.
inline constexpr Index kChain = 256;

// A *panel matrix* stores rows × columns in panels of kPanel columns: element (i, o) stands at
// data[(o / kPanel · rows + i) · kPanel + o % kPanel]. A panel row fills a cache line in float, and
// a product walks it from front to back without packing. Columns are padded with zeros.

/// Number of panels of a matrix with `columns` columns.
constexpr Index panel_count(Index columns) { return (columns + kPanel - 1) / kPanel; }

/// Elements of a panel matrix.
constexpr Index panel_matrix_size(Index rows, Index columns) {
  return rows * panel_count(columns) * kPanel;
}

/// Where element (i, o) of a panel matrix with `rows` rows stands.
constexpr Index panel_offset(Index rows, Index i, Index o) {
  return (o / kPanel * rows + i) * kPanel + o % kPanel;
}

/// C = A·B.
/// @param a        m×k, row-major with row stride lda ≥ k
/// @param b        panel matrix k × 16·panels
/// @param c        m × 16·panels, row-major with row stride ldc ≥ 16·panels; overwritten
/// Thread-safe.
template <class T>
void multiply(Index m, Index k, Index panels, const T* a, Index lda, const T* b, T* c, Index ldc);

/// Bᵀ as a panel matrix.
/// @param b   panel matrix rows × columns
/// @param bt  panel matrix columns × rows; its padding columns are written as 0
/// @param out_panels  the panels of bt to write, for sharing the work between threads
template <class T>
void transpose(Index rows, Index columns, const T* b, T* bt, Range out_panels);

/// The sum over rows of outer products, folded over leaves in tree order: with
///   leaf(l) = Σ_{r ∈ leaves[l]} x[r]ᵀ·y[r]     (each element by the definition above, k = r)
/// the result is the root of the complete binary tree over the leaves, node = left + right.
/// @param leaves  row ranges; their number is a power of two; an empty range gives +0
/// @param inputs  the columns i of x to compute, panels: the panels of y; both cut the work freely
/// @param x       row r starts at x + r·ldx; ldx = 0 repeats one row (of ones, for a bias)
/// @param y       row r starts at y + r·ldy, padded to whole panels
/// @param w       panel matrix w_rows × columns of y; overwritten at (inputs, panels)
/// Thread-safe.
template <class T>
void fold_outer_products(std::span<const Range> leaves, Range inputs, Range panels, const T* x,
                         Index ldx, const T* y, Index ldy, T* w, Index w_rows);

/// The instruction sets that products are compiled for.
enum class InstructionSet { portable, avx2, avx512 };

/// Those that this machine can run, slowest first.
std::vector<InstructionSet> available_instruction_sets();

/// The one in use: the last of the available ones, until a test chooses another.
InstructionSet instruction_set();
void use_instruction_set(InstructionSet set);
std::string name_of(InstructionSet set);

}  // namespace lockstep::kernel
