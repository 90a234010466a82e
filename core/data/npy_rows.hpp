#pragma once

#include <string>
#include <vector>

#include "core/base/large_pages.hpp"
#include "core/data/bad_rows.hpp"
#include "core/data/class_labels.hpp"
#include "core/data/column_type.hpp"
#include "core/data/csv_columns.hpp"
#include "core/data/csv_typed_column.hpp"
#include "core/data/npy_array.hpp"

namespace lockstep {

/// How the columns of arrays are read.
struct NpyColumns {
  CsvColumns columns;                   ///< what each is for
  bool missing_features = false;        ///< NaN in a feature is a missing cell, where rules take it
  bool missing_target = false;          ///< the same of a target that is a number
  std::vector<ColumnKind> kinds{};      ///< by feature; empty where all are numbers
  std::vector<CsvTypedColumn> typed{};  ///< by feature, as `kinds`: those of categories are used
  ClassLabels labels{};                 ///< of the target, when that is classes

  bool takes_missing(Index feature) const {
    return missing_features && columns.rules[static_cast<std::size_t>(feature)].takes_missing;
  }
  bool is_category(Index feature) const {
    return !kinds.empty() && kinds[static_cast<std::size_t>(feature)] == ColumnKind::category;
  }
};

/// The rows of one rank, with codes of its own for categories and classes.
struct NpyPart {
  Buffer<double> values;  ///< rows × features
  std::vector<double> target;
  std::string failure;  ///< about the first cell that is wrong, after whose row nothing was read
  std::vector<BadRow> bad_rows;  ///< where they are left out; numbered among `rows`
  Index bytes_read = 0;
};

/// Reads the rows `rows` of `arrays`, which are equally wide and lie end to end. Reads no bytes of
/// other rows and, in Fortran order, none of columns that are not used.
/// @param bad_rows  what is done about rows with wrong cells; those known to be bad have a place in
///                  the part, where anything may stand
/// Throws IoError, and DataError when there are too many classes or categories. Rank-local.
NpyPart read_npy_part(const std::vector<NpyArray>& arrays, Range rows, NpyColumns& how,
                      const BadRowRules& bad_rows);

/// Removes the bad rows from a part of `rows` rows; `bad_rows` are all that it has.
void remove_bad_rows(const BadRowRules& bad_rows, Index rows, NpyPart& part);

}  // namespace lockstep
