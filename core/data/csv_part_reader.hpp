#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/data/class_labels.hpp"
#include "core/data/csv_columns.hpp"
#include "core/data/csv_pieces.hpp"
#include "core/data/csv_rows.hpp"
#include "core/data/csv_typed_column.hpp"
#include "core/data/row_places.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// A typed feature column whose cells a user may want to know of.
struct CsvColumnNote {
  std::string column;
  std::int64_t numbers = 0;  ///< cells that are numbers
  std::int64_t texts = 0;    ///< other cells that are not empty
  std::int64_t unknown = 0;  ///< cells of categories that the schema does not have
  CsvUnknown unknown_are = CsvUnknown::missing;
  /// The first of those that are not known or, where all are, of the fewer of numbers and texts.
  std::string example{};
  std::string place{};  ///< of it: "data/a.csv:17:3"
};

/// What is said of a column that mixes numbers and texts where that is not taken.
std::string mixed_column(const CsvColumnNote& note);

/// Completes a note by the first of the cells that the ranks have found, each at most one.
/// *Collective*; sends a text.
/// @param text    of this rank's cell
/// @param row     where it stands among the rows that all ranks have read; −1 for none
/// @param column  of the file, from 0
void find_example(Team& team, const std::string& text, Index row, Index column,
                  const RowPlaces& places, CsvColumnNote& note);

/// Reads one rank's part of CSV files, and agrees with the other ranks on what they all met: the
/// first wrong line, the types of the features. Made and used alike on all ranks.
class CsvPartReader {
 public:
  /// @param cut        this rank's part of the files
  /// @param delimiter  between fields
  CsvPartReader(Team& team, const std::vector<InputFile>& files, CsvPieces cut,
                const CsvColumns& columns, char delimiter, const CsvOptions& options);

  /// Reads the rows. The first wrong line in file order is thrown on every rank, unless it is left
  /// out; a rank that meets such lines reads its rows again, without them. *Collective*; sends
  /// counts.
  void read();

  /// The types of the features, from the rows of all ranks; none where features are numbers without
  /// gaps. Throws DataError for a column that mixes numbers and texts, where that is not taken.
  /// Reads the rows again where this rank stored numbers in a column of categories. After
  /// it, the part has indices of categories. *Collective*; sends the distinct categories.
  std::vector<ColumnType> agree_on_types();

  /// Where the rows of all ranks stand; after read().
  const RowPlaces& places() const { return places_; }

  /// The columns of categories that have numbers among them, or categories that are not known.
  /// *Collective*; sends counts and a text a column.
  std::vector<CsvColumnNote> notes();

  /// How the numbers of each feature are written; of categories nothing is known. After
  /// agree_on_types(), where it was asked for. *Collective*.
  std::vector<NumberSpelling> spellings();

  CsvPart& part() { return part_; }
  ClassLabels& labels() { return labels_; }  ///< of the target, not yet agreed on
  /// What this rank has left out.
  const BadRowRules& bad_rows() const { return bad_rows_; }
  Index bytes_read() const { return bytes_read_; }

 private:
  std::vector<ColumnKind> agree_on_kinds();
  void find_example_of(std::size_t feature, CsvColumnNote& note);
  [[noreturn]] void refuse_mixed(std::size_t feature, std::int64_t numbers, std::int64_t texts);
  void read_part();

  Team& team_;
  const std::vector<InputFile>& files_;
  CsvPieces cut_;
  const CsvColumns& columns_;
  char delimiter_;
  BadRowRules bad_rows_;
  ClassLabels first_labels_;  ///< as first_typed_, before a row is read
  ClassLabels labels_;
  std::vector<CsvTypedColumn> first_typed_;
  std::vector<CsvTypedColumn> typed_;  ///< by feature, or empty
  CsvPart part_;
  RowPlaces places_;
  Index bytes_read_ = 0;
};

}  // namespace lockstep
