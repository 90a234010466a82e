#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/base/types.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// Bytes that a rank sends, and receives, at most in one round of repartition.
inline constexpr Index kRepartitionRoundBytes = Index{64} << 20;

/// Moves rows of a fixed size from old to new owners; their order does not change.
///
/// @param from, to   P+1 ascending row numbers each, with equal ends, the same on all ranks. Rank r
///                   has the rows [from[r], from[r+1]) before and [to[r], to[r+1]) after; they may
///                   be none
/// @param rows       this rank's rows before, end to end. Their bytes are lost: their memory is
/// given
///                   back to the system on the way (release_memory), so that both sets of rows
///                   never stand there whole
/// @param row_bytes  bytes of a row, positive, the same on all ranks
/// @param result     gets this rank's rows after; as large as they are
/// @param round_bytes  at most so many bytes, but at least one row, are sent or received by a rank
///                     at a time
/// *Collective*; a rank sends the rows that leave it, each once.
void repartition(Team& team, const std::vector<Index>& from, const std::vector<Index>& to,
                 std::span<std::byte> rows, Index row_bytes, std::span<std::byte> result,
                 Index round_bytes = kRepartitionRoundBytes);

}  // namespace lockstep
