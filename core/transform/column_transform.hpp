#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/data/column_type.hpp"
#include "core/transform/column_options.hpp"
#include "core/transform/column_scaling.hpp"

namespace lockstep {

/// What one column of a table becomes, once it is fitted: one feature of numbers and of ordinal and
/// embedded categories, several of others, and at their end one that says where cells were missing.
/// In this order: a missing cell is filled, a category becomes numbers, numbers are scaled.
///
/// Cells are as in a Table: a number, the index of a category, or NaN for a missing cell. The
/// categories of a table begin with those of the training rows; indices beyond them are unknown.
struct ColumnTransform {
  /// More features of one column would be names of rows rather than categories.
  static constexpr Index kMostFeatures = 65536;
  static constexpr Index kMostDimensions = 1024;

  Encoding encoding = Encoding::none;  ///< none for a column of numbers, which is never encoded
  Index size = 0;       ///< categories of the training rows, or buckets of a hash; 0 for numbers
  Index dimension = 0;  ///< numbers that are learned for each category of an embedding
  /// What stands for a missing cell: a number, the index of a category, a bucket. None: an error.
  std::optional<double> fill{};
  bool indicator = false;
  UnknownCategory unknown = UnknownCategory::zero;
  ColumnScaling scaling{};  ///< of numbers and ordinal categories

  Index width() const;  ///< features that it makes
  /// It makes numbers that can be scaled.
  bool has_scale() const { return encoding == Encoding::none || encoding == Encoding::ordinal; }

  /// Appends their names: "age", "sex=female", "city#17", and "age_missing".
  void append_names(const std::string& column, const ColumnType& type,
                    std::vector<std::string>& names) const;

  /// Writes the features of a cell; false, and features that mean nothing, for one that has none.
  /// @param categories  of the table; needed by a hash alone
  /// Rank-local, thread-safe.
  bool apply(double cell, std::span<const std::string> categories, double* out) const;

  /// Why `apply` has refused a cell: "missing value in column 'age'".
  std::string problem(double cell, std::span<const std::string> categories,
                      const std::string& column) const;

  nlohmann::json to_json() const;
  /// Reads what to_json wrote for a column of this type of the training rows. Throws DataError
  /// with `place` in front for anything else.
  static ColumnTransform from_json(const std::string& place, const nlohmann::json& json,
                                   const ColumnType& type);

  friend bool operator==(const ColumnTransform&, const ColumnTransform&) = default;

 private:
  bool is_unknown(double cell) const;
  bool is_one_of_many() const { return encoding == Encoding::onehot || encoding == Encoding::hash; }
};

}  // namespace lockstep
