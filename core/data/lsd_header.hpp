#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/types.hpp"
#include "core/data/column_type.hpp"
#include "core/data/number_spelling.hpp"

namespace lockstep {

// An .lsd file holds a data set as it was read: a header, then blocks of rows in file order. All
// numbers are little-endian; each part begins at a multiple of 64 bytes and is followed by zeros up
// to the next.
//
//   preamble   64 bytes: magic (8), version (u32), 0 (u32), bytes of the description (u64), number
//              of blocks (u64), bytes of the file (u64), hash of the header (16), 0 (8)
//   description  JSON: what the columns are, and where they are from
//   directory  for each block: bytes (u64), cells of sparse rows (u64), hash (16)
//   blocks     of block_rows rows each, the last of fewer:
//                rows × columns doubles, row by row: numbers, or indices of texts; a missing cell
//                is NaN
//                rows × byte_columns bytes
//                sparse rows: cells of each row (u32), then index (u32) and number (f64) of each
//
// Hashes are XXH3 of 128 bits; that of the header is of all before the first block, with zeros in
// its place, and that of a block of all its bytes, with the zeros at its end.

/// Every part begins at a multiple of so many bytes.
inline constexpr Index kLsdAlignment = 64;

using LsdHash = std::array<std::uint64_t, 2>;  ///< low, high

LsdHash lsd_hash(std::span<const std::byte> bytes);

/// A column of numbers or texts.
struct LsdColumn {
  std::string name;
  Index position = 0;  ///< in the source, from 0
  ColumnType type;     ///< a category is a cell's text, as it was written
  NumberSpelling spelling;
  std::int64_t numbers = 0;  ///< cells that are numbers
  std::int64_t others = 0;   ///< cells of other texts
  std::int64_t missing = 0;
  double min = 0;  ///< of the numbers, if there are any
  double max = 0;

  friend bool operator==(const LsdColumn&, const LsdColumn&) = default;
};

/// A file that the data was read from.
struct LsdSource {
  std::string path;  ///< from the folder of the .lsd file
  Index size = 0;
  std::int64_t modified = 0;  ///< nanoseconds of the system's clock
  Index rows = 0;             ///< 0 of a file of labels
  Index first_line = 0;       ///< as of RowPlaces

  friend bool operator==(const LsdSource&, const LsdSource&) = default;
};

struct LsdBlock {
  Index bytes = 0;
  Index cells = 0;
  LsdHash hash{};

  friend bool operator==(const LsdBlock&, const LsdBlock&) = default;
};

struct LsdHeader {
  std::string format;                ///< of the source: csv, idx, libsvm or npy
  std::string reading;               ///< the options that say how texts were taken apart, as a text
  std::vector<std::string> missing;  ///< texts that stood for an empty cell
  std::vector<std::string> ignored;  ///< columns that were left out
  bool has_header = false;           ///< the names of the columns are from the source
  bool are_arrays = false;           ///< the rows are those of arrays
  bool has_labels = false;           ///< the last column is of files of labels
  std::vector<LsdSource> sources;
  std::vector<LsdColumn> columns;
  Index byte_columns = 0;
  bool sparse = false;
  /// Of sparse rows, as LibsvmTable has them.
  Index smallest_index = std::numeric_limits<Index>::max();
  Index largest_index = -1;
  Index rows = 0;
  Index block_rows = 1;
  std::vector<LsdBlock> blocks;

  Range rows_of(Index block) const;
  /// Bytes before the first block, as encode_lsd_header writes them.
  Index size() const;
  /// What a block has to be of these rows.
  Index bytes_of_block(Index rows_in_block, Index cells) const;

  friend bool operator==(const LsdHeader&, const LsdHeader&) = default;
};

/// The parts of a block, as places in it.
struct LsdBlockParts {
  Index bytes;    ///< where the columns of bytes begin
  Index lengths;  ///< where the numbers of cells begin
  Index indices;
  Index numbers;
  Index end;
};
LsdBlockParts parts_of_block(const LsdHeader& header, Index rows, Index cells);

/// The description; a header of the same but for its blocks has the same.
std::string describe_lsd(const LsdHeader& header);
/// All bytes before the first block.
std::vector<std::byte> encode_lsd_header(const LsdHeader& header);

/// Bytes before the first block, from the first 64 of a file of `file_size` bytes. Throws
/// DamagedLsd: "PATH: no .lsd file of this version (1); convert the data again".
Index lsd_header_size(const std::string& path, std::span<const std::byte> start, Index file_size);

/// Checks and takes apart these bytes. What it returns can be relied on: the blocks, of the sizes
/// that they must have, fill the file. Throws DamagedLsd: "PATH: the header is damaged (its hash
/// differs); convert the data again".
LsdHeader decode_lsd_header(const std::string& path, std::span<const std::byte> bytes,
                            Index file_size);

/// An .lsd file is not what it was when it was written, or is none:
/// "PATH: WHAT; convert the data again".
struct DamagedLsd : DataError {
  DamagedLsd(const std::string& path, const std::string& what);
  explicit DamagedLsd(const std::string& message) : DataError(message) {}
};

}  // namespace lockstep
