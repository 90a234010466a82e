#pragma once

#include <string>
#include <vector>

#include "core/data/file_list.hpp"
#include "core/data/range_file.hpp"

namespace lockstep {

/// The part of one file that one rank reads.
struct LibsvmPiece {
  Index file = 0;  ///< number of the file
  Range bytes;     ///< whole lines, without a byte order mark
};

/// This rank's part of the files, in their order.
struct LibsvmPieces {
  std::vector<LibsvmPiece> pieces;
  Index bytes_read = 0;
};

/// Cuts the bytes of all files evenly: a rank has the lines that begin in its range. Only the first
/// of its pieces may begin inside of a file. Throws IoError. Rank-local.
LibsvmPieces cut_libsvm(const std::vector<InputFile>& files, int ranks, int rank);

/// How much a piece holds.
struct LibsvmSize {
  Index lines = 0;   ///< as many rows at most,
  Index colons = 0;  ///< and as many pairs
};

/// The size of a piece: counted, of a large one (> 1 MiB) in looks at 64 places, and a sixteenth
/// more than they say. Throws IoError. Rank-local.
LibsvmSize size_of_piece(RangeFile& file, const LibsvmPiece& piece);

}  // namespace lockstep
