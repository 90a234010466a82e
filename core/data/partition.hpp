#pragma once

#include <vector>

#include "core/data/table.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// The P+1 row boundaries of a table over the ranks. *Collective*; a rank sends 8 bytes to each.
std::vector<Index> row_boundaries(Team& team, const Table& table);

/// Moves the rows to new owners: rank r gets [to[r], to[r+1]). Consumes the table.
/// *Collective*; a rank sends the rows that leave it, in bounded rounds.
Table move_rows(Team& team, Table table, const std::vector<Index>& to);

}  // namespace lockstep
