#pragma once

#include <string>
#include <vector>

#include "core/data/csv_columns.hpp"
#include "core/data/csv_dialect.hpp"
#include "core/data/file_list.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// Where the rows of a file begin.
struct CsvBody {
  Index begin = 0;  ///< byte
  Index line = 1;   ///< of the file, from 1
};

/// What the beginnings of files say of all their rows.
struct CsvHeads {
  CsvDialect dialect;
  std::string first_record;        ///< of the first file: the header, if there is one
  std::vector<std::string> names;  ///< of the columns: c0, c1, … without a header
  std::vector<CsvBody> bodies;     ///< of each file
  Index bytes_read = 0;            ///< by this rank
};

/// Rank 0 reads the beginnings of the files, finds out the dialect of the first one, and checks
/// that the others have the same header.
/// Throws DataError alike on all ranks. *Collective*; sends the first record.
CsvHeads read_csv_heads(Team& team, const std::vector<InputFile>& files, const CsvOptions& options);

}  // namespace lockstep
