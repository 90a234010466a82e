#include "core/data/split_categories.hpp"

#include <cassert>
#include <cmath>
#include <limits>
#include <optional>
#include <variant>

#include "core/data/class_labels.hpp"

namespace lockstep {
namespace {

std::size_t to_size(double category) { return static_cast<std::size_t>(category); }

/// Calls `visit(local row, cell)` for the cells of a column that are not missing.
template <class Visit>
void for_each_cell(const Table& table, std::size_t column, const Visit& visit) {
  const MappedRows* mapped = table.mapped();
  const auto* numbers = std::get_if<Table::NumberValues>(&table.values);
  const auto features = static_cast<std::size_t>(table.features);
  for (Index i = 0; i < table.rows.size(); ++i) {
    const double cell = mapped != nullptr
                            ? mapped->cell(table.number_read(i), column)
                            : (*numbers)[static_cast<std::size_t>(i) * features + column];
    if (!std::isnan(cell)) visit(i, cell);
  }
}

/// Makes the cells of a column that are the index c changed[c].
void change_cells(Table& table, std::size_t column, const std::vector<double>& changed) {
  if (auto* mapped = std::get_if<MappedRows>(&table.values)) {
    return mapped->renumber(column, changed);
  }
  auto& numbers = std::get<Table::NumberValues>(table.values);
  const auto features = static_cast<std::size_t>(table.features);
  for (std::size_t at = column; at < numbers.size(); at += features) {
    if (!std::isnan(numbers[at])) numbers[at] = changed[to_size(numbers[at])];
  }
}

/// The categories that rows of some rank have, and `always`. *Collective*.
std::vector<std::string> categories_of_rows(Team& team, const Table& table, std::size_t column,
                                            const std::string& always) {
  const std::vector<std::string>& all = table.feature_types[column].categories;
  ClassLabels labels;
  guard(team, "finding categories", [&] {
    std::vector<char> occurs(all.size());
    for_each_cell(table, column, [&](Index, double cell) { occurs[to_size(cell)] = 1; });
    for (std::size_t c = 0; c < all.size(); ++c) {
      if (occurs[c] != 0) labels.code(all[c]);
    }
    if (!always.empty()) labels.code(always);
  });
  labels.agree(team);
  return labels.names();
}

/// The first unknown cell over all ranks, with the number of them. *Collective*.
void complete(Team& team, const Table& table, Index first_row, std::int64_t cells,
              const std::string& category, UnknownCells& found) {
  const std::string mine =
      first_row < 0 ? "" : table.places.of(table.number_read(first_row)) + '\0' + category;
  const std::int64_t all = sum_over(team, cells);
  for (const std::string& text : all_gather_text(team, mine)) {
    if (text.empty() || !found.place.empty()) continue;
    found.place = text.substr(0, text.find('\0'));
    found.first = text.substr(text.find('\0') + 1);
  }
  found.cells += all;
}

/// One column of a table gets categories that begin with `known`. *Collective*.
void renumber(Team& team, Table& table, std::size_t column, const std::vector<std::string>& known,
              SplitOffCategory unknown, UnknownCells& found) {
  ColumnType& type = table.feature_types[column];
  ClassLabels others;
  std::vector<double> changed;  // by category
  std::int64_t cells = 0;
  Index first_row = -1;
  std::string first;
  const auto number = [&](ClassLabels names, Index first_index) {
    for (std::size_t c = 0; c < changed.size(); ++c) {
      const std::optional<Index> index = names.code(type.categories[c]);
      if (index && std::isnan(changed[c])) changed[c] = static_cast<double>(first_index + *index);
    }
  };
  guard(team, "renumbering categories", [&] {
    changed.assign(type.categories.size(), std::numeric_limits<double>::quiet_NaN());
    number(ClassLabels(known), 0);
    std::vector<char> met(changed.size());
    for_each_cell(table, column, [&](Index row, double cell) {
      const std::size_t c = to_size(cell);
      if (!std::isnan(changed[c])) return;
      if (++cells == 1) {
        first_row = row;
        first = type.categories[c];
      }
      if (met[c] == 0) others.code(type.categories[c]);
      met[c] = 1;
    });
  });
  complete(team, table, first_row, cells, first, found);
  others.agree(team);
  guard(team, "renumbering categories", [&] {
    const bool keeps = unknown == SplitOffCategory::kept;
    if (keeps) number(ClassLabels(others.names()), static_cast<Index>(known.size()));
    change_cells(table, column, changed);
    type.categories = known;
    if (!keeps) return;
    type.categories.insert(type.categories.end(), others.names().begin(), others.names().end());
  });
}

}  // namespace

std::vector<UnknownCells> narrow_categories(Team& team, Table& train,
                                            const std::vector<Table*>& split_off,
                                            const std::vector<std::string>& always,
                                            SplitOffCategory unknown) {
  std::vector<UnknownCells> unknown_cells;
  for (std::size_t j = 0; j < train.feature_types.size(); ++j) {
    if (train.feature_types[j].kind != ColumnKind::category) continue;
    const std::vector<std::string> known =
        categories_of_rows(team, train, j, j < always.size() ? always[j] : std::string());
    if (known == train.feature_types[j].categories) continue;
    UnknownCells found{j};
    for (Table* table : split_off) renumber(team, *table, j, known, unknown, found);
    UnknownCells none;
    renumber(team, train, j, known, unknown, none);
    assert(none.cells == 0);
    if (found.cells > 0) unknown_cells.push_back(found);
  }
  return unknown_cells;
}

}  // namespace lockstep
