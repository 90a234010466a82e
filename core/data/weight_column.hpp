#pragma once

#include "core/data/table.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// Makes the last feature of a table, which is numbers, the weights of its rows.
/// Throws DataError, alike on all ranks, for the first that is negative or missing:
/// "a.csv:17:3: expected a weight ≥ 0 in column 'w', found -1".
/// *Collective*; sends a text.
void take_weights(Team& team, Table& table);

}  // namespace lockstep
