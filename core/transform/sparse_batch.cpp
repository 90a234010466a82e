#include "core/transform/sparse_batch.hpp"

#include <algorithm>
#include <cassert>
#include <variant>

#include "core/parallel/threads.hpp"

namespace lockstep {
namespace {

constexpr Index kRowsOfATask = 64;

/// Room for so many; what is there already stays.
template <class V>
void room_for(std::vector<V>& values, Index count) {
  const auto size = static_cast<std::size_t>(count);
  if (values.size() < size) values.resize(size);
}

}  // namespace

template <class T>
void SparseBatch<T>::choose(std::span<const Index> locals, int threads) {
  assert(examples_.is_sparse);
  rows_ = locals;
  if (examples_.later) make(locals, threads);
}

template <class T>
kernel::SparseRows<T> SparseBatch<T>::features() const {
  if (!examples_.later) return examples_.sparse_rows();
  return {begins_.data(), columns_.data(), examples_.later->all_one ? nullptr : cells_.data()};
}

template <class T>
void SparseBatch<T>::make(std::span<const Index> locals, int threads) {
  const LaterRows& later = *examples_.later;
  const MappedSparseRows& file = std::get<MappedSparseRows>(later.table.values);
  const auto count = static_cast<Index>(locals.size());
  for (auto next = static_cast<Index>(numbers_.size()); next < count; ++next) {
    numbers_.push_back(next);
  }
  rows_ = std::span(numbers_).first(locals.size());
  room_for(of_rows_, count);
  room_for(begins_, count + 1);
  const auto for_each_row = [&](const auto& visit) {
    parallel_for(threads, (count + kRowsOfATask - 1) / kRowsOfATask, [&](Index task) {
      const Index end = std::min(count, (task + 1) * kRowsOfATask);
      for (Index r = task * kRowsOfATask; r < end; ++r) visit(static_cast<std::size_t>(r));
    });
  };
  for_each_row(
      [&](std::size_t r) { of_rows_[r] = file.cells_of(later.table.number_read(locals[r])); });
  for (std::size_t r = 0; r < locals.size(); ++r) {
    begins_[r + 1] = begins_[r] + static_cast<Index>(of_rows_[r].indices.size());
  }
  const Index cells = begins_[locals.size()];
  room_for(columns_, cells);
  if (!later.all_one) room_for(cells_, cells);
  const auto base = static_cast<std::uint32_t>(file.index_base());
  const std::vector<ColumnTransform>& columns = later.features.columns();
  for_each_row([&](std::size_t r) {
    const auto& [indices, numbers] = of_rows_[r];
    auto at = static_cast<std::size_t>(begins_[r]);
    for (std::size_t i = 0; i < indices.size(); ++i, ++at) {
      const std::uint32_t column = columns_[at] = indices[i] - base;
      if (later.all_one) continue;
      // A look at 100 000 scales takes longer than the rest.
      cells_[at] = static_cast<T>(later.is_unscaled ? numbers[i]
                                                    : columns[column].scaling.apply(numbers[i]));
    }
  });
}

template class SparseBatch<float>;
template class SparseBatch<double>;

}  // namespace lockstep
