#pragma once

#include <compare>
#include <cstdint>
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

/// Sorts this rank's records in place, with up to `threads` threads and as much memory again.
/// O(n) by digits: 10 bits at a time from the lowest, without those that are the same everywhere,
/// and without the payload's where payloads already ascend [Knuth 1998, §5.2.5, Algorithm R].
/// Rank-local.
void sort_records(std::vector<SortRecord>& records, int threads = 1);

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
/// Each rank sorts its own records and offers every g-th as a sample, 4P of an even share. All
/// ranks cut the sorted samples alike, which places each cut less than P·g, a quarter of a share,
/// from its block boundary [Shi, Schaeffer 1992, regular sampling]. The parts are exchanged and
/// merged, and what is still on the wrong side of a boundary moves on.
/// @param records  of this rank; may be none
/// @param threads  of this rank; the result does not depend on them
/// *Collective*; a rank sends its records once, a quarter of a share again at most, and to P−1
/// ranks 24 bytes and 16 for each of its samples.
SortedSlice sort_over_ranks(Team& team, std::vector<SortRecord> records, int threads = 1);

}  // namespace lockstep
