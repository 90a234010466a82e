#include "core/data/libsvm_columns.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <sstream>

namespace lockstep {

LeftOut make_columns(SparseValues& values, Index base, Index width, Index largest_index) {
  LeftOut left_out;
  if (largest_index - base < width) {
    if (base == 0) return left_out;
    for (std::uint32_t& column : values.columns) column -= static_cast<std::uint32_t>(base);
    return left_out;
  }
  std::size_t kept = 0;
  for (Index row = 0; row < values.rows(); ++row) {
    Range cells = values.cells_of(row);
    values.begins[static_cast<std::size_t>(row)] = static_cast<Index>(kept);
    for (; cells.begin < cells.end; ++cells.begin) {
      const auto cell = static_cast<std::size_t>(cells.begin);
      const Index column = values.columns[cell] - base;
      if (column >= width) break;  // and so are the others of the row, which ascend
      values.columns[kept] = static_cast<std::uint32_t>(column);
      values.numbers[kept++] = values.numbers[cell];
    }
    if (cells.empty()) continue;
    if (left_out.cells == 0) {
      left_out.row = row;
      left_out.index = values.columns[static_cast<std::size_t>(cells.begin)];
    }
    left_out.cells += cells.size();
  }
  if (!values.begins.empty()) values.begins.back() = static_cast<Index>(kept);
  values.columns.resize(kept);
  values.numbers.resize(kept);
  return left_out;
}

AllLeftOut agree_on_left_out(Team& team, const LeftOut& mine, Index row, const RowPlaces& places) {
  AllLeftOut all;
  all.cells = sum_over(team, mine.cells);
  if (all.cells == 0) return all;
  const std::string text = mine.cells == 0 ? "" : fmt::format("{} {}", row, mine.index);
  for (const std::string& first : all_gather_text(team, text)) {
    if (first.empty()) continue;
    Index first_row = 0;
    std::istringstream(first) >> first_row >> all.index;
    all.place = places.of(first_row);
    break;
  }
  return all;
}

}  // namespace lockstep
