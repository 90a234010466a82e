#include "core/data/partition.hpp"

#include <cstring>

#include "core/parallel/repartition.hpp"

namespace lockstep {
namespace {

template <class V>
std::vector<V> move_values(Team& team, const std::vector<Index>& from, const std::vector<Index>& to,
                           std::vector<V> values, Index columns) {
  const Bytes moved = repartition(team, from, to, std::as_bytes(std::span(values)),
                                  columns * static_cast<Index>(sizeof(V)));
  values = {};
  guard(team, "moving rows", [&] {
    values.resize(moved.size() / sizeof(V));
    if (!moved.empty()) std::memcpy(values.data(), moved.data(), moved.size());
  });
  return values;
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
  if (table.features > 0) {
    std::visit(
        [&](auto& values) {
          values = move_values(team, from, to, std::move(values), table.features);
        },
        table.values);
  }
  if (table.target_kind != TargetKind::none) {
    table.target = move_values(team, from, to, std::move(table.target), 1);
  }
  const auto rank = static_cast<std::size_t>(team.rank());
  table.rows = {to[rank], to[rank + 1]};
  return table;
}

}  // namespace lockstep
