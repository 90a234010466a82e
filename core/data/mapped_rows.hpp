#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/types.hpp"
#include "core/data/mapped_file.hpp"

namespace lockstep {

/// Where rows of doubles, or of bytes, stand in a file: in blocks of equally many, each row's cells
/// side by side.
struct RowLayout {
  std::vector<Index> blocks;  ///< byte of the first row of each
  Index block_rows = 1;       ///< the last block may have fewer
  Index columns = 0;          ///< cells of a row
  bool are_bytes = false;     ///< of images: v stands for v/255

  Index bytes_of_cell() const { return are_bytes ? 1 : static_cast<Index>(sizeof(double)); }
};

/// What the cells of a column stand for, by their bits: an index of a category, or NaN.
using CellValues = std::unordered_map<std::uint64_t, double>;

/// Rows of numbers that stay in their file, which is mapped: more of them than there is memory for.
/// Cells of categories may stand for others than they are; what they do belongs to a copy of the
/// rows, while all copies share the mapping. Whether the bytes are good has to be known before; a
/// cell of categories that is another later is NaN, and the file knows that it was changed.
class MappedRows {
 public:
  /// @param columns  of the file, by feature
  /// Throws MissingInputError, IoError.
  MappedRows(const std::string& path, RowLayout layout, const std::vector<std::size_t>& columns);

  /// From now on the cells of a feature are what `values` has for them, which is all that occur; a
  /// cell that is NaN stays so.
  void translate(std::size_t feature, CellValues values);
  /// From now on a cell of a feature of categories that was the index c is changed[c].
  void renumber(std::size_t feature, std::span<const double> changed);

  /// Writes the features of a row of the file. Thread-safe.
  void copy_row(Index row, double* out) const;
  /// One feature of a row of the file that holds doubles. Thread-safe.
  double cell(Index row, std::size_t feature) const;

  const MappedFile& file() const { return *file_; }
  /// Advice: these rows of the file are going to be read. Thread-safe.
  void will_need(Range rows) const;

 private:
  /// Neighbouring cells that are neighbouring features.
  struct Run {
    Index column;
    Index count;
  };
  struct Translation {
    std::size_t feature;
    std::shared_ptr<const CellValues> values;
  };

  const Translation* translation_of(std::size_t feature) const;
  double translated(const Translation& translation, double cell) const;
  /// Of a cell.
  Index byte_of(Index row, Index column) const {
    const auto block = static_cast<std::size_t>(row / layout_->block_rows);
    return layout_->blocks[block] +
           (row % layout_->block_rows * layout_->columns + column) * layout_->bytes_of_cell();
  }

  std::shared_ptr<const MappedFile> file_;
  std::shared_ptr<const RowLayout> layout_;
  std::vector<Run> runs_;
  std::vector<Translation> translations_;
};

}  // namespace lockstep
