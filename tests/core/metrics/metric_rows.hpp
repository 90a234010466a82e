#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/linalg/distributed_matrix.hpp"
#include "core/linalg/matrix.hpp"
#include "core/metrics/fold_rows.hpp"
#include "core/parallel/ranges.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/team.hpp"

namespace lockstep::test {

/// The rows of this rank: even shares of whole blocks, or all on the last rank.
inline RowShare share_of_rank(const Team& team, Index total_rows, bool all_on_last = false) {
  if (all_on_last) return {{0, team.rank() == team.size() - 1 ? total_rows : 0}, total_rows};
  return {part_of(RowBlocks(total_rows).row_boundaries(team.size()), team.rank()), total_rows};
}

/// Those of `values` that are in the share.
inline std::vector<double> part_of_rank(const std::vector<double>& values, const RowShare& share) {
  return {values.begin() + share.rows.begin, values.begin() + share.rows.end};
}

inline DistributedMatrix part_of_rank(const Matrix& matrix, const RowShare& share) {
  DistributedMatrix part;
  part.rows = share.rows;
  part.total_rows = share.total_rows;
  part.columns = matrix.cols();
  for (Index row = share.rows.begin; row < share.rows.end; ++row) {
    for (Index j = 0; j < matrix.cols(); ++j) part.values.push_back(matrix(row, j));
  }
  return part;
}

/// The whole of it on one rank.
inline DistributedMatrix all_rows(const Matrix& matrix) {
  return part_of_rank(matrix, {{0, matrix.rows()}, matrix.rows()});
}

/// The message of the error that `work` throws; "" when it throws none.
inline std::string error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace lockstep::test
