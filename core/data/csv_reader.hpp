#pragma once

#include <string>
#include <vector>

#include "core/data/csv_columns.hpp"
#include "core/data/csv_part_reader.hpp"
#include "core/data/file_list.hpp"
#include "core/data/table.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// What `read_csv` gives to each rank.
struct CsvTable {
  Table table;  ///< numbers, and codes of categories
  std::vector<std::string>
      extra_columns;  ///< of the file, unknown to the schema; the same everywhere
  /// Columns of categories that have numbers among them, or categories that are not known; the
  /// same everywhere.
  std::vector<CsvColumnNote> notes;
  /// "a.csv:1" where that header ends with a delimiter, and the last column, which has no name, is
  /// used though nobody asked for it; the same everywhere.
  std::string unnamed_last{};
  std::vector<NumberSpelling> spellings{};  ///< by feature, where the options ask for them
  std::vector<Index> positions{};           ///< of the columns of the features in the files, from 0
  CsvDialect dialect;                       ///< of the files; the same everywhere
  Index bytes_read = 0;                     ///< by this rank
};

/// Reads CSV files with equal headers, or without, as one table, their rows end to end. Each rank
/// reads an even range of the bytes, once to count lines and quotes, then once to take the rows
/// that begin in it.
///
/// The first wrong line in file order is thrown on every rank as a DataError with its place:
/// "data/a.csv:17:3: expected a number in column 'pH', found 'n/a'".
/// Typed features (CsvOptions::features) get their types from all rows of all ranks. A rank reads
/// its range a second time when it met only numbers, at first, in a column of categories.
/// Gzip is known by its content: then a rank inflates a file from its beginning to the end of its
/// range, each time it reads, and one rank once more to know the size.
/// Requires at least one file, found by `find_input_files`.
/// *Collective*; sends the header, the distinct labels and categories and some counts, never a row.
CsvTable read_csv(Team& team, const std::vector<InputFile>& files, const CsvOptions& options);

}  // namespace lockstep
