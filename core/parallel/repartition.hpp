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
/// @param rows       this rank's rows before, end to end
/// @param row_bytes  bytes of a row, positive, the same on all ranks
/// @param round_bytes  at most so many bytes, but at least one row, are sent or received by a rank
///                     at a time
/// @return this rank's rows after
/// *Collective*; a rank sends the rows that leave it, each once.
Bytes repartition(Team& team, const std::vector<Index>& from, const std::vector<Index>& to,
                  std::span<const std::byte> rows, Index row_bytes,
                  Index round_bytes = kRepartitionRoundBytes);

}  // namespace lockstep
