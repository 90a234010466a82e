#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/memory.hpp"
#include "core/base/types.hpp"
#include "core/kernel/product.hpp"

namespace lockstep::kernel {

// The products of training for rows of which most cells are 0. An element of a result is the one
// that product.hpp defines for the same rows with their zeros: chains of kChain columns (or rows)
// start at the same places, and what a zero would add is left out. So the bits are those of the
// dense product, as long as what zeros are multiplied by is finite; only a zero that comes of
// underflow may have the other sign.

/// Rows without their zeros (CSR).
template <class T>
struct SparseRows {
  const Index* begins = nullptr;           ///< row r has the cells [begins[r], begins[r + 1])
  const std::uint32_t* columns = nullptr;  ///< of each cell, ascending in a row
  const T* values = nullptr;               ///< of each cell; null where all are 1
};

/// C = A·B, row r of A being row rows[r] of `a`.
/// @param k       columns of A
/// @param outputs columns of B; of what its last panel has beyond them, nothing is read
/// @param b       panel matrix k × outputs; of one output a vector
/// @param c       m × outputs, row-major with row stride ldc ≥ 16·panels; overwritten, the columns
///                of the last panel beyond them with 0 or with what follows from B's. One output
///                may have ldc = 1, and nothing beyond it then
/// Thread-safe. O(cells·panels), and of one output O(cells).
template <class T>
void multiply(Index m, Index k, Index outputs, const SparseRows<T>& a, const Index* rows,
              const T* b, T* c, Index ldc);

/// The sum of one output over rows, folded over leaves in tree order, as fold_outer_products of
/// ones has it.
/// @param leaves  ranges of rows; their number is a power of two
/// @param y       of each row
template <class T>
T fold_column(std::span<const Range> leaves, const T* y);

/// The cells of a batch of sparse rows, sorted by groups of 64 columns, and in a group by row:
/// what sums over rows walk.
template <class T>
class SparseColumns {
 public:
  static constexpr Index kGroup = 64;  ///< columns of a group: one bit of a word for each
  static constexpr Index group_count(Index columns) { return (columns + kGroup - 1) / kGroup; }

  /// Takes the cells of a batch, whose row r is row rows[r] of `x`; at most 2³² rows.
  void assign(const SparseRows<T>& x, Index columns, std::span<const Index> rows, int threads);

  /// So many cells of the batch are in a group.
  Index cells_in(Index group) const { return cells_of(group).size(); }

  /// The sum over rows of outer products, folded over leaves in tree order, as
  /// fold_outer_products: the rows of W that belong to one group of columns, all of them.
  /// @param leaves  ranges of the batch's rows, ascending; their number is a power of two
  /// @param outputs columns of y
  /// @param y       row r of the batch starts at y + r·ldy, padded to whole panels with 0 unless it
  ///                is one output of ldy = 1
  /// @param w       panel matrix columns × outputs, with 0 beyond them; of one output a vector
  /// @param squares of cells instead of the cells
  /// Thread-safe for different groups. O(cells·panels·log leaves), and of one output less.
  void fold_outer_products(Index group, std::span<const Range> leaves, Index outputs, const T* y,
                           Index ldy, T* w, bool squares = false) const;

 private:
  /// @param values  of each cell
  template <class Values>
  void fold_panels(Index group, std::span<const Range> leaves, Index outputs, const T* y, Index ldy,
                   T* w, Values values) const;
  /// Of one panel, of which `Width` columns are not 0; its rows are `Stride` elements apart.
  template <std::size_t Width, Index Stride = kPanel, class Values>
  void fold_panel(Index group, std::span<const Range> leaves, const T* y, Index ldy, T* w,
                  Values values) const;
  Range cells_of(Index group) const {
    const auto g = static_cast<std::size_t>(group);
    return {begins_[g], begins_[g + 1]};
  }

  Index columns_ = 0;
  // Of each cell. Three arrays are less to read than one of structures with a hole in each.
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint8_t> columns_in_group_;
  std::vector<T> values_;      ///< empty where all are 1
  std::vector<Index> begins_;  ///< of the groups among the cells, and their end
};

}  // namespace lockstep::kernel
