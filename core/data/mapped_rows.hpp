#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/types.hpp"

namespace lockstep {

/// Where rows of doubles stand in a file: in blocks of equally many, end to end, each row's cells
/// side by side.
struct RowLayout {
  Index begin = 0;        ///< byte of the first block
  Index block_rows = 1;   ///< the last block may have fewer
  Index block_bytes = 0;  ///< from block to block
  Index columns = 0;      ///< cells of a row
};

/// Rows of numbers that stay in their file, which is mapped: more of them than there is memory for.
/// Copies share the mapping. Whether the bytes are good has to be known before; a file that becomes
/// shorter while it is mapped ends the program.
class MappedRows {
 public:
  /// @param columns  of the file, by feature
  /// Throws MissingInputError, IoError.
  MappedRows(const std::string& path, const RowLayout& layout,
             const std::vector<std::size_t>& columns);

  /// Writes the features of a row of the file. Thread-safe.
  void copy_row(Index row, double* out) const;

  /// Advice: these rows of the file are going to be read. Thread-safe.
  void will_need(Range rows) const;

 private:
  /// Neighbouring cells that are neighbouring features.
  struct Run {
    Index column;
    Index count;
  };
  class Mapping;

  Index byte_of(Index row) const {
    return layout_.begin + row / layout_.block_rows * layout_.block_bytes +
           row % layout_.block_rows * layout_.columns * static_cast<Index>(sizeof(double));
  }

  std::shared_ptr<const Mapping> mapping_;
  RowLayout layout_;
  std::vector<Run> runs_;
};

}  // namespace lockstep
