#pragma once

// Rows with gaps, ties and repetitions, for tests of profiles: the same on any number of ranks.

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "core/base/random.hpp"
#include "core/data/table.hpp"
#include "core/parallel/team.hpp"
#include "tests/core/transform/tables.hpp"

namespace lockstep::test {

inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// Few distinct rows of two numbers and a category, some of them missing, zeros of both signs, and
/// a target of `targets` classes.
struct FewRows {
  Rows rows;
  std::vector<double> targets;
};

inline FewRows few_rows(Index count, Index targets, std::uint64_t seed) {
  FewRows few;
  for (Index i = 0; i < count; ++i) {
    RandomSequence draws(RandomStream(seed, Purpose::synthetic), static_cast<std::uint64_t>(i));
    const auto below = [&](double n) { return std::floor(draws.uniform() * n); };
    const double x = below(9);
    const double zero = below(2) == 0 ? 0.0 : -0.0;
    few.rows.push_back({x < 6   ? x
                        : x < 7 ? kMissing
                        : x < 8 ? -kMissing
                                : zero,
                        below(6) * 0.5, below(3)});
    few.targets.push_back(below(static_cast<double>(targets)));
  }
  return few;
}

inline std::vector<ColumnType> few_types() { return {{}, {}, category({"p", "q", "r"})}; }

/// This rank's share of them as a table with classes.
inline Table table_of_few(const Team& team, const FewRows& few, bool all_on_last = false) {
  Table table = share_of(team, few.rows, few_types(), all_on_last);
  table.target_kind = TargetKind::classes;
  table.target_names = {"y"};
  table.class_names = {"0", "1", "2", "3"};
  for (Index i = table.rows.begin; i < table.rows.end; ++i) {
    table.target.push_back(few.targets[static_cast<std::size_t>(i)]);
  }
  return table;
}

/// The same rows without their zeros; there must be no missing cells.
inline Table as_sparse(const Table& dense) {
  Table table = dense;
  table.feature_types.clear();
  SparseValues sparse;
  std::vector<double> row(static_cast<std::size_t>(dense.features));
  sparse.begins.push_back(0);
  for (Index i = 0; i < dense.rows.size(); ++i) {
    dense.copy_row(i, row.data());
    for (std::size_t j = 0; j < row.size(); ++j) {
      if (row[j] == 0) continue;
      sparse.columns.push_back(static_cast<std::uint32_t>(j));
      sparse.numbers.push_back(row[j]);
    }
    sparse.begins.push_back(sparse.cells());
  }
  table.values = std::move(sparse);
  return table;
}

}  // namespace lockstep::test
