#include "core/data/row_places.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <iterator>

namespace lockstep {

RowPlaces::RowPlaces(const std::vector<InputFile>& files, const std::vector<Index>& rows,
                     const std::vector<Index>& first_lines) {
  assert(files.size() == rows.size() && files.size() == first_lines.size());
  Index end = 0;
  for (std::size_t f = 0; f < files.size(); ++f) {
    files_.push_back({files[f].path, end += rows[f], first_lines[f]});
  }
}

RowPlaces RowPlaces::of_arrays(const std::vector<InputFile>& files,
                               const std::vector<Index>& rows) {
  RowPlaces places(files, rows, std::vector<Index>(files.size()));
  places.are_arrays_ = true;
  return places;
}

RowPlaces::Place RowPlaces::place(Index row) const {
  if (files_.empty()) return {fmt::format("row {}", row + 1), false};
  assert(row >= 0 && row < files_.back().end);
  const auto file = std::upper_bound(files_.begin(), files_.end(), row,
                                     [](Index r, const File& f) { return r < f.end; });
  const Index in_file = row - (file == files_.begin() ? 0 : std::prev(file)->end);
  if (are_arrays_) return {fmt::format("{}[{}", file->path, in_file), false};
  if (file->first_line == 0) return {fmt::format("{}, row {}", file->path, in_file + 1), false};
  return {fmt::format("{}:{}", file->path, file->first_line + in_file), true};
}

std::string RowPlaces::of(Index row) const { return place(row).text + (are_arrays_ ? "]" : ""); }

std::string RowPlaces::of(Index row, Index column) const {
  const auto [text, is_line] = place(row);
  if (are_arrays_) return fmt::format("{}, {}]", text, column);
  return fmt::format("{}{}{}", text, is_line ? ":" : ", column ", column + 1);
}

std::vector<Index> RowPlaces::rows_of_files() const {
  std::vector<Index> rows;
  Index begin = 0;
  for (const File& file : files_) {
    rows.push_back(file.end - begin);
    begin = file.end;
  }
  return rows;
}

std::vector<Index> RowPlaces::first_lines() const {
  std::vector<Index> lines;
  for (const File& file : files_) lines.push_back(file.first_line);
  return lines;
}

}  // namespace lockstep
