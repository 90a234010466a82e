#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/types.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

// Sorting over all ranks, exactly: integers are compared and counted, nothing is rounded.

/// The place of x in the order of the doubles: sort_key(a) < sort_key(b) exactly when a < b, and
/// −0 has the key of +0. −∞ comes first and ∞ last; NaN has no place (asserted: callers refuse it).
/// Denormals keep their order, also where arithmetic flushes them to zero (FloatingPointMode).
std::uint64_t sort_key(double x);

/// The number whose key this is: sort_value(sort_key(x)) == x.
double sort_value(std::uint64_t key);

/// What is sorted: by `key`, where keys are equal by `payload`. Records that are equal in both
/// cannot be told apart, so a sorted sequence is a function of the set of records alone. The usual
/// payload is the row number, alone or with a few bits that the row brings along.
struct SortRecord {
  std::uint64_t key = 0;
  std::uint64_t payload = 0;

  friend bool operator==(const SortRecord&, const SortRecord&) = default;
  friend auto operator<=>(const SortRecord&, const SortRecord&) = default;
};

/// Sorts this rank's records with up to `threads` threads, in as much memory again (for several
/// threads, twice as much).
/// O(n) by digits: 10 bits at a time from the lowest, without those that are the same everywhere,
/// and without the payload's where payloads already ascend [Knuth 1998, §5.2.5, Algorithm R].
/// Rank-local.
void sort_records(std::vector<SortRecord>& records, int threads = 1);

/// The records at the given positions of the sorted sequence of all ranks, without sorting it: what
/// quantiles need. Found by bits, four in a round [radix selection; as Knuth 1998, §5.2.5 sorts],
/// and without rounds for those that are the same in all records.
/// @param sorted     of this rank, in order; may be none
/// @param positions  the same on all ranks, each less than the number of records of all ranks
/// *Collective*; in each of at most 32 rounds a rank sends 120 bytes for each position
/// ⌊log₂P⌋ + 1 times, and once 40 to P−1 ranks. O(n) at first, O(log n) for each of the rounds.
std::vector<SortRecord> records_at(Team& team, std::span<const SortRecord> sorted,
                                   const std::vector<Index>& positions);

/// One rank's part of a sequence that is sorted over all ranks.
struct SortedSlice {
  RowBlocks blocks{0};              ///< of the positions of the whole sequence
  std::vector<Index> boundaries;    ///< P+1: rank r has positions [boundaries[r], boundaries[r+1])
  Range positions;                  ///< of this rank's records
  std::vector<SortRecord> records;  ///< one for each of them

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
/// so every rank cuts its records alike; the parts are exchanged and merged.
/// @param records  of this rank; may be none
/// @param threads  of this rank; the result does not depend on them
/// *Collective*; a rank sends its records once, what records_at sends for P−1 positions, and 8·P
/// bytes to P−1 ranks.
SortedSlice sort_over_ranks(Team& team, std::vector<SortRecord> records, int threads = 1);

}  // namespace lockstep
