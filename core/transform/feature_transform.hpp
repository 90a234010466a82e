#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/schema.hpp"
#include "core/data/table.hpp"
#include "core/parallel/team.hpp"
#include "core/transform/column_transform.hpp"

namespace lockstep {

/// What the rows of a table become before a network sees them: each column by its own
/// ColumnTransform, their features side by side in the order of the columns. A function of the
/// training rows and of the options alone, stored in the model and applied alike to all its data.
class FeatureTransform {
 public:
  /// Of no columns.
  FeatureTransform() = default;

  /// @param schema   of the training rows
  /// @param columns  one a feature of the schema (asserted)
  FeatureTransform(const TableSchema& schema, std::vector<ColumnTransform> columns);

  /// Fits to the training rows, the same on all ranks and for any number of them and of threads.
  /// Each step is fitted to what the step before makes of the rows: scales to filled cells.
  /// Requires whole RowBlocks(total_rows) on every rank, and finite numbers or NaN.
  /// @param options  one a column of the table (asserted)
  /// Throws alike on all ranks. DataError for a column without a cell to learn from, with missing
  /// cells and no imputation, with categories and no encoding, with values too large, or with a
  /// name that two features would have; ConfigError for a `fill` that the column cannot take, and
  /// for the mean or median of categories, where cells are missing.
  /// *Collective*; sends counts of categories, histograms of quantiles, moments of row blocks, and
  /// for the most frequent number of a column its distinct numbers. A rank holds 16 columns of its
  /// rows more, at most.
  static FeatureTransform fit(Team& team, const Table& table,
                              std::span<const ColumnOptions> options, int threads);

  Index sources() const { return static_cast<Index>(columns_.size()); }  ///< columns of a table
  Index width() const { return static_cast<Index>(names_.size()); }      ///< features made of them
  const std::vector<std::string>& names() const { return names_; }       ///< of the features
  const std::vector<ColumnTransform>& columns() const { return columns_; }

  /// Whether each column becomes one feature, and 0 becomes 0: then sparse rows stay sparse.
  bool keeps_zeros() const;

  /// Writes the features of a row; false for a row that has none.
  /// @param row    `sources()` cells of a table
  /// @param types  of the table, whose categories begin with those of the training rows; or none,
  ///               where all columns are numbers
  /// @param out    `width()` numbers
  /// Rank-local, thread-safe.
  bool apply(std::span<const double> row, std::span<const ColumnType> types,
             std::span<double> out) const;

  /// Why `apply` has refused a row: the problem of its first column that has one.
  std::string problem(std::span<const double> row, std::span<const ColumnType> types) const;

  /// {"columns": [{"fill": 3.5, "scaling": {…}}, …], "version": 1}, without names: the schema has
  /// them. from_text reads it back with the same bits.
  std::string to_text() const;
  /// Reads a text of `to_text` for the schema that the model has. Throws DataError with `place` in
  /// front when it is anything else.
  static FeatureTransform from_text(const std::string& place, std::string_view text,
                                    const TableSchema& schema);

 private:
  std::vector<std::string> sources_;  ///< names of the columns
  std::vector<ColumnTransform> columns_;
  std::vector<std::string> names_;
};

}  // namespace lockstep
