#pragma once

#include <vector>

#include "core/data/csv_heads.hpp"
#include "core/data/file_list.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// The part of one file that one rank reads.
struct CsvPiece {
  Index file = 0;              ///< number of the file
  Range bytes;                 ///< the records that begin here
  Index body_begin = 0;        ///< where the file's first record after the header begins
  bool begins_quoted = false;  ///< inside of a quoted field
  Index line = 1;              ///< number of the line in which it begins
  Index most_rows = 0;         ///< no more records begin here
};

/// This rank's even part of the bytes after the headers, cut at the borders of files.
struct CsvPieces {
  std::vector<CsvPiece> pieces;
  /// Of each file the line of its first row, if no row spans several; otherwise 0. The same
  /// everywhere.
  std::vector<Index> first_lines;
  Index bytes_read = 0;
};

/// Cuts the files. Whether a piece begins inside of quotes, and in which line, follows from what
/// all ranks count in theirs: so each rank reads its part once before its rows are taken from it.
/// *Collective*; a rank sends 32 bytes for each of its pieces to P−1 ranks.
CsvPieces cut_csv(Team& team, const std::vector<InputFile>& files, const CsvHeads& heads);

}  // namespace lockstep
