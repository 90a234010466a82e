#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/types.hpp"
#include "core/data/bad_rows.hpp"
#include "core/data/file_list.hpp"
#include "core/data/libsvm_columns.hpp"
#include "core/data/schema.hpp"
#include "core/data/table.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// What is to be made of the labels and indices.
struct LibsvmOptions {
  TargetKind target_kind = TargetKind::classes;  ///< none: labels are checked, and left out
  /// Of the training data, for a set that must fit it. Its features are c0, c1, … in this order,
  /// without categories.
  std::optional<TableSchema> schema;
  /// What the first feature is called in the files, 0 or 1; none: 0 where that index occurs in any
  /// of them, otherwise 1.
  std::optional<Index> index_base;
  bool typed = false;  ///< without a schema: the table states the types of its features
  OnBadRow on_bad_row = OnBadRow::fail;
};

/// What `read_libsvm` gives to each rank.
struct LibsvmTable {
  Table table;           ///< sparse; about an even part of the bytes
  Index index_base = 0;  ///< of the files; the same everywhere
  /// Without a schema, "data/a.svm:7" of the first row with the largest index where the features
  /// are more than a million and more than the cells of all rows: the index may be a mistake. The
  /// same everywhere.
  std::string widest_place{};
  /// Cells, but those of 0, in features that the schema does not have; the same everywhere.
  AllLeftOut left_out{};
  Index smallest_index = 0;  ///< of pairs, also of those of 0; the largest Index without any
  Index largest_index = -1;
  Index bytes_read = 0;  ///< by this rank
};

/// Reads LIBSVM files [Chang and Lin 2011; SVMlight, Joachims 1999] as one table, their rows end to
/// end.
///
///   label index:value index:value … # comment
///
/// Fields stand between blanks. The first is the label, a number; classes are named as in CSV. A
/// qid:N behind it is left out. Pairs may stand in any order, an index in one pair alone. Values
/// that are 0 (not −0) are not stored, but count for the width: features c0, c1, … up to the
/// largest index of all ranks, or those of the schema. Lines without a label are none; a row may
/// have a label alone.
///
/// The first wrong line in file order is thrown on every rank as a DataError with its place, file,
/// line, and number of the field from 1: "data/a.svm:17:3: expected a number as the value, found
/// '7:nan'". Each rank reads an even range of the bytes, once, after a look at some of them, to
/// take the rows that begin in it into memory of about the right size; a rank that leaves out bad
/// rows takes its rows twice. Requires at least one file, found by `find_input_files`.
/// *Collective*; sends the distinct labels and some counts, never a row.
LibsvmTable read_libsvm(Team& team, const std::vector<InputFile>& files,
                        const LibsvmOptions& options);

}  // namespace lockstep
