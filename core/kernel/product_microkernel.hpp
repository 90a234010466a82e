#pragma once

// The body of all instruction sets, included once by each product_*.cpp with its vector type.
// Everything is in an unnamed namespace on purpose: a file compiled for AVX-512 must not lend its
// instructions to other files through a shared inline function. For the same reason no header of
// the standard library is used here, nor a member function of Range.

#include "core/kernel/product.hpp"
#include "core/kernel/product_entry.hpp"

namespace lockstep::kernel {
namespace {

/// Vectors that a micro-kernel holds side by side.
constexpr Index kVectors = 2;

/// An array bound; the language counts them unsigned.
constexpr unsigned long bound(Index n) { return static_cast<unsigned long>(n); }

constexpr Index smaller(Index a, Index b) { return a < b ? a : b; }

/// An operand's steps: a[r, k] at a[r·row + k·inner]; b[k, v] at b[k·inner + v·vector].
struct LeftSteps {
  Index row;
  Index inner;
};
struct RightSteps {
  Index inner;
  Index vector;
};
struct ResultSteps {
  Index row;
  Index vector;
};

/// One chain for each element of a tile of Rows × (Vectors·kWidth), kept in registers.
template <class V, Index Rows, Index Vectors>
struct Tile {
  using T = typename V::Scalar;
  V acc[bound(Rows)][bound(Vectors)];

  [[gnu::always_inline]] void chain(Index inner, const T* a, LeftSteps as, const T* b,
                                    RightSteps bs) {
#pragma GCC unroll 16
    for (Index r = 0; r < Rows; ++r) {
      for (Index v = 0; v < Vectors; ++v) acc[r][v] = V::zero();
    }
    for (Index k = 0; k < inner; ++k) {
      V right[bound(Vectors)];
      for (Index v = 0; v < Vectors; ++v) right[v] = V::load(b + v * bs.vector);
#pragma GCC unroll 16
      for (Index r = 0; r < Rows; ++r) {
        const V left = V::broadcast(a[r * as.row]);
        for (Index v = 0; v < Vectors; ++v) acc[r][v] = V::fma(left, right[v], acc[r][v]);
      }
      a += as.inner;
      b += bs.inner;
    }
  }

  [[gnu::always_inline]] void add_to_left(const T* c, ResultSteps cs) {
#pragma GCC unroll 16
    for (Index r = 0; r < Rows; ++r) {
      for (Index v = 0; v < Vectors; ++v) {
        acc[r][v] = V::add(V::load(c + r * cs.row + v * cs.vector), acc[r][v]);
      }
    }
  }

  [[gnu::always_inline]] void store(T* c, ResultSteps cs) const {
#pragma GCC unroll 16
    for (Index r = 0; r < Rows; ++r) {
      for (Index v = 0; v < Vectors; ++v) acc[r][v].store(c + r * cs.row + v * cs.vector);
    }
  }
};

template <class V, Index Rows, Index Vectors>
void multiply_tile(Index inner, const typename V::Scalar* a, LeftSteps as,
                   const typename V::Scalar* b, RightSteps bs, typename V::Scalar* c,
                   ResultSteps cs, bool accumulate) {
  if (accumulate) {  // the old sums come from far away: ask for them now, use them after the chain
    for (Index r = 0; r < Rows; ++r) {
      for (Index v = 0; v < Vectors; ++v) __builtin_prefetch(c + r * cs.row + v * cs.vector, 1);
    }
  }
  Tile<V, Rows, Vectors> tile;
  tile.chain(inner, a, as, b, bs);
  if (accumulate) tile.add_to_left(c, cs);
  tile.store(c, cs);
}

/// Leaves one after another; a stack of partial nodes, as deep as the tree, stays in L1.
template <class V, Index Rows, Index Vectors>
void fold_tile(const Range* leaves, Index leaf_count, bool accumulate, const typename V::Scalar* a,
               LeftSteps as, const typename V::Scalar* b, RightSteps bs, typename V::Scalar* c,
               ResultSteps cs) {
  using T = typename V::Scalar;
  constexpr ResultSteps kStack{Vectors * V::kWidth, V::kWidth};
  alignas(64) T stack[bound(kDeepestFold)][bound(Rows * Vectors * V::kWidth)];
  Index depth = 0;
  const Index first_row = leaves[0].begin;
  Tile<V, Rows, Vectors> tile{};
  for (Index l = 0; l < leaf_count; ++l) {
    Index row = leaves[l].begin;
    bool has_left = accumulate;
    if (accumulate) {  // a single leaf that was begun by an earlier call
      tile.chain(0, a, as, b, bs);
      tile.add_to_left(c, cs);
      tile.store(stack[depth], kStack);
    }
    do {
      const Index rows = smaller(kChain, leaves[l].end - row);
      const Index skipped = row - first_row;
      tile.chain(rows, a + skipped * as.inner, as, b + skipped * bs.inner, bs);
      if (has_left) tile.add_to_left(stack[depth], kStack);
      has_left = true;
      row += rows;
      if (row < leaves[l].end) tile.store(stack[depth], kStack);
    } while (row < leaves[l].end);
    for (Index completed = l + 1; completed % 2 == 0; completed /= 2) {
      --depth;
      tile.add_to_left(stack[depth], kStack);
    }
    if (l + 1 < leaf_count) {
      tile.store(stack[depth], kStack);
      ++depth;
    }
  }
  tile.store(c, cs);
}

/// Function pointers for tiles of 1 … Rows rows.
template <class V, Index Rows, Index Vectors>
struct TileTable {
  using T = typename V::Scalar;
  using Multiply = void (*)(Index, const T*, LeftSteps, const T*, RightSteps, T*, ResultSteps,
                            bool);
  using Fold = void (*)(const Range*, Index, bool, const T*, LeftSteps, const T*, RightSteps, T*,
                        ResultSteps);
  Multiply multiply[bound(Rows + 1)] = {};
  Fold fold[bound(Rows + 1)] = {};

  constexpr TileTable() { fill<Rows>(); }

 private:
  template <Index R>
  constexpr void fill() {
    multiply[R] = &multiply_tile<V, R, Vectors>;
    fold[R] = &fold_tile<V, R, Vectors>;
    if constexpr (R > 1) fill<R - 1>();
  }
};

template <class V>
struct Products {
  using T = typename V::Scalar;
  static constexpr Index kRows = V::kTileRows;
  static constexpr Index kGroup = kVectors * V::kWidth;
  static_assert(kGroup <= kWidestGroup && (kPanel % kGroup == 0 || kGroup % kPanel == 0));
  static constexpr TileTable<V, kRows, kVectors> kWide{};
  static constexpr TileTable<V, kRows, 1> kNarrow{};

  /// Rows of `a` as strips of kRows: strip s holds, for each k, its rows side by side.
  static void pack_rows(Index m, Index inner, const T* a, Index lda, T* packed) {
    for (Index i = 0; i < m; i += kRows) {
      const Index rows = smaller(kRows, m - i);
      T* strip = packed + i * inner;
      for (Index r = 0; r < rows; ++r) {
        const T* source = a + (i + r) * lda;
        for (Index k = 0; k < inner; ++k) strip[k * rows + r] = source[k];
      }
    }
  }

  /// Blocks of rows, of columns, then of whole chains: the sums of a block of rows × columns stay
  /// in L2 while its chains are added.
  static void multiply(Index m, Index k, Index panels, const T* a, Index lda, const T* b, T* c,
                       Index ldc, T* scratch) {
    const Index columns = panels * kPanel;
    const bool pack = panels > 2;  // else an element of A is used too seldom to pay for the copy
    for (Index i0 = 0; i0 < m; i0 += kRowBlock) {
      const Index rows = smaller(kRowBlock, m - i0);
      for (Index k0 = 0; pack && k0 < k; k0 += kChain) {
        pack_rows(rows, smaller(kChain, k - k0), a + i0 * lda + k0, lda, scratch + rows * k0);
      }
      for (Index j0 = 0; j0 < columns; j0 += kColumnBlock) {
        const Index end = smaller(columns, j0 + kColumnBlock);
        Index k0 = 0;
        do {  // once for k = 0 too, which gives +0
          const Index inner = smaller(kChain, k - k0);
          const T* left = pack ? scratch + rows * k0 : a + i0 * lda + k0;
          for (Index j = j0; j < end; j += kGroup) {
            multiply_strips(rows, inner, left, pack ? 0 : lda,
                            b + (j / kPanel * k + k0) * kPanel + j % kPanel, k * kPanel, end - j,
                            c + i0 * ldc + j, ldc, k0 > 0);
          }
          k0 += inner;
        } while (k0 < k);
      }
    }
  }

  /// One group of columns for all strips of a block of rows; lda = 0 says that `a` is packed.
  static void multiply_strips(Index rows, Index inner, const T* a, Index lda, const T* b,
                              Index panel_step, Index columns_left, T* c, Index ldc,
                              bool accumulate) {
    const bool narrow = columns_left < kGroup;
    const RightSteps bs{kPanel, kGroup > kPanel ? panel_step : V::kWidth};
    const ResultSteps cs{ldc, V::kWidth};
    for (Index i = 0; i < rows; i += kRows) {
      const Index n = smaller(kRows, rows - i);
      const LeftSteps as = lda == 0 ? LeftSteps{1, n} : LeftSteps{lda, 1};
      const T* strip = lda == 0 ? a + i * inner : a + i * lda;
      const auto tile = narrow ? kNarrow.multiply[n] : kWide.multiply[n];
      tile(inner, strip, as, b, bs, c + i * ldc, cs, accumulate);
    }
  }

  static void fold(const Range* leaves, Index leaf_count, bool accumulate, Range inputs,
                   Range panels, const T* x, Index ldx, const T* y, Index ldy, T* w,
                   Index w_panel_stride, T* scratch) {
    const Index first = leaves[0].begin;
    const Index rows = leaves[leaf_count - 1].end - first;
    const Index input_count = inputs.end - inputs.begin;
    const bool pack = (panels.end - panels.begin) > 2 && ldx != 0;
    T* packed_y = scratch;
    T* packed_x = scratch + rows * kGroup;
    x += first * ldx + inputs.begin;
    if (pack) pack_inputs(rows, input_count, x, ldx, packed_x);
    const Index columns = (panels.end - panels.begin) * kPanel;
    for (Index j = 0; j < columns; j += kGroup) {
      const Index width = smaller(kGroup, columns - j);
      const T* source = y + first * ldy + panels.begin * kPanel + j;
      for (Index r = 0; r < rows; ++r) {
        for (Index o = 0; o < width; ++o) packed_y[r * kGroup + o] = source[r * ldy + o];
      }
      T* target =
          w + (panels.begin + j / kPanel) * w_panel_stride + inputs.begin * kPanel + j % kPanel;
      const RightSteps bs{kGroup, V::kWidth};
      const ResultSteps cs{kPanel, kGroup > kPanel ? w_panel_stride : V::kWidth};
      for (Index i = 0; i < input_count; i += kRows) {
        const Index n = smaller(kRows, input_count - i);
        const LeftSteps as{1, pack ? n : ldx};
        const auto tile = width < kGroup ? kNarrow.fold[n] : kWide.fold[n];
        tile(leaves, leaf_count, accumulate, pack ? packed_x + i * rows : x + i, as, packed_y, bs,
             target + i * kPanel, cs);
      }
    }
  }

  /// Columns of x as strips: strip s holds, for each row, kRows inputs side by side.
  static void pack_inputs(Index rows, Index inputs, const T* x, Index ldx, T* packed) {
    for (Index i = 0; i < inputs; i += kRows) {
      const Index n = smaller(kRows, inputs - i);
      T* strip = packed + i * rows;
      for (Index r = 0; r < rows; ++r) {
        for (Index j = 0; j < n; ++j) strip[r * n + j] = x[r * ldx + i + j];
      }
    }
  }

  static constexpr ProductEntry<T> kEntry{&multiply, &fold};
};

}  // namespace
}  // namespace lockstep::kernel
