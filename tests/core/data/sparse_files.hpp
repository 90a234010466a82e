#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/data/mapped_sparse_rows.hpp"
#include "core/data/sparse_values.hpp"
#include "tests/core/format/temporary_directory.hpp"

namespace lockstep::test {

/// Rows without most of their cells, some without any: row r has column c where the two say so.
inline SparseValues scattered_rows(Index rows, Index columns) {
  SparseValues values;
  values.begins.push_back(0);
  for (Index r = 0; r < rows; ++r) {
    for (Index c = r % 3; c < columns && r % 11 != 4; c += 1 + (r * 7 + c) % 5) {
      values.columns.push_back(static_cast<std::uint32_t>(c));
      values.numbers.push_back(static_cast<double>(r) - static_cast<double>(c) / 8);
      if (values.numbers.back() == 0) values.numbers.back() = 3;
    }
    values.begins.push_back(values.cells());
  }
  return values;
}

/// Writes rows to a file of this path, in blocks, and maps it.
/// @param index_base  that the file has for the first column
/// @param columns     that are asked of it
inline MappedSparseRows mapped_rows(const std::string& path, const SparseValues& rows,
                                    Index block_rows, Index index_base, Index columns) {
  SparseRowLayout layout;
  layout.block_rows = block_rows;
  layout.index_base = index_base;
  layout.columns = columns;
  std::string bytes;
  const auto put = [&](const auto& values) {
    bytes.resize((bytes.size() + 63) / 64 * 64);
    const auto begin = static_cast<Index>(bytes.size());
    bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(values[0]));
    return begin;
  };
  for (Index first = 0; first < rows.rows(); first += block_rows) {
    std::vector<std::uint32_t> lengths;
    std::vector<std::uint32_t> indices;
    std::vector<double> numbers;
    for (Index r = first; r < std::min(rows.rows(), first + block_rows); ++r) {
      if ((r - first) % SparseRowLayout::kStep == 0) {
        layout.begins.push_back(static_cast<Index>(indices.size()));
      }
      lengths.push_back(static_cast<std::uint32_t>(rows.cells_of(r).size()));
      for (const std::uint32_t column : rows.columns_of(r)) {
        indices.push_back(column + static_cast<std::uint32_t>(index_base));
      }
      const auto of_row = rows.numbers_of(r);
      numbers.insert(numbers.end(), of_row.begin(), of_row.end());
    }
    SparseRowLayout::Block& block = layout.blocks.emplace_back();
    block.lengths = put(lengths);
    block.indices = put(indices);
    block.numbers = put(numbers);
    block.cells = static_cast<Index>(indices.size());
  }
  put_content(path, bytes);
  return {path, std::move(layout)};
}

}  // namespace lockstep::test
