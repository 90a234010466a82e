#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/large_pages.hpp"
#include "core/data/table.hpp"
#include "core/kernel/sparse_product.hpp"
#include "core/transform/column_scaling.hpp"
#include "core/transform/feature_transform.hpp"

namespace lockstep {

/// What rows are made of when they are read.
struct LaterRows {
  Table table;  ///< without targets and weights
  FeatureTransform features;
  // Of sparse rows.
  bool all_one = false;      ///< each cell of them becomes 1
  bool is_unscaled = false;  ///< no column has a scale
};

/// One rank's contiguous part of a data set, ready for products: features made of its columns and
/// converted to the type that training computes in; each row at a cache line, or without its zeros.
template <class T>
struct Examples {
  Range rows;  ///< global row numbers
  Index total_rows = 0;
  Index features = 0;
  bool is_sparse = false;  ///< which of the following; the same on all ranks

  Index stride = 0;  ///< elements from row to row; columns beyond `features` are 0
  Buffer<T> values;  ///< rows.size() × stride, unless they are made later

  /// Of a table whose rows stay in their file: each row is made anew whenever it is read.
  std::shared_ptr<const LaterRows> later{};

  // Of sparse rows, unless they are made later.
  Buffer<Index> begins;           ///< of the rows among the cells, and the end: never empty
  Buffer<std::uint32_t> columns;  ///< of each cell
  Buffer<T> cells;                ///< of each cell, but empty where all are 1

  Index target_count = 0;              ///< of a row: a class, numbers, or none
  std::vector<double> targets;         ///< rows.size() × target_count: scaled, or class indices
  std::vector<double> weights{};       ///< of the table; none where it has none
  std::vector<double> actual_targets;  ///< as in the data; the same as targets for classes

  RowPlaces places{};  ///< of the table, for messages
  std::optional<std::vector<Index>> numbers_read{};
  /// The number of row `local` among the rows that were read.
  Index number_read(Index local) const {
    return numbers_read ? (*numbers_read)[static_cast<std::size_t>(local)] : rows.begin + local;
  }

  /// Of a dense row that is not made later.
  const T* row(Index local) const { return values.data() + local * stride; }
  /// The features, where they are sparse and not made later.
  kernel::SparseRows<T> sparse_rows() const {
    return {begins.data(), columns.data(), cells.empty() ? nullptr : cells.data()};
  }
  /// Bytes of the features.
  Index memory_bytes() const;
  /// Advice: these rows are going to be read. Thread-safe.
  void will_need(Range locals) const;
};

/// Reads dense rows, for one thread.
template <class T>
class ExampleReader {
 public:
  explicit ExampleReader(const Examples<T>& examples);

  /// Writes `stride` elements of a row.
  void copy(Index local, T* out);

 private:
  const Examples<T>& examples_;
  std::vector<double> cells_;  ///< of a row that is made
  std::vector<double> row_;
};

/// Transforms and converts a table, a thread for each block of rows; nothing but the result is as
/// large as the table. Sparse rows stay sparse where the transform keeps zeros;
/// rows that stay in their file are made once to see that they can be, and then when they are read.
/// Throws DataError for the first row that the transform refuses ("a.csv:8: missing value in
/// column 'age'"), or that has a value that T cannot hold. Rank-local.
/// @param targets  scaling of each target, where these are numbers that are scaled
template <class T>
Examples<T> make_examples(const Table& table, const FeatureTransform& features,
                          const std::vector<ColumnScaling>& targets, int threads);
/// The same of a table that is needed no more: the memory of its numbers is given back to the
/// system on the way (release_memory), so that the two never stand there whole.
template <class T>
Examples<T> make_examples(Table&& table, const FeatureTransform& features,
                          const std::vector<ColumnScaling>& targets, int threads);

}  // namespace lockstep
