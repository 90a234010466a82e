#pragma once

#include <string>
#include <vector>

#include "core/data/file_list.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// The part of one file that one rank reads.
struct LibsvmPiece {
  Index file = 0;    ///< number of the file
  Range bytes;       ///< whole lines, without a byte order mark
  Index line = 1;    ///< number of the first of them
  Index lines = 0;   ///< as many rows at most,
  Index colons = 0;  ///< and as many pairs
};

/// This rank's part of the files, in their order.
struct LibsvmPieces {
  std::vector<LibsvmPiece> pieces;
  Index bytes_read = 0;
};

/// Cuts the bytes of all files evenly: a rank has the lines that begin in its range. Each reads its
/// part once, to count.
/// *Collective*; a rank sends 16 bytes for each of its pieces to P−1 ranks.
LibsvmPieces cut_libsvm(Team& team, const std::vector<InputFile>& files);

}  // namespace lockstep
