#include "core/data/mapped_sparse_rows.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace lockstep {
namespace {

constexpr Index kStep = SparseRowLayout::kStep;

/// All of them are in the range, which is not empty.
bool are_in(std::span<const std::uint32_t> indices, Range known) {
  auto least = static_cast<std::uint32_t>(known.begin);
  auto most = least;
  for (const std::uint32_t index : indices) {
    least = std::min(least, index);
    most = std::max(most, index);
  }
  return known.contains(least) && known.contains(most);
}

}  // namespace

MappedSparseRows::MappedSparseRows(const std::string& path, SparseRowLayout layout)
    : file_(std::make_shared<const MappedFile>(path)),
      layout_(std::make_shared<const SparseRowLayout>(std::move(layout))) {}

Index MappedSparseRows::cells_before(Index number, Index step) const {
  const Index steps = (layout_->block_rows + kStep - 1) / kStep;  // of a block
  const auto at = static_cast<std::size_t>(number * steps + step);
  const bool is_row = step < steps && at < layout_->begins.size();
  return is_row ? layout_->begins[at] : block(number).cells;
}

MappedSparseRows::Cells MappedSparseRows::cells_of(Index row) const {
  const Index number = row / layout_->block_rows;
  const Index r = row % layout_->block_rows;
  const auto* const lengths = file_->values_at<std::uint32_t>(block(number).lengths);
  const Index begin =
      std::accumulate(lengths + r / kStep * kStep, lengths + r, cells_before(number, r / kStep));
  Index count = lengths[r];
  if (begin + count > block(number).cells) {
    file_->note_change();
    return {};
  }
  const auto* const indices = file_->values_at<std::uint32_t>(block(number).indices) + begin;
  // They ascend: those that are left out stand at the end.
  const Range known{layout_->index_base, layout_->index_base + layout_->columns};
  if (count > 0 && static_cast<Index>(indices[count - 1]) >= known.end) {
    count = std::lower_bound(indices, indices + count, known.end) - indices;
  }
  const auto size = static_cast<std::size_t>(count);
  if (!are_in({indices, size}, known)) {
    file_->note_change();
    return {};
  }
  return {{indices, size}, {file_->values_at<double>(block(number).numbers) + begin, size}};
}

void MappedSparseRows::will_need(Range rows) const {
  constexpr Index kLength = sizeof(std::uint32_t);
  constexpr Index kIndex = sizeof(std::uint32_t);
  constexpr Index kNumber = sizeof(double);
  while (!rows.empty()) {
    const Index number = rows.begin / layout_->block_rows;
    const Index first = number * layout_->block_rows;
    const Range mine{rows.begin - first, std::min(rows.end - first, layout_->block_rows)};
    const Range cells{cells_before(number, mine.begin / kStep),
                      cells_before(number, (mine.end + kStep - 1) / kStep)};
    const auto& [lengths, indices, numbers, all] = block(number);
    file_->will_need(lengths + mine.begin * kLength, lengths + mine.end * kLength);
    file_->will_need(indices + cells.begin * kIndex, indices + cells.end * kIndex);
    file_->will_need(numbers + cells.begin * kNumber, numbers + cells.end * kNumber);
    rows.begin = first + mine.end;
  }
}

}  // namespace lockstep
