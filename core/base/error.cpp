#include "core/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "core/base/utf8.hpp"

namespace lockstep {

ColumnError::ColumnError(std::int64_t column, const std::string& problem)
    : DataError(fmt::format("column {}, counted from 0: {}", column, problem)),
      column_(column),
      problem_(problem) {}

std::string quoted(std::string_view text) {
  constexpr int kShown = 40;
  std::string out = "'";
  int shown = 0;
  while (!text.empty() && shown < kShown) {
    const std::size_t n = utf8_length(text);
    const auto lead = static_cast<unsigned char>(text[0]);
    if (n == 0 || lead < 0x20 || lead == 0x7F) {
      out += fmt::format("\\x{:02x}", lead);
      text.remove_prefix(1);
    } else {
      out += text.substr(0, n);
      text.remove_prefix(n);
    }
    ++shown;
  }
  out += text.empty() ? "'" : "…'";
  return out;
}

int edit_distance(std::string_view a, std::string_view b, int limit) {
  // So many at least are to be inserted or deleted.
  const int longer = std::abs(static_cast<int>(a.size()) - static_cast<int>(b.size()));
  if (longer >= limit) return longer;
  std::vector<int> before(b.size() + 1);
  std::vector<int> above(b.size() + 1);
  std::vector<int> row(b.size() + 1);
  int nearest_above = 0;
  std::iota(above.begin(), above.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(i);
    int nearest = row[0];
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const int substitution = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({substitution, above[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
      nearest = std::min(nearest, row[j]);
    }
    // A number of the next row is no smaller than the nearest of this one, or comes from the row
    // above by a transposition.
    if (nearest >= limit && nearest_above >= limit - 1) return nearest;
    nearest_above = nearest;
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace lockstep
