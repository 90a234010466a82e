#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/types.hpp"
#include "core/data/mapped_sparse_rows.hpp"
#include "core/kernel/sparse_product.hpp"
#include "core/transform/examples.hpp"

namespace lockstep {

/// The rows of a batch of sparse examples, for products: they are among those of the examples, or,
/// where these stay in their file, made for the batch.
template <class T>
class SparseBatch {
 public:
  explicit SparseBatch(const Examples<T>& examples) : examples_(examples) {}

  /// Row r of the batch is row locals[r] of the examples. The caller keeps `locals`.
  void choose(std::span<const Index> locals, int threads);

  /// Row r of the batch is row rows()[r] of features(). Good until the next choice.
  kernel::SparseRows<T> features() const;
  std::span<const Index> rows() const { return rows_; }

 private:
  void make(std::span<const Index> locals, int threads);

  const Examples<T>& examples_;
  std::span<const Index> rows_;
  // Of rows that are made.
  std::vector<MappedSparseRows::Cells> of_rows_;  ///< in the file
  std::vector<Index> numbers_;                    ///< 0, 1, …
  std::vector<Index> begins_;
  std::vector<std::uint32_t> columns_;
  std::vector<T> cells_;
};

}  // namespace lockstep
