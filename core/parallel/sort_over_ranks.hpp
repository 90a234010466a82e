#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "core/base/types.hpp"
#include "core/parallel/row_blocks.hpp"
#include "core/parallel/sort.hpp"
#include "core/parallel/team.hpp"

namespace lockstep {

/// Makes records of this rank: records[i] becomes number first + i of them. They may be asked for
/// more than once, and must be the same each time.
using RecordSource = std::function<void(Index first, std::span<SortRecord> records)>;

/// One rank's part of a sequence that is sorted over all ranks.
struct SortedSlice {
  RowBlocks blocks{0};            ///< of the positions of the whole sequence
  std::vector<Index> boundaries;  ///< P+1: rank r has positions [boundaries[r], boundaries[r+1])
  Range positions;                ///< of this rank's share
  SortRecords memory;             ///< has a record for each of them, from `first` on
  std::size_t first = 0;

  std::span<const SortRecord> records() const {
    return std::span(memory).subspan(first, static_cast<std::size_t>(positions.size()));
  }
  Index total() const { return blocks.total_rows(); }
  const SortRecord& at(Index position) const {
    return records()[static_cast<std::size_t>(position - positions.begin)];
  }
};

/// Sorts the records of all ranks together. Each rank gets whole blocks of positions, as
/// RowBlocks(total).row_boundaries(P) shares them out: the shares differ by at most one block,
/// whatever is equal in them. So what is summed in sorted order can be folded over the blocks of
/// the slice, and neither it nor the sequence depends on the ranks.
///
/// A sample tells about where the shares begin [sample sort; Frazer, McKellar 1970]. In one pass
/// the records are made and put into a bin for each rank; the bins are exchanged, and each rank
/// sorts what it has then. How many records that are is known, so those by which the sample was
/// wrong can be moved from the ends of each rank's sequence to where they belong: the sample makes
/// no difference to the result. It is drawn at random, with a fixed seed, so whatever order the
/// rows are in, each rank sorts what it is going to have but for a few percent. Only records that
/// are equal in key and payload are all sorted at one rank.
///
/// Memory: twice the records that are sorted here, and a few percent.
/// @param count    records of this rank; may be 0
/// @param source   makes them; where payloads ascend over the ranks, that spares sorting by them
/// @param threads  of this rank; the result does not depend on them
/// *Collective*; a rank sends its records once but for those that stay, a few percent of its share
/// once more, and its sample (64 KiB when all have as many) and 8·P bytes to P−1 ranks.
SortedSlice sort_over_ranks(Team& team, Index count, const RecordSource& source, int threads = 1);

}  // namespace lockstep
