#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/large_pages.hpp"
#include "core/data/bad_rows.hpp"
#include "core/data/class_labels.hpp"
#include "core/data/csv_columns.hpp"
#include "core/data/csv_pieces.hpp"
#include "core/data/csv_typed_column.hpp"
#include "core/data/file_list.hpp"

namespace lockstep {

/// What a piece turned out to hold.
struct CsvPieceCount {
  Index file = 0;
  Index rows = 0;              ///< records that are not blank, bad rows among them
  Index blank_line = -1;       ///< number of the first of the blank lines at the end, if any
  bool blank_between = false;  ///< blank lines between rows were left out, as bad rows are
};

/// The first record of a rank that is no row.
struct CsvFailure {
  Index file = 0;
  Index line = 0;     ///< of the file, from 1
  Index column = -1;  ///< from 0; −1 when the whole record is wrong
  std::string problem;
};

/// One rank's rows, with class codes of its own for targets.
struct CsvPart {
  Buffer<double> values;  ///< rows × features
  std::vector<double> target;
  Index rows = 0;
  std::vector<CsvPieceCount> pieces;  ///< as far as they were read
  std::optional<CsvFailure> failure;  ///< in the last piece of the list
  std::vector<BadRow> bad_rows;       ///< numbered among all records of the part that are not blank
  Index bytes_read = 0;
};

/// Reads the rows of `pieces`, which are in file order, up to the first failure: a row that is
/// wrong or, where bad rows are left out, something that is wrong with more than a row.
/// @param bad_rows  what is done about rows that cannot be read
/// @param delimiter  between fields
/// @param labels  of the target, when that is classes
/// @param typed   a reader for each feature; none where features are numbers without gaps
/// Throws IoError. Rank-local.
CsvPart read_csv_part(const std::vector<InputFile>& files, const std::vector<CsvPiece>& pieces,
                      const CsvColumns& columns, char delimiter, const BadRowRules& bad_rows,
                      ClassLabels& labels, std::vector<CsvTypedColumn>& typed);

/// "data/a.csv:17:3"; "data/a.csv:17" for all of a row. Column from 0.
std::string csv_place(const std::string& path, Index line, Index column);

}  // namespace lockstep
