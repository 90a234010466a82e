#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/base/types.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/sort.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// The records at the given positions of the sorted sequence of all ranks, without sorting it.
/// Found by bits, four in a round [radix selection; as Knuth 1998, §5.2.5 sorts]: those of the
/// keys, and where keys are equal those of the payloads; without rounds for the leading bits that
/// all of them share.
/// @param sorted     of this rank, in order; may be none
/// @param positions  the same on all ranks, each less than the number of records of all ranks
/// *Collective*; in each of at most 32 rounds a rank sends 120 bytes for each position
/// ⌊log₂P⌋ + 1 times, and 16 as often before each of the two searches. O(log n) for each round,
/// O(equal keys) between the searches.
std::vector<SortRecord> records_at(Team& team, std::span<const SortRecord> sorted,
                                   const std::vector<Index>& positions);

/// One rank's part of a sequence that is sorted over all ranks.
struct SortedSlice {
  RowBlocks blocks{0};            ///< of the positions of the whole sequence
  std::vector<Index> boundaries;  ///< P+1: rank r has positions [boundaries[r], boundaries[r+1])
  Range positions;                ///< of this rank's records
  SortRecords records;            ///< one for each of them

  Index total() const { return blocks.total_rows(); }
  const SortRecord& at(Index position) const {
    return records[static_cast<std::size_t>(position - positions.begin)];
  }
};

/// Sorts the records of all ranks together. Each rank gets whole blocks of positions, as
/// RowBlocks(total).row_boundaries(P) shares them out: the shares differ by at most one block,
/// whatever is equal in them. So what is summed in sorted order can be folded over the blocks of
/// the slice, and neither it nor the sequence depends on the ranks.
///
/// Each rank sorts its own records. Those at the block boundaries are found exactly (records_at),
/// so every rank cuts its records alike; the parts are exchanged and merged, in the memory that the
/// sort had (and, on three ranks or more, as much again).
/// @param records  of this rank; may be none
/// @param threads  of this rank; the result does not depend on them
/// *Collective*; a rank sends its records once but for those that stay, what records_at sends for
/// P−1 positions, and 16·P bytes to P−1 ranks.
SortedSlice sort_over_ranks(Team& team, SortRecords records, int threads = 1);

}  // namespace lockstep
