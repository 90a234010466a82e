#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/data/table.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

// A data set is read as a whole, and its categories are those of all its rows. A model that is to
// know nothing of the rows that were split off must not know their categories either.

/// What becomes of a category that only rows have that were split off.
enum class SplitOffCategory {
  kept,     ///< an index behind those of the training rows
  missing,  ///< the cell is missing
};

/// Cells of rows that were split off whose category the training rows do not have.
struct UnknownCells {
  std::size_t feature = 0;
  std::int64_t cells = 0;
  std::string first{};  ///< the category of the first one, in the first table that has any,
  std::string place{};  ///< and its row: "a.csv:17"
};

/// Makes the categories of `train` those that its rows have, in the order that a reader would have
/// given to them alone, and the same the first ones of `split_off`, whose others follow.
/// @param train      as read, but for its rows
/// @param split_off  of the same data set
/// @param always     by feature, a category that the column has in any case; empty: none
/// @return of each column with unknown cells in `split_off`, in the order of the columns
/// *Collective*; sends the distinct categories of this rank's rows to every other one.
std::vector<UnknownCells> narrow_categories(Team& team, Table& train,
                                            const std::vector<Table*>& split_off,
                                            const std::vector<std::string>& always,
                                            SplitOffCategory unknown);

}  // namespace lockstep
