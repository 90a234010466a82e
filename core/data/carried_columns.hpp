#pragma once

#include "core/data/csv_columns.hpp"
#include "core/data/table.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// Makes the last features of a table, which are numbers, what they are for by `columns`: its
/// targets, where there are several, and the weights of its rows.
/// Throws DataError, alike on all ranks, for the first row with a missing target, or a weight that
/// is negative or missing: "a.csv:17:3: expected a weight ≥ 0 in column 'w', found -1".
/// *Collective*; sends a text. Does nothing where the features are all that there is.
void take_carried_columns(Team& team, const CsvColumns& columns, Table& table);

}  // namespace lockstep
