#pragma once

#include <bit>
#include <cassert>
#include <compare>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/base/large_pages.hpp"
#include "core/base/types.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

// Sorting over all ranks, exactly: integers are compared and counted, nothing is rounded.

/// The place of x in the order of the doubles: sort_key(a) < sort_key(b) exactly when a < b, and
/// −0 has the key of +0. −∞ comes first and ∞ last; NaN has no place (asserted: callers refuse it).
/// Denormals keep their order, also where arithmetic flushes them to zero (FloatingPointMode).
inline std::uint64_t sort_key(double x) {
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63U;
  const auto bits = std::bit_cast<std::uint64_t>(x);
  assert((bits & ~kSign) <= std::bit_cast<std::uint64_t>(std::numeric_limits<double>::infinity()));
  if (bits == kSign) return kSign;  // −0, as +0
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

/// The number whose key this is: sort_value(sort_key(x)) == x.
inline double sort_value(std::uint64_t key) {
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63U;
  return std::bit_cast<double>((key & kSign) != 0 ? key & ~kSign : ~key);
}

/// What is sorted: by `key`, where keys are equal by `payload`. Records that are equal in both
/// cannot be told apart, so a sorted sequence is a function of the set of records alone. The usual
/// payload is the row number, alone or with a few bits that the row brings along.
struct SortRecord {
  std::uint64_t key;
  std::uint64_t payload;

  friend bool operator==(const SortRecord&, const SortRecord&) = default;
  friend auto operator<=>(const SortRecord&, const SortRecord&) = default;
};

/// Records that are about to be sorted, or have been.
using SortRecords = Buffer<SortRecord>;

/// Sorts this rank's records with up to `threads` threads, in as much memory again (for several
/// threads, twice as much).
/// By digits of 9 bits, from the lowest [Knuth 1998, §5.2.5, Algorithm R]: the payload, unless
/// payloads already ascend, and then the first four digits in which keys differ. They leave few
/// keys out of order, as a rule; where they do, what is equal in these digits is sorted by itself,
/// in the same way when it is much, by comparisons when it is little. O(n) for evenly spread keys,
/// O(n log n) at worst.
/// Rank-local.
void sort_records(SortRecords& records, int threads = 1);

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
/// so every rank cuts its records alike; the parts are exchanged and merged.
/// @param records  of this rank; may be none
/// @param threads  of this rank; the result does not depend on them
/// *Collective*; a rank sends its records once but for those that stay, what records_at sends for
/// P−1 positions, and 16·P bytes to P−1 ranks.
SortedSlice sort_over_ranks(Team& team, SortRecords records, int threads = 1);

}  // namespace lockstep
