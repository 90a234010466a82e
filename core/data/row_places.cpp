#include "core/data/row_places.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace lockstep {

RowPlaces::RowPlaces(const std::vector<InputFile>& files, const std::vector<Index>& rows) {
  assert(files.size() == rows.size());
  Index end = 0;
  for (std::size_t f = 0; f < files.size(); ++f) {
    paths_.push_back(files[f].path);
    ends_.push_back(end += rows[f]);
  }
}

std::string RowPlaces::of(Index row) const {
  if (paths_.empty()) return fmt::format("row {}", row + 1);
  assert(row >= 0 && row < ends_.back());
  constexpr Index kFirstBodyLine = 2;
  const auto file = std::upper_bound(ends_.begin(), ends_.end(), row) - ends_.begin();
  const auto f = static_cast<std::size_t>(file);
  const Index begin = f == 0 ? 0 : ends_[f - 1];
  return fmt::format("{}:{}", paths_[f], row - begin + kFirstBodyLine);
}

}  // namespace lockstep
