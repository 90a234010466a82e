#include "core/data/partition.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "core/data/sparse_values.hpp"
#include "core/parallel/repartition.hpp"

namespace lockstep {
namespace {

/// @tparam Values  a vector
template <class Values>
Values move_values(Team& team, const std::vector<Index>& from, const std::vector<Index>& to,
                   Values values, Index columns) {
  const auto rank = static_cast<std::size_t>(team.rank());
  Values moved;
  guard(team, "moving rows",
        [&] { moved.resize(static_cast<std::size_t>((to[rank + 1] - to[rank]) * columns)); });
  repartition(team, from, to, std::as_writable_bytes(std::span(values)),
              columns * static_cast<Index>(sizeof(values[0])),
              std::as_writable_bytes(std::span(moved)));
  return moved;
}

/// For each of some ascending row numbers, the cells of all ranks before that row. *Collective*.
std::vector<Index> cells_before(Team& team, const Table& table, const SparseValues& sparse,
                                const std::vector<Index>& rows) {
  const Index before = exclusive_scan(team, sparse.cells());
  std::vector<std::int64_t> cells;
  for (const Index row : rows) {
    // Of the ranks, the one that has the row knows most; beyond its rows a rank knows all it has.
    const Index local = std::clamp<Index>(row - table.rows.begin, 0, table.rows.size());
    const bool starts_later = row < table.rows.begin;
    const Index mine = sparse.rows() == 0 ? 0 : sparse.begins[static_cast<std::size_t>(local)];
    cells.push_back(starts_later ? 0 : before + mine);
  }
  team.all_reduce(cells, IntegerReduction::max);
  return cells;
}

SparseValues move_sparse(Team& team, const Table& table, const std::vector<Index>& from,
                         const std::vector<Index>& to, SparseValues values) {
  const std::vector<Index> cells_from = cells_before(team, table, values, from);
  const std::vector<Index> cells_to = cells_before(team, table, values, to);
  SparseValues moved;
  std::vector<Index> ends;
  if (values.rows() > 0) ends.assign(values.begins.begin() + 1, values.begins.end());
  const auto rank = static_cast<std::size_t>(team.rank());
  for (Index& end : ends) end += cells_from[rank];
  ends = move_values(team, from, to, std::move(ends), 1);
  values.begins = {};
  moved.columns = move_values(team, cells_from, cells_to, std::move(values.columns), 1);
  moved.numbers = move_values(team, cells_from, cells_to, std::move(values.numbers), 1);
  guard(team, "moving rows", [&] {
    if (ends.empty()) return;
    moved.begins.reserve(ends.size() + 1);
    moved.begins.push_back(0);
    for (const Index end : ends) moved.begins.push_back(end - cells_to[rank]);
  });
  return moved;
}

}  // namespace

std::vector<Index> row_boundaries(Team& team, const Table& table) {
  std::vector<Index> boundaries{0};
  const std::int64_t mine = table.rows.size();
  for (const Bytes& size : team.all_gather(std::as_bytes(std::span(&mine, 1)))) {
    std::int64_t rows = 0;
    std::memcpy(&rows, size.data(), sizeof(rows));
    boundaries.push_back(boundaries.back() + rows);
  }
  return boundaries;
}

Table move_rows(Team& team, Table table, const std::vector<Index>& to) {
  const std::vector<Index> from = row_boundaries(team, table);
  if (from == to) return table;
  if (auto* bytes = std::get_if<Table::ByteValues>(&table.values); bytes && table.features > 0) {
    *bytes = move_values(team, from, to, std::move(*bytes), table.features);
  } else if (auto* numbers = std::get_if<Table::NumberValues>(&table.values);
             numbers && table.features > 0) {
    *numbers = move_values(team, from, to, std::move(*numbers), table.features);
  } else if (auto* sparse = std::get_if<SparseValues>(&table.values)) {
    *sparse = move_sparse(team, table, from, to, std::move(*sparse));
  }
  if (table.target_kind != TargetKind::none) {
    table.target = move_values(team, from, to, std::move(table.target), table.targets());
  }
  if (table.weights) table.weights = move_values(team, from, to, std::move(*table.weights), 1);
  if (table.numbers_read) {
    table.numbers_read = move_values(team, from, to, std::move(*table.numbers_read), 1);
  }
  const auto rank = static_cast<std::size_t>(team.rank());
  table.rows = {to[rank], to[rank + 1]};
  return table;
}

}  // namespace lockstep
