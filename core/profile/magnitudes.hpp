#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "core/data/table.hpp"
#include "core/parallel/team.hpp"
#include "core/statistics/quantiles.hpp"

namespace lockstep {

/// Cells far from the others of their column count as extreme: those more than this many
/// interquartile ranges below the lower or above the upper quartile.
inline constexpr double kExtremeRanges = 10;

/// How large the numbers of a column are, and which of them stand apart.
struct ColumnMagnitude {
  Quartiles quartiles{};
  /// √(Σx²/n) of the cells that are present, in their unit; NaN without any. It is about by how
  /// much a weight of 1 moves a prediction.
  double root_mean_square = std::numeric_limits<double>::quiet_NaN();
  /// Extreme cells; none where the quartiles are equal, where half of the cells have one value.
  std::int64_t extreme = 0;
  Index first_extreme = 0;  ///< the row of the first one
  double first_value = 0;

  friend bool operator==(const ColumnMagnitude&, const ColumnMagnitude&) = default;
};

/// Of every column of numbers, exactly or by folds over row blocks: the same bits for any number of
/// ranks and threads. Columns of categories get none. Requires whole RowBlocks(total_rows) on every
/// rank, and rows that are not sparse (asserted).
/// *Collective*; sends what quartiles and central_moments send.
std::vector<ColumnMagnitude> column_magnitudes(Team& team, const Table& table, int threads);

}  // namespace lockstep
