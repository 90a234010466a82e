#include "core/parallel/sort_over_ranks.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <utility>

#include "core/base/random.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/ranges.hpp"

namespace lockstep {
namespace {

using Run = std::span<const SortRecord>;
using Records = std::span<SortRecord>;

/// Neighbours are sampled together: they come with one access to memory.
constexpr Index kClusterRecords = 8;
constexpr Index kClustersPerRank = 512;
/// Records are made and put into bins so many at a time.
constexpr std::size_t kBlockRecords = 256;

std::size_t to_size(Index n) { return static_cast<std::size_t>(n); }

Records records_in(SortRecords& memory, Range range) {
  return Records(memory).subspan(to_size(range.begin), to_size(range.size()));
}

Range overlap(Range a, Range b) {
  const Index begin = std::max(a.begin, b.begin);
  return {begin, std::max(begin, std::min(a.end, b.end))};
}

/// A part of this rank's records: a cluster out of each stretch of equal length, which is the same
/// on all ranks. All of them when there are few over all ranks.
SortRecords sampled(const Team& team, Index count, Index total, const RecordSource& source) {
  const Index clusters = kClustersPerRank * team.size();
  const Index stretch = std::max(kClusterRecords, (total + clusters - 1) / clusters);
  RandomSequence draws(RandomStream(0, Purpose::sampled_records),
                       static_cast<std::uint64_t>(team.rank()));
  SortRecords sample;
  for (Index begin = 0; begin < count; begin += stretch) {
    const Index length = std::min(stretch, count - begin);
    const Index size = std::min(kClusterRecords, length);
    const std::uint64_t skipped = draws.below(static_cast<std::uint64_t>(length - size + 1));
    sample.resize(sample.size() + to_size(size));
    source(begin + static_cast<Index>(skipped), Records(sample).last(to_size(size)));
  }
  return sample;
}

/// The records, as places, that begin the bins of the ranks but the first: about where the shares
/// begin, from the samples of all ranks. Collective.
std::vector<SortPlace> splitters_of(Team& team, const SortRecords& mine,
                                    const std::vector<Index>& boundaries) {
  SortRecords sample;
  for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(mine)))) {
    const auto of_rank = FoldCodec<SortRecords>::decode(bytes);
    sample.insert(sample.end(), of_rank.begin(), of_rank.end());
  }
  sort_records(sample);
  const double sampled_part = static_cast<double>(sample.size()) /
                              static_cast<double>(std::max<Index>(boundaries.back(), 1));
  std::vector<SortPlace> splitters;
  for (std::size_t rank = 1; rank + 1 < boundaries.size(); ++rank) {
    const auto at = static_cast<std::size_t>(static_cast<double>(boundaries[rank]) * sampled_part);
    splitters.push_back(at < sample.size() ? place_of(sample[at]) : ~SortPlace{0});
  }
  return splitters;
}

/// The bin that a record falls into: of the rank that sorts it.
std::size_t bin_of(const SortRecord& record, const std::vector<SortPlace>& splitters) {
  const auto behind = std::upper_bound(splitters.begin(), splitters.end(), place_of(record));
  return static_cast<std::size_t>(behind - splitters.begin());
}

/// So many of `count` records may be expected in each bin, and a few more.
std::vector<std::size_t> expected_sizes(const SortRecords& sample,
                                        const std::vector<SortPlace>& splitters, Index count) {
  std::vector<std::size_t> sampled_in(splitters.size() + 1);
  for (const SortRecord& record : sample) ++sampled_in[bin_of(record, splitters)];
  const double records_of_one =
      static_cast<double>(count) / static_cast<double>(std::max<std::size_t>(sample.size(), 1));
  std::vector<std::size_t> sizes;
  for (const std::size_t found : sampled_in) {
    const auto expected = static_cast<double>(found);
    sizes.push_back(
        static_cast<std::size_t>((expected + 4 * std::sqrt(expected) + 4) * records_of_one));
  }
  return sizes;
}

/// Records for one rank.
struct Bin {
  Records room;
  std::size_t size = 0;  ///< records found; where they are more than there is room, some are lost

  /// Has all its records, and room for as many as a block may bring.
  bool complete() const { return size + kBlockRecords <= room.size(); }
  /// Where the records of a block can be written: to `nowhere` when the bin may lack room for it.
  SortRecord* next(SortRecord* nowhere) const { return complete() ? room.data() + size : nowhere; }
  Run records() const { return room.first(size); }
};

/// This rank's records in a bin for each rank, in the order in which they come.
struct Distribution {
  SortRecords own;      ///< the bin of this rank
  SortRecords leaving;  ///< the others
  std::vector<Bin> bins;

  /// Room in each bin for so many records; `share` is what this rank is going to have.
  void make_room(const std::vector<std::size_t>& sizes, std::size_t me, std::size_t share) {
    std::size_t all = 0;
    for (const std::size_t size : sizes) all += size + kBlockRecords;
    const std::size_t stay = sizes[me] + kBlockRecords;
    // Both are going to hold all that is sorted here.
    own.reserve(std::max(stay, share));
    leaving.reserve(std::max(all - stay, share));
    own.resize(stay);
    leaving.resize(all - stay);
    bins.clear();
    Records rest(leaving);
    for (std::size_t rank = 0; rank < sizes.size(); ++rank) {
      const std::size_t room = sizes[rank] + kBlockRecords;
      bins.push_back({rank == me ? Records(own) : rest.first(room)});
      if (rank != me) rest = rest.subspan(room);
    }
  }
  /// Puts `count` records of the source into the bins. Where room was lacking, the sizes are right
  /// all the same.
  void fill(Index count, const RecordSource& source, const std::vector<SortPlace>& splitters,
            std::size_t me);
};

void Distribution::fill(Index count, const RecordSource& source,
                        const std::vector<SortPlace>& splitters, std::size_t me) {
  std::array<SortRecord, kBlockRecords> block;
  std::array<SortRecord, kBlockRecords> rest;
  std::array<SortRecord, kBlockRecords> nowhere;
  const SortPlace low = me == 0 ? 0 : splitters[me - 1];
  const SortPlace high = me < splitters.size() ? splitters[me] : 0;
  const std::size_t last = me < splitters.size() ? 0 : 1;
  Bin* const only_other = bins.size() == 2 ? &bins[1 - me] : nullptr;
  for (Index begin = 0; begin < count; begin += static_cast<Index>(kBlockRecords)) {
    const std::size_t size = std::min(kBlockRecords, to_size(count - begin));
    source(begin, Records(block).first(size));
    SortRecord* stay = bins[me].next(nowhere.data());
    SortRecord* leave = only_other != nullptr ? only_other->next(nowhere.data()) : rest.data();
    std::size_t staying = 0;
    // Whether a record stays is as good as random: it is written to both places, and one of them
    // is taken.
    for (std::size_t i = 0; i < size; ++i) {
      const SortRecord record = block[i];
      const SortPlace place = place_of(record);
      const std::size_t stays = (low <= place ? 1U : 0U) & ((place < high ? 1U : 0U) | last);
      stay[staying] = record;
      leave[i - staying] = record;
      staying += stays;
    }
    bins[me].size += staying;
    if (only_other != nullptr) {
      only_other->size += size - staying;
      continue;
    }
    for (const SortRecord& record : Run(rest).first(size - staying)) {
      Bin& bin = bins[bin_of(record, splitters)];
      if (bin.size < bin.room.size()) bin.room[bin.size] = record;
      ++bin.size;
    }
  }
}

Distribution distribute(const Team& team, Index count, const RecordSource& source,
                        const std::vector<SortPlace>& splitters, std::vector<std::size_t> sizes,
                        Index share) {
  const auto me = to_size(team.rank());
  Distribution distribution;
  // The second time, if there is one, the sizes are known.
  for (bool complete = false; !complete;) {
    distribution.make_room(sizes, me, to_size(share + share / 8));
    distribution.fill(count, source, splitters, me);
    complete = true;
    for (std::size_t rank = 0; rank < sizes.size(); ++rank) {
      complete = complete && distribution.bins[rank].complete();
      sizes[rank] = distribution.bins[rank].size;
    }
  }
  return distribution;
}

/// How many records each rank has for each: a list of each rank. Collective.
std::vector<std::vector<Index>> all_bin_sizes(Team& team, const std::vector<Bin>& bins) {
  std::vector<Index> mine;
  mine.reserve(bins.size());
  for (const Bin& bin : bins) mine.push_back(static_cast<Index>(bin.size));
  std::vector<std::vector<Index>> sizes;
  for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(mine)))) {
    sizes.push_back(FoldCodec<std::vector<Index>>::decode(bytes));
  }
  return sizes;
}

/// The bins of all ranks for this one, in rank order: what arrives is put behind its own.
/// Collective.
std::vector<Run> exchange_bins(Team& team, Distribution& distribution,
                               const std::vector<std::vector<Index>>& sizes) {
  const auto me = to_size(team.rank());
  std::vector<std::span<const std::byte>> to(sizes.size());
  std::vector<std::span<std::byte>> from(sizes.size());
  std::vector<Run> runs(sizes.size());
  Records rest(distribution.own);
  runs[me] = rest.first(distribution.bins[me].size);
  rest = rest.subspan(runs[me].size());
  for (std::size_t rank = 0; rank < sizes.size(); ++rank) {
    if (rank == me) continue;
    to[rank] = std::as_bytes(distribution.bins[rank].records());
    const Records arriving = rest.first(to_size(sizes[rank][me]));
    rest = rest.subspan(arriving.size());
    from[rank] = std::as_writable_bytes(arriving);
    runs[rank] = arriving;
  }
  team.exchange_into(to, from);
  return runs;
}

/// Moves sorted records to the ranks whose shares they belong to: `held` are the boundaries between
/// ranks now, `wanted` those afterwards. Position 0 lies at memory[−base]. Collective.
void shift(Team& team, SortRecords& memory, Index base, const std::vector<Index>& held,
           const std::vector<Index>& wanted) {
  const auto in_memory = [&](Range positions) {
    return positions.empty() ? Records()
                             : records_in(memory, {positions.begin - base, positions.end - base});
  };
  std::vector<std::span<const std::byte>> to;
  std::vector<std::span<std::byte>> from;
  for (Index rank = 0; rank < team.size(); ++rank) {
    const Range leaves = overlap(part_of(held, team.rank()), part_of(wanted, rank));
    const Range arrives = overlap(part_of(held, rank), part_of(wanted, team.rank()));
    to.push_back(std::as_bytes(rank == team.rank() ? Records() : in_memory(leaves)));
    from.push_back(std::as_writable_bytes(rank == team.rank() ? Records() : in_memory(arrives)));
  }
  team.exchange_into(to, from);
}

/// Sorts the records of several ranks into the slice, of which only they and where they begin is
/// lacking. Collective.
void sort_in_bins(Team& team, Index count, const RecordSource& source, int threads,
                  SortedSlice& slice) {
  const SortRecords sample = sampled(team, count, slice.total(), source);
  const std::vector<SortPlace> splitters = splitters_of(team, sample, slice.boundaries);
  Distribution distribution =
      distribute(team, count, source, splitters, expected_sizes(sample, splitters, count),
                 slice.positions.size());
  const std::vector<std::vector<Index>> sizes = all_bin_sizes(team, distribution.bins);
  std::vector<Index> held = {0};  // as slice.boundaries, before the last records are moved
  for (std::size_t rank = 0; rank < sizes.size(); ++rank) {
    held.push_back(held.back());
    for (const std::vector<Index>& of_rank : sizes) held.back() += of_rank[rank];
  }
  // The memory has room for all positions that this rank has before or afterwards.
  const Range mine = part_of(held, team.rank());
  const Index base = std::min(mine.begin, slice.positions.begin);
  const std::size_t window = to_size(std::max(mine.end, slice.positions.end) - base);
  distribution.own.resize(window);
  std::vector<Run> runs = exchange_bins(team, distribution, sizes);
  distribution.leaving.resize(window);
  const Range place{mine.begin - base, mine.end - base};
  const Records sorted = sort_runs(std::move(runs), records_in(distribution.own, place),
                                   records_in(distribution.leaving, place), threads);
  const bool in_own = sorted.data() == distribution.own.data() + place.begin;
  slice.memory = std::move(in_own ? distribution.own : distribution.leaving);
  shift(team, slice.memory, base, held, slice.boundaries);
  slice.first = to_size(slice.positions.begin - base);
}

}  // namespace

SortedSlice sort_over_ranks(Team& team, Index count, const RecordSource& source, int threads) {
  SortedSlice slice;
  slice.blocks = RowBlocks(sum_over(team, count));
  slice.boundaries = slice.blocks.row_boundaries(team.size());
  slice.positions = part_of(slice.boundaries, team.rank());
  if (team.size() == 1) {
    slice.memory.resize(to_size(count));
    source(0, slice.memory);
    sort_records(slice.memory, threads);
  } else {
    sort_in_bins(team, count, source, threads, slice);
  }
  return slice;
}

}  // namespace lockstep
