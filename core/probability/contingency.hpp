#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/linalg/matrix.hpp"

namespace lockstep {

/// Numbers as categories: bins of equal width over [min, max], as many as Sturges' rule says
/// [Sturges 1926]: ⌈log₂ n⌉ + 1 for n numbers (11 for 1000, 21 for a million; 64 at most). Few bins
/// for many numbers keep the mutual information of independent columns near 0.
///
/// Bin b of B holds min + (max − min)·[b/B, (b+1)/B), the last one also max. A function of
/// (n, min, max) alone, so ranks that agree on these bin alike.
class Binning {
 public:
  static constexpr Index kMissing = -1;

  /// @param count     of the numbers that are present, n ≥ 0
  /// @param min, max  of these; equal ones make one bin, and min > max none
  /// DataError when they are NaN or, with n > 0, infinite.
  Binning(std::int64_t count, double min, double max);

  Index bins() const { return bins_; }
  /// In [0, bins()), kMissing for NaN. Numbers outside of [min, max] count to the outermost bins.
  Index bin_of(double x) const;

 private:
  Index bins_;
  double min_;
  double max_;
};

/// The bins of all numbers, by the Binning that they have themselves; kMissing for NaN.
/// DataError for infinite numbers.
std::vector<Index> binned(std::span<const double> numbers);

/// One cell of a contingency table that is not 0.
struct ContingencyCell {
  Index row = 0;
  Index column = 0;
  std::int64_t count = 0;

  friend bool operator==(const ContingencyCell&, const ContingencyCell&) = default;
};

/// How often category i of X and category j of Y came together. Integers, so tables may be merged
/// in any order. Only the cells that are not 0 are kept, by rows: a column of a million different
/// texts makes a million cells, not a million rows of zeros.
class ContingencyTable {
 public:
  /// The empty table: no categories, no counts.
  ContingencyTable() = default;

  /// Counts the pairs (x[i], y[i]). Pairs in which one is missing (Binning::kMissing) are skipped.
  /// @param rows, columns  the numbers of categories of X and of Y
  /// @param x, y           n categories each, in [0, rows) and [0, columns), or missing
  /// DataError for different lengths and for categories out of range. O(n + rows·columns) for small
  /// tables, O(n log n) for large ones.
  ContingencyTable(Index rows, Index columns, std::span<const Index> x, std::span<const Index> y);

  /// Of cells whose order does not matter; equal places are added up, zeros dropped.
  /// DataError for places out of range and negative counts.
  static ContingencyTable of_cells(Index rows, Index columns, std::vector<ContingencyCell> cells);

  Index rows() const { return rows_; }
  Index columns() const { return columns_; }
  /// Those that are not 0, ascending by (row, column).
  const std::vector<ContingencyCell>& cells() const { return cells_; }

  std::int64_t total() const;
  std::vector<std::int64_t> row_totals() const;
  std::vector<std::int64_t> column_totals() const;

  /// Adds the counts of `other`. DataError for another shape.
  void merge(const ContingencyTable& other);

  /// The joint table of relative frequencies, rows×columns. DataError when the total is 0.
  Matrix joint_table() const;

  friend bool operator==(const ContingencyTable&, const ContingencyTable&) = default;

 private:
  Index rows_ = 0;
  Index columns_ = 0;
  std::vector<ContingencyCell> cells_;
};

}  // namespace lockstep
