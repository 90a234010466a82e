#include "core/parallel/sort_over_ranks.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>

#include "core/parallel/fold.hpp"
#include "core/parallel/merge.hpp"
#include "core/parallel/ranges.hpp"

namespace lockstep {
namespace {

using Run = std::span<const SortRecord>;
using Records = std::span<SortRecord>;

constexpr unsigned kSelectedBits = 4;  ///< so many bits of a word are found in one round
constexpr unsigned kCandidates = (1U << kSelectedBits) - 1;

/// The smallest and the largest of some words: none at first.
struct WordBounds {
  std::uint64_t smallest = ~std::uint64_t{0};
  std::uint64_t largest = 0;

  void add(std::uint64_t word) {
    smallest = std::min(smallest, word);
    largest = std::max(largest, word);
  }
};

/// Those of all ranks together. Collective.
std::vector<WordBounds> over_ranks(Team& team, const std::vector<WordBounds>& mine) {
  // Signed numbers in the order of the words; the smallest as the largest complement.
  const auto ordered = [](std::uint64_t word) {
    return std::bit_cast<std::int64_t>(word) ^ std::numeric_limits<std::int64_t>::min();
  };
  const auto word = [&](std::int64_t value) {
    return std::bit_cast<std::uint64_t>(value ^ std::numeric_limits<std::int64_t>::min());
  };
  std::vector<std::int64_t> values;
  for (const WordBounds& bounds : mine) {
    values.push_back(ordered(~bounds.smallest));
    values.push_back(ordered(bounds.largest));
  }
  team.all_reduce(values, IntegerReduction::max);
  std::vector<WordBounds> all(mine.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = {~word(values[2 * i]), word(values[2 * i + 1])};
  }
  return all;
}

/// For each position the largest word that has at most so many records of all ranks before it, of
/// this rank `count_before(i, word)`. The words lie within `mine`, of all ranks. Collective.
std::vector<std::uint64_t> select_words(
    Team& team, const std::vector<Index>& positions, const std::vector<WordBounds>& mine,
    const std::function<Index(std::size_t, std::uint64_t)>& count_before) {
  std::vector<std::uint64_t> words;
  unsigned width = 0;  // bits from here on are the same in both bounds
  for (const WordBounds& bounds : over_ranks(team, mine)) {
    words.push_back(bounds.largest);
    const auto differ = static_cast<unsigned>(std::bit_width(bounds.smallest ^ bounds.largest));
    width = std::max(width, differ);
  }
  for (unsigned end = width; end > 0;) {
    const unsigned shift = end - std::min(end, kSelectedBits);
    const std::uint64_t digit_mask = std::uint64_t{kCandidates} << shift;
    const auto candidate = [&](std::size_t i, std::uint64_t digit) {
      return (words[i] & ~digit_mask & ~((std::uint64_t{1} << shift) - 1)) | digit << shift;
    };
    std::vector<std::int64_t> before;
    for (std::size_t i = 0; i < positions.size(); ++i) {
      for (unsigned digit = 1; digit <= kCandidates; ++digit) {
        before.push_back(count_before(i, candidate(i, digit)));
      }
    }
    team.all_reduce(before, IntegerReduction::sum);
    for (std::size_t i = 0; i < positions.size(); ++i) {
      const auto counts = std::span(before).subspan(i * kCandidates, kCandidates);
      const auto digit = static_cast<std::uint64_t>(
          std::upper_bound(counts.begin(), counts.end(), positions[i]) - counts.begin());
      words[i] = candidate(i, digit);
    }
    end = shift;
  }
  return words;
}

/// The numbers of all ranks, a list of each, in rank order. Collective.
std::vector<std::vector<Index>> all_gather_numbers(Team& team, const std::vector<Index>& mine) {
  std::vector<std::vector<Index>> numbers;
  for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(mine)))) {
    numbers.push_back(FoldCodec<std::vector<Index>>::decode(bytes));
  }
  return numbers;
}

/// Where each rank's records are cut so that, over all ranks, `boundaries[i]` records lie before
/// cut i; a list of each rank. Of equal records those of lower ranks come first. Collective.
std::vector<std::vector<Index>> exact_cuts(Team& team, Run sorted,
                                           const std::vector<Index>& boundaries) {
  // Some of the last shares may be empty: they begin where all records end.
  std::vector<Index> positions;
  for (std::size_t rank = 1; boundaries[rank] < boundaries.back(); ++rank) {
    positions.push_back(boundaries[rank]);
  }
  // Of each rank: where the records equal to each of those begin and end, and how many it has.
  std::vector<Index> mine;
  for (const SortRecord& record : records_at(team, sorted, positions)) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), record);
    mine.push_back(first - sorted.begin());
    mine.push_back(last - sorted.begin());
  }
  mine.push_back(static_cast<Index>(sorted.size()));
  const std::vector<std::vector<Index>> places = all_gather_numbers(team, mine);
  std::vector<std::vector<Index>> cuts;
  for (const std::vector<Index>& of_rank : places) {
    cuts.emplace_back(boundaries.size(), of_rank.back()).front() = 0;
  }
  for (std::size_t i = 0; i < positions.size(); ++i) {
    Index wanted = positions[i];
    for (const std::vector<Index>& of_rank : places) wanted -= of_rank[2 * i];
    // So many of the equal ones, from the lowest rank on.
    for (std::size_t rank = 0; rank < places.size(); ++rank) {
      const Index first = places[rank][2 * i];
      const Index taken = std::min(wanted, places[rank][2 * i + 1] - first);
      cuts[rank][i + 1] = first + taken;
      wanted -= taken;
    }
  }
  return cuts;
}

/// The part of a rank's records between two cuts goes to the rank of that number; what arrives is
/// merged with what stays, into `merged`. Collective.
void exchange_parts(Team& team, Run sorted, const std::vector<std::vector<Index>>& cuts,
                    SortRecords& merged, int threads) {
  const auto me = static_cast<std::size_t>(team.rank());
  const auto part = [&](Index from, Index to) {
    return part_of(cuts[static_cast<std::size_t>(from)], to);
  };
  const auto size_of = [](Range range) { return static_cast<std::size_t>(range.size()); };
  std::vector<std::span<const std::byte>> to(cuts.size());
  std::vector<std::size_t> arrivals = {0};  // of each of the other ranks, end to end
  for (Index rank = 0; rank < team.size(); ++rank) {
    if (rank == team.rank()) continue;
    const Range leaves = part(team.rank(), rank);
    to[static_cast<std::size_t>(rank)] =
        std::as_bytes(sorted.subspan(static_cast<std::size_t>(leaves.begin), size_of(leaves)));
    arrivals.push_back(arrivals.back() + size_of(part(rank, team.rank())));
  }
  const Range stays = part(team.rank(), team.rank());
  merged.resize(size_of(stays) + arrivals.back());
  Records arrived = Records(merged).last(arrivals.back());
  std::vector<std::span<std::byte>> from(cuts.size());
  for (std::size_t other = 0; other + 1 < arrivals.size(); ++other) {
    from[other < me ? other : other + 1] = std::as_writable_bytes(
        arrived.subspan(arrivals[other], arrivals[other + 1] - arrivals[other]));
  }
  team.exchange_into(to, from);
  SortRecords spare(arrivals.size() > 2 ? arrived.size() : 0);
  arrived = merge_runs(std::move(arrivals), arrived, spare, threads);
  merge(sorted.subspan(static_cast<std::size_t>(stays.begin), size_of(stays)), arrived, merged,
        threads);
}

}  // namespace

std::vector<SortRecord> records_at(Team& team, Run sorted, const std::vector<Index>& positions) {
  const auto count_before = [&](const SortRecord& record) {
    return std::lower_bound(sorted.begin(), sorted.end(), record) - sorted.begin();
  };
  std::vector<WordBounds> bounds(positions.size());
  for (WordBounds& keys : bounds) {
    if (sorted.empty()) continue;
    keys = {sorted.front().key, sorted.back().key};
  }
  const std::vector<std::uint64_t> keys =
      select_words(team, positions, bounds, [&](std::size_t, std::uint64_t key) {
        return count_before({key, 0});
      });
  for (std::size_t i = 0; i < positions.size(); ++i) {
    bounds[i] = {};
    for (auto at = static_cast<std::size_t>(count_before({keys[i], 0}));
         at < sorted.size() && sorted[at].key == keys[i]; ++at) {
      bounds[i].add(sorted[at].payload);
    }
  }
  const std::vector<std::uint64_t> payloads =
      select_words(team, positions, bounds, [&](std::size_t i, std::uint64_t payload) {
        return count_before({keys[i], payload});
      });
  std::vector<SortRecord> records;
  for (std::size_t i = 0; i < positions.size(); ++i) records.push_back({keys[i], payloads[i]});
  return records;
}

SortedSlice sort_over_ranks(Team& team, SortRecords records, int threads) {
  SortRecords spare;
  sort_records(records, spare, threads);
  SortedSlice slice;
  slice.blocks = RowBlocks(sum_over(team, static_cast<std::int64_t>(records.size())));
  slice.boundaries = slice.blocks.row_boundaries(team.size());
  slice.positions = part_of(slice.boundaries, team.rank());
  if (team.size() > 1) {
    const auto cuts = exact_cuts(team, records, slice.boundaries);
    exchange_parts(team, records, cuts, spare, threads);
    records.swap(spare);
  }
  slice.records = std::move(records);
  assert(static_cast<Index>(slice.records.size()) == slice.positions.size());
  return slice;
}

}  // namespace lockstep
