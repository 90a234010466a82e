#pragma once

#include "core/data/file_list.hpp"
#include "core/data/range_file.hpp"
#include "core/format/npy_header.hpp"

namespace lockstep {

/// A .npy file whose header has been read, and the rows that it holds of those of all files.
struct NpyArray {
  InputFile file;
  NpyHeader header;  ///< of one or two dimensions; one is a single column
  Range rows;

  Index columns() const { return header.shape.size() == 1 ? 1 : header.shape[1]; }
  Index item_size() const { return size_of(header.type); }
};

/// Reads and checks the header: rows of columns of numbers, none of them 0, and exactly the bytes
/// that they take. Throws DataError, IoError. Rank-local.
NpyHeader read_npy_header(RangeFile& file);

/// True when the file starts as a .npy file or, to be refused by its name, as a .npz file.
bool looks_like_npy(const InputFile& file);

}  // namespace lockstep
