#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/data/column_type.hpp"
#include "core/data/table.hpp"
#include "core/parallel/team.hpp"
#include "core/profile/kolmogorov_smirnov.hpp"
#include "core/profile/population_stability.hpp"

namespace lockstep {

/// Cells of categories that another set of rows does not have.
struct UnknownCategories {
  std::int64_t cells = 0;
  std::int64_t categories = 0;
  Index first_row = 0;    ///< of the set that has them
  std::string example{};  ///< the category there
};

/// How far the cells of a column in one set of rows are from those in another.
struct ColumnDrift {
  ColumnKind kind = ColumnKind::number;
  /// Of numbers in the bins between the deciles of the first set, of categories one by one; missing
  /// cells are a bin of their own.
  PopulationStability stability{};
  std::optional<KolmogorovSmirnov> distance{};  ///< of numbers
  UnknownCategories unknown{};                  ///< of categories
};

/// Compares the columns of two sets of rows, which are not sparse, exactly: counts and order alone
/// decide, so the result has the same bits for any number of ranks and threads.
/// @param train, test  of the same columns; the categories of `test` begin with those of `train`
/// @throws DataError, on all ranks, for different widths or sparse rows
/// *Collective*; sends what quantiles and kolmogorov_smirnov send, and 8 bytes a bin and category.
std::vector<ColumnDrift> column_drift(Team& team, const Table& train, const Table& test,
                                      int threads);

}  // namespace lockstep
