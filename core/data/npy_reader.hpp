#pragma once

#include <string>
#include <vector>

#include "core/data/csv_columns.hpp"
#include "core/data/csv_part_reader.hpp"
#include "core/data/file_list.hpp"
#include "core/data/table.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// What is to be made of the columns, which are named c0, c1, …, and of the labels.
struct NpyOptions {
  /// As of a CSV file with these names. Where there are files of labels, these are the targets,
  /// whatever their names, and all columns may be features. Several columns of labels are targets
  /// where numbers are predicted and target_is_feature is false.
  CsvOptions columns;
  std::string labels_key = "data.train_labels";  ///< the option that names the files of labels
};

/// What `read_npy` gives to each rank.
struct NpyTable {
  Table table;  ///< numbers, and codes of categories; an even part of the rows
  std::vector<std::string> extra_columns;  ///< unknown to the schema; the same everywhere
  std::vector<CsvColumnNote> notes;        ///< columns of categories that the schema does not know
  NumberSpelling spelling;                 ///< of the numbers of all columns
  NumberSpelling labels_spelling;          ///< and of those of files of labels
  Index bytes_read = 0;                    ///< from files, by this rank
};

/// What the columns c0, c1, … are for, of which there are `width`. With files of labels, none is
/// the target. A set that must fit a schema has all of its columns, by name, and none beyond.
/// Throws DataError and ConfigError: "PATH: expected 4 columns, …".
CsvColumns assign_npy_columns(Index width, const NpyOptions& options, bool has_labels,
                              const std::string& path);

/// Reads .npy files of equally many columns as one table, their rows end to end; file i of
/// `labels`, when there are any, has the targets of file i of `files`.
///
/// An array of one dimension is one column. A cell is a number, as it is: 255 of `|u1` is 255.
/// Classes are named as in a CSV file of the same numbers; so are categories. NaN is a missing cell
/// where features are typed; otherwise NaN and infinity are a DataError on every rank, with the
/// first place in row order: "x.npy[17, 3]: expected a finite number in column 'c3', found nan".
/// Places are those of numpy, from 0 in each file.
///
/// A set that must fit a schema has all of its columns, by name, and none beyond: columns without
/// names of their own are told apart by their number alone.
/// Rows with wrong cells may be left out (CsvOptions::on_bad_row), with their labels; a class or a
/// category that the schema does not have is an error all the same.
/// Throws DataError and ConfigError alike on every rank.
/// *Collective*: each rank reads its own rows; sends headers, distinct classes and categories.
NpyTable read_npy(Team& team, const std::vector<InputFile>& files,
                  const std::vector<InputFile>& labels, const NpyOptions& options);

}  // namespace lockstep
