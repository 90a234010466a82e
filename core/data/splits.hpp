#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/types.hpp"
#include "core/data/table.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

// Rows are split off a data set by a hash of (seed, number of the row): which row goes where is a
// function of these and of the sizes of the parts alone. All rows, or those of each class when a
// split is stratified, stand in the order of their hashes, equal ones in that of their numbers, and
// each part takes the next so many of them.

/// For each stratum (a class, or all rows as one), how many of its rows each part takes; together
/// all of them.
using PartSizes = std::vector<std::vector<Index>>;

/// The rows of each class over all ranks or, not stratified, of all classes as one. Requires a
/// target of classes to stratify by. *Collective*; sends an integer a class.
std::vector<Index> rows_of_strata(Team& team, const Table& table, bool stratified);

/// Parts of `sizes` rows, and one more of what is left. Of strata, the first part takes sizes[0] in
/// proportion to their rows, by largest remainders, equal ones in favour of the lower stratum; the
/// next part takes of what the first has left, and so on. Requires that the sizes, together, are no
/// more than the rows.
PartSizes sizes_of_parts(std::vector<Index> strata, const std::vector<Index>& sizes);

/// `folds` parts that differ by at most one row, as do their rows of any one stratum: the strata,
/// end to end, are dealt out to the folds in turns.
PartSizes sizes_of_folds(const std::vector<Index>& strata, Index folds);

/// The part of each of this rank's rows. The hash is the upper 48 bits of the first word that
/// RandomStream(seed, Purpose::split) has for the number that the row was read with.
/// @param sizes  one stratum for all rows, or one a class
/// *Collective*, as sort_over_ranks; sends a record a part and stratum besides.
std::vector<std::size_t> parts_of_rows(Team& team, const Table& table, std::uint64_t seed,
                                       const PartSizes& sizes, int threads);

/// A table of those rows of this rank that are named, numbered again over all ranks. It remembers
/// the numbers that they were read with.
/// @param locals  ascending
/// *Collective*, for the new numbers; each rank keeps its rows.
Table select_rows(Team& team, const Table& table, const std::vector<Index>& locals);

}  // namespace lockstep
