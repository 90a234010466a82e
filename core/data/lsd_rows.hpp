#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/data/class_labels.hpp"
#include "core/data/column_type.hpp"
#include "core/data/csv_columns.hpp"
#include "core/data/csv_typed_column.hpp"
#include "core/data/libsvm_columns.hpp"
#include "core/data/lsd_file.hpp"
#include "core/data/mapped_rows.hpp"
#include "core/data/row_places.hpp"
#include "core/data/table.hpp"

namespace lockstep {

/// How the columns of an .lsd file are read. Features are columns, bytes, or sparse.
struct LsdColumns {
  CsvColumns columns;                 ///< what each is for; of bytes and sparse rows nothing
  std::optional<std::size_t> target;  ///< the column that it is read from
  TargetKind target_kind = TargetKind::none;
  std::vector<std::size_t> columns_of{};  ///< by feature: the column that it is read from
  bool mapped = false;                    ///< features are looked at, and not taken
  Index index_base = 0;                   ///< of sparse rows: the index of the first column
  Index width = 0;                        ///< of sparse rows: the columns
  bool missing_features = false;          ///< a cell may be missing where rules take it
  bool missing_target = false;            ///< the same of a target that is a number
  std::vector<ColumnKind> kinds{};        ///< by feature
  std::vector<CsvTypedColumn> typed{};    ///< by feature: those of categories are used
  ClassLabels labels{};                   ///< of the target, when that is classes

  bool takes_missing(std::size_t feature) const {
    return missing_features && columns.rules[feature].takes_missing;
  }
};

/// The rows of one rank, with codes of its own for categories and classes. Indices of sparse rows
/// are those of the file.
struct LsdPart {
  std::variant<Table::NumberValues, Table::ByteValues, SparseValues> values;
  std::vector<double> target;
  /// Rows × the features that are carried behind the others, where those stay in the file.
  Buffer<double> carried;
  /// By feature, where those stay in the file: the codes of the cells of categories.
  std::vector<CellValues> codes;
  /// Of sparse rows that stay in the file: SparseRowLayout::begins of the blocks whose first rows
  /// these are, and what is left out.
  std::vector<Index> begins;
  LeftOut left_out;
  std::string failure;  ///< about the first cell that is wrong, after whose row nothing was read
  Index bytes_read = 0;
};

/// Reads the blocks that hold the rows `rows`, checks their hashes, and takes those rows. Nothing
/// that the blocks hold is relied on. Throws DamagedLsd about a damaged block: "a.lsd: block 17 is
/// damaged (its hash differs); convert the data again"; IoError. Rank-local.
LsdPart read_lsd_part(const LsdFile& lsd, Range rows, const RowPlaces& places, LsdColumns& how);

}  // namespace lockstep
