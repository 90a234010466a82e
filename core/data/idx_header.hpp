#pragma once

#include <vector>

#include "core/data/range_file.hpp"

namespace lockstep {

/// What an IDX file says of itself: unsigned bytes in an array of one or more dimensions, the first
/// of which counts the items [LeCun, Cortes, Burges: the MNIST database].
struct IdxHeader {
  std::vector<Index> dimensions;
  Index item_size = 0;   ///< bytes of an item: the product of the other dimensions
  Index data_begin = 0;  ///< bytes of the header
  bool compressed = false;

  Index items() const { return dimensions.front(); }
};

/// Reads and checks the header, of gzip files too: the magic number, sizes that a file can have,
/// and, when it is not compressed, that it has exactly the bytes it promises.
/// Throws DataError, IoError. Rank-local.
IdxHeader read_idx_header(RangeFile& file);

/// True when the file, inflated where it is a gzip file, starts as an IDX file does: with 00 00;
/// and when it is a damaged gzip file.
bool looks_like_idx(const InputFile& file);

}  // namespace lockstep
