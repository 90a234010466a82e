#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/large_pages.hpp"
#include "core/base/types.hpp"
#include "core/data/bad_rows.hpp"
#include "core/data/column_type.hpp"
#include "core/data/mapped_rows.hpp"
#include "core/data/mapped_sparse_rows.hpp"
#include "core/data/row_places.hpp"
#include "core/data/sparse_values.hpp"

namespace lockstep {

/// What the target column means.
enum class TargetKind { none, number, classes };

/// "a, b"
std::string joined_names(const std::vector<std::string>& names);

/// One rank's contiguous part of a data set, as read: rows in file order, values untouched.
///
/// Features are bytes (images; a value v means v/255) or numbers, row-major and without padding, or
/// sparse; all of them may stay in their file.
/// Over the team, `rows` of the ranks lie end to end and cover [0, total_rows).
struct Table {
  Range rows;            ///< global row numbers of the rows held here
  Index total_rows = 0;  ///< over all ranks
  Index features = 0;    ///< columns of a row

  using ByteValues = Buffer<std::uint8_t>;
  using NumberValues = Buffer<double>;
  /// rows.size() × features. Mapped are the rows of the file by the numbers that they were read
  /// with; all of them are numbers, missing, or bytes.
  std::variant<NumberValues, ByteValues, SparseValues, MappedRows, MappedSparseRows> values;

  TargetKind target_kind = TargetKind::none;
  /// rows.size() × targets(), row-major; a class is its index in class_names.
  std::vector<double> target;
  std::vector<std::string> class_names;    ///< the same on all ranks; empty unless classes
  std::vector<std::string> feature_names;  ///< `features` names
  /// `features` types, the same on all ranks; empty where all features are numbers and none is
  /// missing.
  std::vector<ColumnType> feature_types;
  /// `features` numbers of the columns, from 0, that they were read from, for messages; the same on
  /// all ranks; empty where they were not read from columns.
  std::vector<Index> file_columns{};
  /// One; or more numbers that are predicted together; none of data without a target.
  std::vector<std::string> target_names;
  /// Of each row held here, ≥ 0, when a column says so: with how much its loss counts in training.
  std::optional<std::vector<double>> weights{};
  RowPlaces places{};  ///< of all rows that were read, not only of those held here
  /// Of a part of the rows that were read, where others were split off (core/data/splits.hpp) or
  /// left out: the number that each row held here had among them, ascending. Of a whole data set
  /// there is none, on any rank.
  std::optional<std::vector<Index>> numbers_read{};
  BadRows bad_rows{};  ///< of the rows that were read, those that were left out as it was read

  /// Numbers, or the class, to predict of a row; 0 without a target.
  Index targets() const {
    return target_kind == TargetKind::none ? 0 : static_cast<Index>(target_names.size());
  }
  /// The targets() of row `local`.
  const double* targets_of(Index local) const { return target.data() + local * targets(); }
  /// For messages: of several targets "a, b".
  std::string target_name() const { return joined_names(target_names); }

  /// The number of row `local` among the rows that were read.
  Index number_read(Index local) const {
    return numbers_read ? (*numbers_read)[static_cast<std::size_t>(local)] : rows.begin + local;
  }

  /// Where a cell of row number `row` among all that were read stands: "data/a.csv:17:3"; of the
  /// row alone where the column is not known.
  std::string place_of(Index row, Index feature) const {
    return file_columns.empty() ? places.of(row)
                                : places.of(row, file_columns[static_cast<std::size_t>(feature)]);
  }

  /// The values, where they are sparse and in memory.
  const SparseValues* sparse() const { return std::get_if<SparseValues>(&values); }
  /// The values, where they are not sparse and stay in their file.
  const MappedRows* mapped() const { return std::get_if<MappedRows>(&values); }
  /// The values, where they are sparse and stay in their file.
  const MappedSparseRows* mapped_sparse() const { return std::get_if<MappedSparseRows>(&values); }

  bool is_sparse() const { return sparse() != nullptr || mapped_sparse() != nullptr; }
  /// The file that the values stay in; null where they do not.
  const MappedFile* file() const;
  bool stays_in_file() const { return file() != nullptr; }

  /// Writes row `local` (0 … rows.size()−1) as `features` numbers.
  void copy_row(Index local, double* out) const;
  /// Calls visit(column, number) for the cells of a row of a sparse table, ascending.
  template <class Visit>
  void for_each_cell(Index local, const Visit& visit) const;

  /// Advice: these rows are going to be read, where they stay in their file. Thread-safe.
  void will_need(Range locals) const;
};

template <class Visit>
void Table::for_each_cell(Index local, const Visit& visit) const {
  if (const SparseValues* cells = sparse()) {
    const auto columns = cells->columns_of(local);
    const auto numbers = cells->numbers_of(local);
    for (std::size_t i = 0; i < columns.size(); ++i) visit(columns[i], numbers[i]);
    return;
  }
  const auto& rows_of_file = std::get<MappedSparseRows>(values);
  const auto [indices, numbers] = rows_of_file.cells_of(number_read(local));
  const auto base = static_cast<std::uint32_t>(rows_of_file.index_base());
  for (std::size_t i = 0; i < indices.size(); ++i) visit(indices[i] - base, numbers[i]);
}

}  // namespace lockstep
