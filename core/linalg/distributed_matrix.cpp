#include "core/linalg/distributed_matrix.hpp"

#include <cassert>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "core/parallel/ranges.hpp"
#include "core/parallel/repartition.hpp"

namespace lockstep {

Matrix DistributedMatrix::block(Range global_rows) const {
  assert(rows.begin <= global_rows.begin && global_rows.end <= rows.end);
  return Eigen::Map<const RowMajorMatrix>(row(global_rows.begin), global_rows.size(), columns);
}

DistributedMatrix in_blocks(Team& team, DistributedMatrix matrix, const RowBlocks& blocks) {
  assert(blocks.total_rows() == matrix.total_rows);
  std::vector<Index> from;
  for (const Bytes& begin : team.all_gather(std::as_bytes(std::span(&matrix.rows.begin, 1)))) {
    std::memcpy(&from.emplace_back(), begin.data(), sizeof(Index));
  }
  from.push_back(matrix.total_rows);
  const std::vector<Index> to = blocks.row_boundaries(team.size());
  if (from == to) return matrix;
  if (matrix.columns > 0) {
    AlignedVector<double> moved;
    guard(team, "moving rows", [&] {
      moved.resize(static_cast<std::size_t>(part_of(to, team.rank()).size() * matrix.columns));
    });
    repartition(team, from, to, std::as_writable_bytes(std::span(matrix.values)),
                matrix.columns * static_cast<Index>(sizeof(double)),
                std::as_writable_bytes(std::span(moved)));
    matrix.values = std::move(moved);
  }
  const auto rank = static_cast<std::size_t>(team.rank());
  matrix.rows = {to[rank], to[rank + 1]};
  return matrix;
}

}  // namespace lockstep
