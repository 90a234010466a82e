#include "core/data/mapped_sparse_rows.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace lockstep {

MappedSparseRows::MappedSparseRows(const std::string& path, SparseRowLayout layout)
    : file_(std::make_shared<const MappedFile>(path)),
      layout_(std::make_shared<const SparseRowLayout>(std::move(layout))) {}

MappedSparseRows::Cells MappedSparseRows::cells_of(Index row) const {
  constexpr Index kStep = SparseRowLayout::kStep;
  const SparseRowLayout::Block& block = block_of(row);
  const Index steps = (layout_->block_rows + kStep - 1) / kStep;  // of a block
  const Index r = row % layout_->block_rows;
  const auto step = static_cast<std::size_t>(row / layout_->block_rows * steps + r / kStep);
  const auto* const lengths = file_->values_at<std::uint32_t>(block.lengths);
  const Index begin =
      std::accumulate(lengths + r / kStep * kStep, lengths + r, layout_->begins[step]);
  const auto* const indices = file_->values_at<std::uint32_t>(block.indices) + begin;
  Index count = lengths[r];
  // They ascend: those that are left out stand at the end.
  const Index end = layout_->index_base + layout_->columns;
  if (count > 0 && static_cast<Index>(indices[count - 1]) >= end) {
    count = std::lower_bound(indices, indices + count, end) - indices;
  }
  const auto size = static_cast<std::size_t>(count);
  return {{indices, size}, {file_->values_at<double>(block.numbers) + begin, size}};
}

void MappedSparseRows::will_need(Range rows) const {
  if (rows.empty()) return;
  const SparseRowLayout::Block& last = block_of(rows.end - 1);
  file_->will_need(block_of(rows.begin).lengths,
                   last.numbers + last.cells * static_cast<Index>(sizeof(double)));
}

}  // namespace lockstep
