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

/// Calls `change(local row, cell)` for the cells of a column that are not missing.
template <class Change>
void for_each_cell(Table& table, std::size_t column, const Change& change) {
  auto& values = std::get<Table::NumberValues>(table.values);
  const auto features = static_cast<std::size_t>(table.features);
  for (Index i = 0; i < table.rows.size(); ++i) {
    double& cell = values[static_cast<std::size_t>(i) * features + column];
    if (!std::isnan(cell)) change(i, cell);
  }
}

/// The categories that rows of some rank have, and `always`. *Collective*.
std::vector<std::string> categories_of_rows(Team& team, Table& table, std::size_t column,
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
  ClassLabels labels(known);
  ClassLabels others;
  std::vector<std::optional<Index>> index;       // of each category: among the known ones,
  std::vector<std::optional<Index>> other_code;  // or its code among the others
  std::int64_t cells = 0;
  Index first_row = -1;
  std::string first;
  guard(team, "renumbering categories", [&] {
    for (const std::string& category : type.categories) index.push_back(labels.code(category));
    other_code.resize(index.size());
    for_each_cell(table, column, [&](Index row, double cell) {
      const std::size_t c = to_size(cell);
      if (index[c]) return;
      if (++cells == 1) {
        first_row = row;
        first = type.categories[c];
      }
      if (!other_code[c]) other_code[c] = others.code(type.categories[c]);
    });
  });
  complete(team, table, first_row, cells, first, found);
  others.agree(team);
  for_each_cell(table, column, [&](Index, double& cell) {
    const std::size_t c = to_size(cell);
    if (index[c]) {
      cell = static_cast<double>(*index[c]);
    } else if (unknown == SplitOffCategory::missing) {
      cell = std::numeric_limits<double>::quiet_NaN();
    } else {
      cell = static_cast<double>(static_cast<Index>(known.size()) +
                                 others.index_of_code(*other_code[c]));
    }
  });
  type.categories = known;
  if (unknown == SplitOffCategory::missing) return;
  type.categories.insert(type.categories.end(), others.names().begin(), others.names().end());
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
