#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/data/bad_rows.hpp"
#include "core/data/class_labels.hpp"
#include "core/data/file_list.hpp"
#include "core/data/libsvm_pieces.hpp"
#include "core/data/sparse_values.hpp"
#include "core/data/table.hpp"

namespace lockstep {

/// What is to be made of rows.
struct LibsvmRowOptions {
  TargetKind target_kind = TargetKind::classes;
  std::string target_name;
  Index first_index = 0;  ///< smaller ones are errors
};

// Where the lines of a rank stand in the file, the ranks before it know when they have read theirs:
// until then they are numbered in their piece, from 1.

/// What a piece turned out to hold.
struct LibsvmPieceCount {
  Index file = 0;
  Index lines = 0;
  Index rows = 0;        ///< bad rows among them
  Index first_line = 0;  ///< of a row; 0 without rows
  Index last_line = 0;
};

/// A place in a part.
struct LibsvmPlace {
  Index piece = 0;
  Index line = 0;
  Index field = 0;  ///< of the line, from 1, which is the label; 0 when the whole line is wrong
};

/// The first row of a rank that is none.
struct LibsvmFailure {
  LibsvmPlace place;
  std::string problem;
};

/// One rank's rows, with indices as they stand in the file and class codes of its own.
struct LibsvmPart {
  SparseValues values;
  std::vector<double> target;
  Index rows = 0;
  Index smallest_index = std::numeric_limits<Index>::max();  ///< of pairs, those of 0 among them
  Index largest_index = -1;
  Index largest_row = -1;                ///< the first that has it, of those that are kept
  std::vector<LibsvmPieceCount> pieces;  ///< as far as they were read
  std::optional<LibsvmFailure> failure;  ///< in the last piece of the list
  std::vector<BadRow> bad_rows;          ///< numbered among all rows of the part; without a place
  std::vector<LibsvmPlace> bad_places;   ///< of each of them
  Index bytes_read = 0;
};

/// Reads the rows of `pieces`, which are in file order, up to the first failure: a row that is
/// wrong or, where bad rows are left out, a label that is wrong for more than its row.
/// @param bad_rows  what is done about rows that cannot be read
/// @param labels  of the target, when that is classes
/// Throws IoError. Rank-local.
LibsvmPart read_libsvm_part(const std::vector<InputFile>& files,
                            const std::vector<LibsvmPiece>& pieces, const LibsvmRowOptions& options,
                            const BadRowRules& bad_rows, ClassLabels& labels);

/// "data/a.svm:17:3"; "data/a.svm:17" for all of a line. Field from 1.
std::string libsvm_place(const std::string& path, Index line, Index field);

}  // namespace lockstep
