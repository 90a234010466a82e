#include "core/parallel/row_blocks.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <span>

#include "core/parallel/ranges.hpp"

namespace lockstep {
namespace {

// Below 256 rows the tree would cost as much as the rows; 65536 blocks keep the nodes of any
// statistic small, and are enough for thousands of ranks.
constexpr Index kSmallestBlock = 256;
constexpr Index kMostBlocks = 65536;

Index divided_up(Index n, Index d) { return n / d + (n % d != 0 ? 1 : 0); }

}  // namespace

Index row_block_size(Index total_rows) {
  assert(total_rows >= 0);
  Index size = kSmallestBlock;
  while (divided_up(total_rows, size) > kMostBlocks) size *= 2;
  return size;
}

Index row_block_count(Index total_rows) {
  return divided_up(total_rows, row_block_size(total_rows));
}

Range row_block(Index total_rows, Index k) {
  assert(0 <= k && k < row_block_count(total_rows));
  const Index size = row_block_size(total_rows);
  return {k * size, std::min(k * size + size, total_rows)};
}

std::vector<Index> row_block_boundaries(Index total_rows, Index ranks) {
  std::vector<Index> boundaries = even_boundaries(row_block_count(total_rows), ranks);
  const Index size = row_block_size(total_rows);
  for (Index& boundary : boundaries) boundary = std::min(boundary * size, total_rows);
  return boundaries;
}

Range blocks_of_rows(Index total_rows, Range rows) {
  const Index size = row_block_size(total_rows);
  assert(rows.begin % size == 0 || rows.begin == total_rows);
  assert(rows.end % size == 0 || rows.end == total_rows);
  return {divided_up(rows.begin, size), divided_up(rows.end, size)};
}

std::vector<Index> block_boundaries(Team& team, Index total_rows, Range rows) {
  const Index begin = blocks_of_rows(total_rows, rows).begin;
  std::vector<Index> boundaries;
  for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(&begin, 1)))) {
    assert(bytes.size() == sizeof(Index));
    std::memcpy(&boundaries.emplace_back(), bytes.data(), sizeof(Index));
  }
  boundaries.push_back(row_block_count(total_rows));
  return boundaries;
}

}  // namespace lockstep
