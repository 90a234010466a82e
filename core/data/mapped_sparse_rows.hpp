#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/types.hpp"
#include "core/data/mapped_file.hpp"

namespace lockstep {

/// Where sparse rows stand in a file: in blocks of equally many, a block's arrays one behind the
/// other.
struct SparseRowLayout {
  struct Block {
    Index lengths = 0;  ///< byte of the numbers of cells of its rows (u32)
    Index indices = 0;  ///< byte of the index of each cell (u32), ascending in a row
    Index numbers = 0;  ///< byte of the number of each cell (f64)
    Index cells = 0;
  };
  /// The cells before a row are counted from the row before that is a multiple of this.
  static constexpr Index kStep = 64;

  std::vector<Block> blocks;
  Index block_rows = 1;       ///< the last block may have fewer
  std::vector<Index> begins;  ///< of rows 0, kStep, … of each block: cells of the block before it
  Index index_base = 0;       ///< of the first column
  Index columns = 0;          ///< cells of indices beyond are left out
};

/// Sparse rows that stay in their file, which is mapped: more of them than there is memory for.
/// Copies share the mapping. Whether the bytes are good has to be known before; where they are
/// others later, rows have no cells, and the file knows that it was changed.
class MappedSparseRows {
 public:
  /// Of one row, in its file.
  struct Cells {
    std::span<const std::uint32_t> indices;  ///< the column, and index_base more
    std::span<const double> numbers;         ///< never +0
  };

  /// Throws MissingInputError, IoError.
  MappedSparseRows(const std::string& path, SparseRowLayout layout);

  /// The cells of a row of the file that have columns. Thread-safe. O(kStep + cells).
  Cells cells_of(Index row) const;
  Index index_base() const { return layout_->index_base; }

  const MappedFile& file() const { return *file_; }
  /// Advice: these rows of the file are going to be read. Thread-safe.
  void will_need(Range rows) const;

 private:
  const SparseRowLayout::Block& block(Index number) const {
    return layout_->blocks[static_cast<std::size_t>(number)];
  }
  /// Cells of a block before its row step·kStep; all of them where it has no such row.
  Index cells_before(Index block, Index step) const;

  std::shared_ptr<const MappedFile> file_;
  std::shared_ptr<const SparseRowLayout> layout_;
};

}  // namespace lockstep
