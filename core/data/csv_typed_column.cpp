#include "core/data/csv_typed_column.hpp"

#include <fmt/format.h>

#include <cassert>
#include <cmath>
#include <limits>

#include "core/base/error.hpp"

namespace lockstep {

CsvTypedColumn::CsvTypedColumn(std::optional<ColumnKind> kind, const std::string& category) {
  if (kind) state_ = *kind == ColumnKind::number ? State::numbers : State::categories;
  if (!category.empty()) labels_.code(category);
}

CsvTypedColumn::CsvTypedColumn(const ColumnType& known, CsvUnknown unknown)
    : state_(known.kind == ColumnKind::number ? State::numbers : State::categories),
      unknown_rule_(unknown),
      labels_(known.categories) {}

std::optional<double> CsvTypedColumn::value(std::string_view text) {
  constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
  const Index row = rows_++;
  if (text.empty()) return kMissing;
  double number = 0;
  const bool is_number = parse_csv_number(text, number);
  if (++(is_number ? numbers_ : texts_) == 1) {
    (is_number ? first_number_ : first_text_) = {row, std::string(text)};
  }
  if (state_ == State::numbers && !is_number) return std::nullopt;
  if (state_ != State::categories && is_number) {
    if (spelling_) spelling_->add(text, number);
    stored_numbers_ = true;
    return number;
  }
  state_ = State::categories;
  if (const std::optional<Index> code = labels_.code(text)) return static_cast<double>(*code);
  const std::size_t known = labels_.names().size();
  if (known > 0 && ++unknown_ == 1) first_unknown_ = {row, std::string(text)};
  if (unknown_rule_ == CsvUnknown::missing) return kMissing;
  if (unknown_rule_ == CsvUnknown::refused) return std::nullopt;
  return static_cast<double>(known) + static_cast<double>(*new_labels_.code(text));
}

ColumnType CsvTypedColumn::agree(Team& team, ColumnKind kind) {
  if (kind == ColumnKind::number) return {};
  assert(!is_to_be_read_again(kind));
  state_ = State::categories;
  labels_.agree(team);
  ColumnType type{ColumnKind::category, labels_.names()};
  if (unknown_rule_ == CsvUnknown::kept) {
    new_labels_.agree(team);
    type.categories.insert(type.categories.end(), new_labels_.names().begin(),
                           new_labels_.names().end());
  }
  return type;
}

double CsvTypedColumn::final_value(double value) const {
  if (state_ != State::categories || std::isnan(value)) return value;
  const auto code = static_cast<Index>(value);
  const auto known = static_cast<Index>(labels_.names().size());
  if (unknown_rule_ == CsvUnknown::kept && code >= known) {
    return static_cast<double>(known + new_labels_.index_of_code(code - known));
  }
  return static_cast<double>(labels_.index_of_code(code));
}

std::vector<ColumnType> agree_on_types(Team& team, std::vector<CsvTypedColumn>& columns,
                                       const std::vector<ColumnKind>& kinds,
                                       const std::vector<std::string>& names,
                                       const std::string& data, std::span<double> values) {
  std::vector<ColumnType> types;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    types.push_back(columns[j].agree(team, kinds[j]));
    if (types.back().categories.size() > CsvTypedColumn::kMostCategories) {
      throw DataError(data + ": " + too_many_categories(names[j]));
    }
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = columns[i % columns.size()].final_value(values[i]);
  }
  return types;
}

std::string too_many_categories(const std::string& column) {
  return fmt::format("more than {} different texts in column {}; leave it out (data.ignore)",
                     CsvTypedColumn::kMostCategories, quoted(column));
}

}  // namespace lockstep
