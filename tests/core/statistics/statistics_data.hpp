#pragma once

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/linalg/distributed_matrix.hpp"
#include "core/linalg/matrix.hpp"
#include "core/parallel/ranges.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/team.hpp"

namespace lockstep::test {

inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// What make_reference.py calls formula(): values with rounding in every sum, a trend that grows
/// with the column, and 1009 different values in column 0.
inline double formula(Index row, Index column) {
  return static_cast<double>((row * 7919 + column * 104729 + row * row * 31) % 1009) / 1009 +
         static_cast<double>(column * row) / 4000;
}

/// The same with a hole in one cell of 8, but none in the first 1024 rows (a block of co_moments).
inline double formula_with_holes(Index row, Index column) {
  const bool is_hole = row >= 1024 && (row * 131 + column * 37) % 8 == 0;
  return is_hole ? kMissing : formula(row, column);
}

using Formula = double (*)(Index, Index);

inline Matrix matrix_by(Formula value, Index rows, Index columns) {
  Matrix X(rows, columns);
  for (Index j = 0; j < columns; ++j) {
    for (Index i = 0; i < rows; ++i) X(i, j) = value(i, j);
  }
  return X;
}

/// Where the rows of a distributed matrix are: evenly shared blocks, or all on the last rank.
enum class Held { evenly, all_on_last };

inline DistributedMatrix distributed(const Team& team, const Matrix& X, const RowBlocks& blocks,
                                     Held held) {
  DistributedMatrix mine;
  mine.total_rows = X.rows();
  mine.columns = X.cols();
  mine.rows = part_of(blocks.row_boundaries(team.size()), team.rank());
  if (held == Held::all_on_last) {
    mine.rows = {0, team.rank() == team.size() - 1 ? X.rows() : 0};
  }
  for (Index i = mine.rows.begin; i < mine.rows.end; ++i) {
    for (Index j = 0; j < X.cols(); ++j) mine.values.push_back(X(i, j));
  }
  return mine;
}

inline std::vector<double> column_of(const Matrix& X, Index j) {
  return {X.col(j).data(), X.col(j).data() + X.rows()};
}

inline std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const DataError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace lockstep::test
