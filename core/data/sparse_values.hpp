#pragma once

#include <cstdint>
#include <span>

#include "core/base/large_pages.hpp"
#include "core/base/types.hpp"

namespace lockstep {

/// Rows of which most cells are 0, in compressed sparse rows: the cells that are not 0, row after
/// row.
struct SparseValues {
  /// Where each row begins in the two below, and the end: rows + 1 numbers, or none without rows.
  Buffer<Index> begins;
  Buffer<std::uint32_t> columns;  ///< of each cell, ascending in a row
  Buffer<double> numbers;         ///< of each cell; never +0

  Index rows() const { return begins.empty() ? 0 : static_cast<Index>(begins.size()) - 1; }
  Index cells() const { return static_cast<Index>(numbers.size()); }
  /// Numbers of the cells of a row.
  Range cells_of(Index row) const {
    const auto r = static_cast<std::size_t>(row);
    return {begins[r], begins[r + 1]};
  }
  std::span<const std::uint32_t> columns_of(Index row) const {
    return std::span(columns).subspan(static_cast<std::size_t>(cells_of(row).begin),
                                      static_cast<std::size_t>(cells_of(row).size()));
  }
  std::span<const double> numbers_of(Index row) const {
    return std::span(numbers).subspan(static_cast<std::size_t>(cells_of(row).begin),
                                      static_cast<std::size_t>(cells_of(row).size()));
  }

  friend bool operator==(const SparseValues&, const SparseValues&) = default;
};

/// Columns that a table of sparse values may have: their names alone take 2 GiB then.
inline constexpr Index kMostSparseColumns = Index{1} << 26;

}  // namespace lockstep
