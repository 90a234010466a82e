#pragma once

// Tables for tests of transforms: the same rows on any number of ranks.

#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/data/table.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/team.hpp"

namespace lockstep::test {

using Rows = std::vector<std::vector<double>>;

/// Names "a", "b", … for columns of these types.
inline std::vector<std::string> names_for(const std::vector<ColumnType>& types) {
  std::vector<std::string> names;
  for (std::size_t j = 0; j < types.size(); ++j) {
    names.emplace_back(1, static_cast<char>('a' + j));
  }
  return names;
}

/// The given rows of a table.
inline Table table_of(const Rows& all, Range rows, const std::vector<ColumnType>& types) {
  Table table;
  table.rows = rows;
  table.total_rows = static_cast<Index>(all.size());
  table.features = static_cast<Index>(types.size());
  table.feature_names = names_for(types);
  table.feature_types = types;
  Table::NumberValues values;
  for (Index i = rows.begin; i < rows.end; ++i) {
    const std::vector<double>& row = all[static_cast<std::size_t>(i)];
    values.insert(values.end(), row.begin(), row.end());
  }
  table.values = std::move(values);
  return table;
}

inline Table whole_table(const Rows& all, const std::vector<ColumnType>& types) {
  return table_of(all, {0, static_cast<Index>(all.size())}, types);
}

/// This rank's share: whole row blocks, evenly, or all of them on the last rank.
inline Table share_of(const Team& team, const Rows& all, const std::vector<ColumnType>& types,
                      bool all_on_last = false) {
  const auto total = static_cast<Index>(all.size());
  const std::vector<Index> even = RowBlocks(total).row_boundaries(team.size());
  const auto rank = static_cast<std::size_t>(team.rank());
  if (all_on_last) return table_of(all, {0, rank + 2 == even.size() ? total : 0}, types);
  return table_of(all, {even[rank], even[rank + 1]}, types);
}

inline ColumnType category(std::vector<std::string> categories) {
  return {ColumnKind::category, std::move(categories)};
}

/// What `work` throws.
template <class Work>
std::string message_of(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace lockstep::test
