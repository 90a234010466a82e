#include "core/parallel/row_blocks.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <span>

#include "core/parallel/ranges.hpp"

namespace lockstep {
namespace {

constexpr Index kMostBlocks = 65536;

Index divided_up(Index n, Index d) { return n / d + (n % d != 0 ? 1 : 0); }

}  // namespace

RowBlocks::RowBlocks(Index total_rows, Index smallest) : total_rows_(total_rows), size_(1) {
  assert(total_rows >= 0 && smallest >= 1);
  while (size_ < smallest || divided_up(total_rows, size_) > kMostBlocks) size_ *= 2;
}

Index RowBlocks::count() const { return divided_up(total_rows_, size_); }

Range RowBlocks::rows(Index k) const {
  assert(0 <= k && k < count());
  return {k * size_, std::min(k * size_ + size_, total_rows_)};
}

std::vector<Index> RowBlocks::row_boundaries(Index ranks) const {
  std::vector<Index> boundaries = even_boundaries(count(), ranks);
  for (Index& boundary : boundaries) boundary = std::min(boundary * size_, total_rows_);
  return boundaries;
}

Range RowBlocks::blocks_of(Range rows) const {
  assert(rows.begin % size_ == 0 || rows.begin == total_rows_);
  assert(rows.end % size_ == 0 || rows.end == total_rows_);
  return {divided_up(rows.begin, size_), divided_up(rows.end, size_)};
}

std::vector<Index> block_boundaries(Team& team, const RowBlocks& blocks, Range rows) {
  const Index begin = blocks.blocks_of(rows).begin;
  std::vector<Index> boundaries;
  for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(&begin, 1)))) {
    assert(bytes.size() == sizeof(Index));
    std::memcpy(&boundaries.emplace_back(), bytes.data(), sizeof(Index));
  }
  boundaries.push_back(blocks.count());
  return boundaries;
}

}  // namespace lockstep
