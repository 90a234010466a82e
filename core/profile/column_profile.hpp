#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "core/data/row_words.hpp"
#include "core/data/table.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// What one pass over a column counts.
struct ColumnProfile {
  std::int64_t present = 0;              ///< cells that are not missing
  std::int64_t missing = 0;              ///< cells that are
  std::optional<Index> first_missing{};  ///< its row

  /// The value of more than half of the cells that are present, or NaN; −0 is 0, a category its
  /// index.
  double common = std::numeric_limits<double>::quiet_NaN();
  std::int64_t common_count = 0;       ///< how many
  std::optional<Index> first_other{};  ///< the first row that has another value there

  /// Cells that are stored: of a dense table all that are present, of a sparse one those that rows
  /// name.
  std::int64_t stored = 0;

  /// Equal for columns of equal cells in all rows, and, but with a probability of 2⁻¹²⁸, for no
  /// others: of numbers by value, where 0 adds nothing; of categories whatever their names, so that
  /// columns are equal that tell the same rows apart.
  Hash128 fingerprint{};

  /// Of numbers that are not sparse: one in all rows of a class and another in each, so that the
  /// column is the target by other names (ClassValues).
  bool tells_classes = false;

  /// One value, and no other, in all cells that are present.
  bool is_constant() const { return present > 0 && common_count == present; }
  /// One value in at least `share` of them.
  bool is_nearly_constant(double share) const {
    return present > 0 && static_cast<double>(common_count) >= share * static_cast<double>(present);
  }

  friend bool operator==(const ColumnProfile& a, const ColumnProfile& b);
};

/// The columns of a table, and its targets by the same fingerprints: as numbers, where they are
/// numbers or all classes are, and as categories, where the target is classes.
struct TableProfile {
  std::vector<ColumnProfile> columns;
  std::vector<Hash128> targets_as_numbers{};
  std::vector<Hash128> targets_as_categories{};
};

/// Profiles all columns, exactly: the same for any number of ranks and threads. Sparse rows are not
/// filled up; their zeros count as cells.
///
/// The value of more than half of the cells is found by a vote [Boyer, Moore 1991] of each rank,
/// whose votes are set against each other, and counted in a second pass.
/// *Collective*; a rank sends 16 bytes a column to every other and has 56 bytes a column, 8 bytes a
/// category, and what ClassValues has, summed.
TableProfile profile_columns(Team& team, const Table& table, int threads);

/// The columns of one kind that have equal fingerprints, in groups of two or more, each ascending,
/// by their first; constant ones, which are all alike, and those without cells are left out.
std::vector<std::vector<Index>> equal_columns(const Table& table, const TableProfile& profile);

/// A column that is equal to a target: cell by cell, or, where that is classes, by a number or a
/// category for each of them.
struct EqualToTarget {
  Index column = 0;
  Index target = 0;  ///< the first of these

  friend bool operator==(const EqualToTarget&, const EqualToTarget&) = default;
};

/// The columns that are equal to a target, ascending.
std::vector<EqualToTarget> columns_equal_to_target(const Table& table, const TableProfile& profile);

}  // namespace lockstep
