#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/types.hpp"
#include "core/data/class_labels.hpp"
#include "core/data/column_type.hpp"
#include "core/data/csv_columns.hpp"
#include "core/data/number_spelling.hpp"

namespace lockstep {

/// The first cell of some kind that a rank reads in a column.
struct FirstCell {
  Index row = -1;  ///< among the rows of this rank; −1 for none
  std::string text;
};

/// Reads the cells of one feature column whose type is found from its cells, or is known.
///
/// A column of which nothing else is known is numbers when every cell of all ranks that is not
/// empty is one; otherwise its cells are categories, numbers among them as they are written. An
/// empty cell is missing.
///
/// A rank that meets only numbers cannot know of the texts of others, and keeps no texts. So a
/// column that turns out to be categories after a rank has stored numbers is read twice there:
/// `is_to_be_read_again` says so, and the second reader is made `of_categories`.
class CsvTypedColumn {
 public:
  /// More would be names of rows rather than categories.
  static constexpr std::size_t kMostCategories = std::size_t{1} << 20;

  /// Of this kind, or of that which its cells show; its categories are yet to be found.
  /// @param category  one that the column has in any case, when it has categories; empty: none
  explicit CsvTypedColumn(std::optional<ColumnKind> kind, const std::string& category = "");
  /// Of the type that a model was trained with.
  CsvTypedColumn(const ColumnType& known, CsvUnknown unknown);

  /// What the table stores for the cell of the next row: a number, a code, or NaN for a missing
  /// cell. Nothing for text in a column that is known to be numbers, and for an unknown category
  /// that is refused.
  std::optional<double> value(std::string_view text);

  /// From here on, how numbers are written is found out too.
  void collect_spelling() { spelling_.emplace(); }
  bool collects_spelling() const { return spelling_.has_value(); }
  /// Of a column that collects it.
  const SpellingCollector& spelling() const { return *spelling_; }

  std::int64_t numbers() const { return numbers_; }  ///< cells that were numbers
  std::int64_t texts() const { return texts_; }      ///< cells that were neither empty nor numbers
  /// Cells of categories that are not known; 0 of a model that keeps none of the column.
  std::int64_t unknown() const { return unknown_; }
  const FirstCell& first_number() const { return first_number_; }
  const FirstCell& first_text() const { return first_text_; }
  const FirstCell& first_unknown() const { return first_unknown_; }

  /// The distinct texts of this rank alone are too many.
  bool too_many() const {
    return labels_.distinct() > kMostCategories || new_labels_.distinct() > kMostCategories;
  }

  bool is_to_be_read_again(ColumnKind agreed) const {
    return agreed == ColumnKind::category && stored_numbers_;
  }
  bool is_categories() const { return state_ == State::categories; }

  /// Agrees on the categories; `kind` is the same on all ranks. Makes codes indices. Unknown
  /// categories that are kept follow those of the model. *Collective* for categories that are not
  /// known: sends the distinct texts of this rank to every other one.
  ColumnType agree(Team& team, ColumnKind kind);

  /// The value in the table for what `value` returned, after `agree`.
  double final_value(double value) const;

 private:
  enum class State { open, numbers, categories };

  State state_ = State::open;
  CsvUnknown unknown_rule_ = CsvUnknown::missing;
  bool stored_numbers_ = false;
  std::int64_t numbers_ = 0;
  std::int64_t texts_ = 0;
  std::int64_t unknown_ = 0;
  Index rows_ = 0;
  FirstCell first_number_;
  FirstCell first_text_;
  FirstCell first_unknown_;
  ClassLabels labels_;
  ClassLabels new_labels_;  ///< of unknown categories that are kept
  std::optional<SpellingCollector> spelling_;
};

/// Agrees on the categories of all columns, which have these kinds and names. Makes the codes in
/// `values` (rows × columns) indices. Throws DataError about the first column of too many texts:
/// `data`, and what too_many_categories says. *Collective*, as CsvTypedColumn::agree.
std::vector<ColumnType> agree_on_types(Team& team, std::vector<CsvTypedColumn>& columns,
                                       const std::vector<ColumnKind>& kinds,
                                       const std::vector<std::string>& names,
                                       const std::string& data, std::span<double> values);

/// What is said, after a place, of a feature column with more than CsvTypedColumn::kMostCategories
/// texts.
std::string too_many_categories(const std::string& column);

}  // namespace lockstep
