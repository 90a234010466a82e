#include "core/parallel/sort.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <limits>
#include <span>
#include <utility>

#include "core/parallel/fold.hpp"
#include "core/parallel/ranges.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {
namespace {

constexpr std::uint64_t kSign = std::uint64_t{1} << 63U;

/// A digit of a record: `kDigitBits` bits of its key or payload.
constexpr unsigned kDigitBits = 10;
constexpr unsigned kDigitsPerWord = (64 + kDigitBits - 1) / kDigitBits;
constexpr std::size_t kDigitValues = std::size_t{1} << kDigitBits;

constexpr std::size_t digit_of(std::uint64_t word, unsigned digit) {
  return static_cast<std::size_t>(word >> (digit * kDigitBits)) & (kDigitValues - 1);
}

/// Stable sort by one of the words, digit by digit. `spare` has as many records; the result is in
/// `records`, after swaps of the two.
template <class Word>
void sort_by_word(std::span<SortRecord>& records, std::span<SortRecord>& spare, const Word& word) {
  std::array<std::array<std::size_t, kDigitValues>, kDigitsPerWord> counts{};
  for (const SortRecord& record : records) {
    for (unsigned digit = 0; digit < kDigitsPerWord; ++digit) {
      ++counts[digit][digit_of(word(record), digit)];
    }
  }
  for (unsigned digit = 0; digit < kDigitsPerWord; ++digit) {
    auto& places = counts[digit];
    if (places[digit_of(word(records.front()), digit)] == records.size()) continue;
    std::size_t next = 0;
    for (std::size_t& place : places) next += std::exchange(place, next);
    for (const SortRecord& record : records) {
      spare[places[digit_of(word(record), digit)]++] = record;
    }
    std::swap(records, spare);
  }
}

/// Sorts `records`, with `spare` as large; returns the one of the two that holds the result.
std::span<SortRecord> sort_span(std::span<SortRecord> records, std::span<SortRecord> spare) {
  if (records.size() < 2) return records;
  const bool payloads_ascend = std::is_sorted(
      records.begin(), records.end(),
      [](const SortRecord& a, const SortRecord& b) { return a.payload < b.payload; });
  if (!payloads_ascend) {
    sort_by_word(records, spare, [](const SortRecord& record) { return record.payload; });
  }
  sort_by_word(records, spare, [](const SortRecord& record) { return record.key; });
  return records;
}

/// Merges two sorted runs. The loop selects instead of branching: which run is next is as good as
/// random.
void merge_two(std::span<const SortRecord> left, std::span<const SortRecord> right,
               SortRecord* out) {
  const SortRecord* a = left.data();
  const SortRecord* b = right.data();
  const SortRecord* const a_end = a + left.size();
  const SortRecord* const b_end = b + right.size();
  while (a != a_end && b != b_end) {
    const bool take_b = b->key < a->key || (b->key == a->key && b->payload < a->payload);
    *out++ = take_b ? *b : *a;
    b += take_b ? 1 : 0;
    a += take_b ? 0 : 1;
  }
  out = std::copy(a, a_end, out);
  std::copy(b, b_end, out);
}

using Run = std::span<const SortRecord>;

/// Makes one sorted sequence of sorted runs: pairs of neighbours are merged until one is left. The
/// runs stay as they are.
std::vector<SortRecord> merge_runs(std::vector<Run> runs, int threads) {
  std::vector<SortRecord> merged;
  std::vector<SortRecord> previous;
  while (runs.size() > 1) {
    if (runs.size() % 2 != 0) runs.emplace_back();
    std::vector<std::size_t> begins(runs.size());
    std::size_t total = 0;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      begins[i] = total;
      total += runs[i].size();
    }
    previous.swap(merged);
    merged.resize(total);
    const auto pairs = static_cast<Index>(runs.size() / 2);
    parallel_for(threads, pairs, [&](Index pair) {
      const auto left = static_cast<std::size_t>(2 * pair);
      merge_two(runs[left], runs[left + 1], merged.data() + begins[left]);
    });
    std::vector<Run> wider;
    for (std::size_t left = 0; left < runs.size(); left += 2) {
      wider.push_back(Run(merged).subspan(begins[left], runs[left].size() + runs[left + 1].size()));
    }
    runs = std::move(wider);
  }
  return merged;
}

/// The numbers of all ranks, a list of each, in rank order. Collective.
std::vector<std::vector<Index>> all_gather_numbers(Team& team, const std::vector<Index>& mine) {
  std::vector<std::vector<Index>> numbers;
  for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(mine)))) {
    numbers.push_back(FoldCodec<std::vector<Index>>::decode(bytes));
  }
  return numbers;
}

/// A record as one number of 128 bits, whose order is that of records.
__extension__ using Place = unsigned __int128;
constexpr unsigned kSelectedBits = 4;  ///< so many bits of a place are found in one round
constexpr unsigned kCandidates = (1U << kSelectedBits) - 1;

Place place_of(const SortRecord& record) {
  return static_cast<Place>(record.key) << 64U | record.payload;
}

SortRecord record_of(Place place) {
  return {static_cast<std::uint64_t>(place >> 64U), static_cast<std::uint64_t>(place)};
}

/// A record of the whole, and the bits in which records differ from it.
struct CommonBits {
  SortRecord record;
  SortRecord varying;
  bool any = false;  ///< there are records
};

/// Those of all ranks together. Collective.
CommonBits common_bits(Team& team, Run records) {
  CommonBits mine;
  mine.any = !records.empty();
  if (mine.any) mine.record = records.front();
  for (const SortRecord& record : records) {
    mine.varying.key |= record.key ^ mine.record.key;
    mine.varying.payload |= record.payload ^ mine.record.payload;
  }
  CommonBits all;
  for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(&mine, 1)))) {
    const auto other = FoldCodec<CommonBits>::decode(bytes);
    if (!other.any) continue;
    if (!all.any) all.record = other.record;
    all.any = true;
    all.varying.key |= other.varying.key | (other.record.key ^ all.record.key);
    all.varying.payload |= other.varying.payload | (other.record.payload ^ all.record.payload);
  }
  return all;
}

/// How many of this rank's records come before `place`.
Index count_before(Run sorted, Place place) {
  return std::lower_bound(sorted.begin(), sorted.end(), record_of(place)) - sorted.begin();
}

/// Where this rank's records are cut so that, over all ranks, `boundaries[i]` records lie before
/// cut i. Of equal records those of lower ranks come first. Collective.
std::vector<Index> exact_cuts(Team& team, Run sorted, const std::vector<Index>& boundaries) {
  // Some of the last shares may be empty: they begin where all records end.
  std::vector<Index> positions;
  for (std::size_t rank = 1; boundaries[rank] < boundaries.back(); ++rank) {
    positions.push_back(boundaries[rank]);
  }
  const std::vector<SortRecord> records = records_at(team, sorted, positions);
  std::vector<Index> cuts(boundaries.size(), static_cast<Index>(sorted.size()));
  cuts[0] = 0;
  std::vector<Index> before(positions.size());
  std::vector<Index> equal(positions.size());
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), records[i]);
    cuts[i + 1] = before[i] = first - sorted.begin();
    equal[i] = last - first;
  }
  team.all_reduce(before, IntegerReduction::sum);
  const std::vector<std::vector<Index>> equals = all_gather_numbers(team, equal);
  const auto me = static_cast<std::size_t>(team.rank());
  for (std::size_t i = 0; i < positions.size(); ++i) {
    Index wanted = positions[i] - before[i];  // of the equal ones, from the lowest rank on
    for (std::size_t rank = 0; rank < me; ++rank) wanted -= std::min(wanted, equals[rank][i]);
    cuts[i + 1] += std::min(wanted, equal[i]);
  }
  return cuts;
}

/// The part of `sorted` between two cuts goes to the rank of that number; what arrives is merged.
/// Collective.
std::vector<SortRecord> exchange_parts(Team& team, const std::vector<SortRecord>& sorted,
                                       const std::vector<Index>& cuts, int threads) {
  const auto me = static_cast<std::size_t>(team.rank());
  const auto part = [&](std::size_t rank) {
    const Range range = part_of(cuts, static_cast<Index>(rank));
    return Run(sorted).subspan(static_cast<std::size_t>(range.begin),
                               static_cast<std::size_t>(range.size()));
  };
  std::vector<Bytes> outgoing(cuts.size() - 1);
  for (std::size_t rank = 0; rank < outgoing.size(); ++rank) {
    if (rank == me) continue;
    const std::span<const std::byte> bytes = std::as_bytes(part(rank));
    outgoing[rank].assign(bytes.begin(), bytes.end());
  }
  std::vector<std::vector<SortRecord>> arrived;
  for (Bytes& bytes : team.exchange(std::move(outgoing))) {
    arrived.push_back(FoldCodec<std::vector<SortRecord>>::decode(bytes));
    bytes = {};
  }
  std::vector<Run> runs(arrived.begin(), arrived.end());
  runs[me] = part(me);
  return merge_runs(std::move(runs), threads);
}

}  // namespace

std::uint64_t sort_key(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  assert((bits & ~kSign) <= std::bit_cast<std::uint64_t>(std::numeric_limits<double>::infinity()));
  if (bits == kSign) return kSign;  // −0, as +0
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

double sort_value(std::uint64_t key) {
  return std::bit_cast<double>((key & kSign) != 0 ? key & ~kSign : ~key);
}

void sort_records(std::vector<SortRecord>& records, int threads) {
  const std::vector<Index> chunks = even_boundaries(static_cast<Index>(records.size()), threads);
  std::vector<Run> runs(static_cast<std::size_t>(threads));
  std::vector<SortRecord> spare(records.size());
  parallel_for(threads, threads, [&](Index chunk) {
    const auto begin = static_cast<std::size_t>(part_of(chunks, chunk).begin);
    const auto count = static_cast<std::size_t>(part_of(chunks, chunk).size());
    runs[static_cast<std::size_t>(chunk)] =
        sort_span(std::span(records).subspan(begin, count), std::span(spare).subspan(begin, count));
  });
  if (threads > 1) {
    records = merge_runs(std::move(runs), threads);
  } else if (runs.front().data() != records.data()) {
    records.swap(spare);
  }
}

std::vector<SortRecord> records_at(Team& team, std::span<const SortRecord> sorted,
                                   const std::vector<Index>& positions) {
  const CommonBits common = common_bits(team, sorted);
  const Place varying = place_of(common.varying);
  // The record at position p is the last place that has at most p records before it. Its bits are
  // found from the highest on; those that do not vary are known.
  std::vector<Place> places(positions.size(), place_of(common.record));
  for (unsigned shift = 128; shift > 0;) {
    shift -= kSelectedBits;
    if ((varying >> shift & kCandidates) == 0) continue;
    const auto candidate = [&](std::size_t i, unsigned digit) {
      const Place higher = places[i] >> shift >> kSelectedBits;
      return (higher << kSelectedBits | digit) << shift;
    };
    std::vector<std::int64_t> before;
    for (std::size_t i = 0; i < positions.size(); ++i) {
      for (unsigned digit = 1; digit <= kCandidates; ++digit) {
        before.push_back(count_before(sorted, candidate(i, digit)));
      }
    }
    team.all_reduce(before, IntegerReduction::sum);
    for (std::size_t i = 0; i < positions.size(); ++i) {
      const auto counts = std::span(before).subspan(i * kCandidates, kCandidates);
      const auto digit = static_cast<unsigned>(
          std::upper_bound(counts.begin(), counts.end(), positions[i]) - counts.begin());
      places[i] = candidate(i, digit) | (places[i] & ((Place{1} << shift) - 1));
    }
  }
  std::vector<SortRecord> records;
  records.reserve(places.size());
  for (const Place place : places) records.push_back(record_of(place));
  return records;
}

SortedSlice sort_over_ranks(Team& team, std::vector<SortRecord> records, int threads) {
  sort_records(records, threads);
  SortedSlice slice;
  slice.blocks = RowBlocks(sum_over(team, static_cast<std::int64_t>(records.size())));
  slice.boundaries = slice.blocks.row_boundaries(team.size());
  slice.positions = part_of(slice.boundaries, team.rank());
  if (team.size() > 1) {
    const std::vector<Index> cuts = exact_cuts(team, records, slice.boundaries);
    records = exchange_parts(team, records, cuts, threads);
  }
  slice.records = std::move(records);
  assert(static_cast<Index>(slice.records.size()) == slice.positions.size());
  return slice;
}

}  // namespace lockstep
