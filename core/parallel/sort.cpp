#include "core/parallel/sort.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <span>
#include <utility>

#include "core/parallel/fold.hpp"
#include "core/parallel/ranges.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {
namespace {

/// A digit of a record: `kDigitBits` bits of its key or payload.
constexpr unsigned kDigitBits = 9;
constexpr std::size_t kDigitValues = std::size_t{1} << kDigitBits;
/// Keys are sorted by so many digits before it is looked whether more are needed.
constexpr unsigned kLeadingDigits = 4;
/// Fewer records than this are sorted by comparisons.
constexpr std::size_t kManyRecords = 4096;

using Records = std::span<SortRecord>;

/// Stable sort by `digits` digits of one of the words, the lowest of which begins at bit `low`.
/// `spare` has as many records; the result is in `records`, after swaps of the two.
template <class Word>
void sort_by_digits(Records& records, Records& spare, unsigned low, unsigned digits,
                    const Word& word) {
  const auto digit_of = [&](const SortRecord& record, unsigned digit) {
    return static_cast<std::size_t>(word(record) >> (low + digit * kDigitBits)) &
           (kDigitValues - 1);
  };
  std::vector<std::array<std::size_t, kDigitValues>> counts(digits);
  for (const SortRecord& record : records) {
    for (unsigned digit = 0; digit < digits; ++digit) ++counts[digit][digit_of(record, digit)];
  }
  for (unsigned digit = 0; digit < digits; ++digit) {
    auto& places = counts[digit];
    if (places[digit_of(records.front(), digit)] == records.size()) continue;
    std::size_t next = 0;
    for (std::size_t& place : places) next += std::exchange(place, next);
    for (const SortRecord& record : records) spare[places[digit_of(record, digit)]++] = record;
    std::swap(records, spare);
  }
}

/// How many digits the bits from `low` to below `high` make.
constexpr unsigned digits_between(unsigned low, unsigned high) {
  return (high - low + kDigitBits - 1) / kDigitBits;
}

Records sort_span(Records records, Records spare);

/// Sorts records that are in order but for the bits of their keys below `low`.
void sort_rest(Records records, Records spare, unsigned low) {
  const auto leading = [&](std::size_t i) { return records[i].key >> low; };
  for (std::size_t i = 1; i < records.size(); ++i) {
    if (records[i - 1].key <= records[i].key) continue;
    std::size_t begin = i - 1;
    while (begin > 0 && leading(begin - 1) == leading(i)) --begin;
    std::size_t end = i + 1;
    while (end < records.size() && leading(end) == leading(i)) ++end;
    const Records equal = records.subspan(begin, end - begin);
    if (equal.size() < kManyRecords) {
      std::sort(equal.begin(), equal.end());
    } else {
      const Records sorted = sort_span(equal, spare.subspan(begin, end - begin));
      if (sorted.data() != equal.data()) std::copy(sorted.begin(), sorted.end(), equal.begin());
    }
    i = end;
  }
}

/// Sorts `records`, with `spare` as large; returns the one of the two that holds the result.
Records sort_span(Records records, Records spare) {
  if (records.size() < 2) return records;
  SortRecord varying{};  // the bits in which records differ
  bool payloads_ascend = true;
  std::uint64_t previous = 0;
  for (const SortRecord& record : records) {
    varying.key |= record.key ^ records.front().key;
    varying.payload |= record.payload ^ records.front().payload;
    payloads_ascend &= previous <= record.payload;
    previous = record.payload;
  }
  if (!payloads_ascend) {
    const auto high = static_cast<unsigned>(std::bit_width(varying.payload));
    sort_by_digits(records, spare, 0, digits_between(0, high),
                   [](const SortRecord& record) { return record.payload; });
  }
  if (varying.key == 0) return records;
  const auto lowest = static_cast<unsigned>(std::countr_zero(varying.key));
  const auto high = static_cast<unsigned>(std::bit_width(varying.key));
  const unsigned digits = std::min(digits_between(lowest, high), kLeadingDigits);
  const unsigned low = std::max(lowest, high - std::min(high, digits * kDigitBits));
  sort_by_digits(records, spare, low, digits, [](const SortRecord& record) { return record.key; });
  if (low > lowest) sort_rest(records, spare, low);
  return records;
}

using Run = std::span<const SortRecord>;

/// A record as one number of 128 bits, whose order is that of records.
__extension__ using Place = unsigned __int128;

Place place_of(const SortRecord& record) {
  return static_cast<Place>(record.key) << 64U | record.payload;
}

SortRecord record_of(Place place) {
  return {static_cast<std::uint64_t>(place >> 64U), static_cast<std::uint64_t>(place)};
}

/// Merges two runs, record by record.
struct Merge {
  const SortRecord* a;
  const SortRecord* a_end;
  const SortRecord* b;
  const SortRecord* b_end;
  SortRecord* out;

  bool goes_on() const { return a != a_end && b != b_end; }
  /// Selects by masks instead of branching: which run is next is as good as random.
  void step() {
    const std::size_t take_b = place_of(*b) < place_of(*a) ? 1 : 0;
    const std::uint64_t mask = 0 - static_cast<std::uint64_t>(take_b);
    out->key = a->key ^ ((a->key ^ b->key) & mask);
    out->payload = a->payload ^ ((a->payload ^ b->payload) & mask);
    ++out;
    b += take_b;
    a += 1 - take_b;
  }
  void finish() {
    while (goes_on()) step();
    out = std::copy(a, a_end, out);
    out = std::copy(b, b_end, out);
  }
};

/// How many of the first `count` records of the merged runs are of the left one.
std::size_t left_of_first(std::size_t count, Run left, Run right) {
  std::size_t fewest = count - std::min(count, right.size());
  std::size_t most = std::min(count, left.size());
  while (fewest < most) {
    const std::size_t middle = fewest + (most - fewest) / 2;
    if (right[count - 1 - middle] < left[middle]) {
      most = middle;
    } else {
      fewest = middle + 1;
    }
  }
  return fewest;
}

/// Writes the records [begin, end) of the merged runs to out[begin…]. The two halves are merged at
/// the same time: a step waits for the one before it, but not for those of the other half.
void merge_part(Run left, Run right, std::size_t begin, std::size_t end, SortRecord* out) {
  const auto between = [&](std::size_t from, std::size_t to) {
    const std::size_t a = left_of_first(from, left, right);
    const std::size_t a_end = left_of_first(to, left, right);
    return Merge{left.data() + a, left.data() + a_end, right.data() + (from - a),
                 right.data() + (to - a_end), out + from};
  };
  const std::size_t middle = begin + (end - begin) / 2;
  Merge lower = between(begin, middle);
  Merge upper = between(middle, end);
  while (lower.goes_on() && upper.goes_on()) {
    lower.step();
    upper.step();
  }
  lower.finish();
  upper.finish();
}

/// Makes one sorted sequence of sorted runs: pairs of neighbours are merged until one is left. The
/// threads share each pair. The runs stay as they are.
SortRecords merge_runs(std::vector<Run> runs, int threads) {
  SortRecords merged;
  SortRecords previous;
  while (runs.size() > 1) {
    if (runs.size() % 2 != 0) runs.emplace_back();
    std::vector<Run> wider;
    std::size_t total = 0;
    for (const Run run : runs) total += run.size();
    previous.swap(merged);
    merged.resize(total);
    std::size_t begin = 0;
    for (std::size_t pair = 0; pair < runs.size(); pair += 2) {
      const Run left = runs[pair];
      const Run right = runs[pair + 1];
      wider.push_back(Run(merged).subspan(begin, left.size() + right.size()));
      const std::vector<Index> parts =
          even_boundaries(static_cast<Index>(wider.back().size()), threads);
      parallel_for(threads, threads, [&](Index i) {
        const Range part = part_of(parts, i);
        merge_part(left, right, static_cast<std::size_t>(part.begin),
                   static_cast<std::size_t>(part.end), merged.data() + begin);
      });
      begin += wider.back().size();
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

constexpr unsigned kSelectedBits = 4;  ///< so many bits of a place are found in one round
constexpr unsigned kCandidates = (1U << kSelectedBits) - 1;

/// A record of the whole, and the bits in which records differ from it.
struct CommonBits {
  SortRecord record{};
  SortRecord varying{};
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
/// merged. Collective.
SortRecords exchange_parts(Team& team, Run sorted, const std::vector<std::vector<Index>>& cuts,
                           int threads) {
  const auto me = static_cast<std::size_t>(team.rank());
  std::size_t total = 0;
  for (const std::vector<Index>& of_rank : cuts) {
    total += static_cast<std::size_t>(part_of(of_rank, team.rank()).size());
  }
  const Range own = part_of(cuts[me], team.rank());
  SortRecords arrived(total - static_cast<std::size_t>(own.size()));
  Records rest(arrived);
  std::vector<std::span<const std::byte>> to;
  std::vector<std::span<std::byte>> from;
  std::vector<Run> runs;
  for (std::size_t rank = 0; rank < cuts.size(); ++rank) {
    const Range leaves = part_of(cuts[me], static_cast<Index>(rank));
    const Run leaving = sorted.subspan(static_cast<std::size_t>(leaves.begin),
                                       static_cast<std::size_t>(leaves.size()));
    to.push_back(std::as_bytes(leaving));
    const auto count = static_cast<std::size_t>(part_of(cuts[rank], team.rank()).size());
    const Records coming = rest.first(rank == me ? 0 : count);
    rest = rest.subspan(coming.size());
    from.push_back(std::as_writable_bytes(coming));
    runs.push_back(rank == me ? leaving : Run(coming));
  }
  to[me] = {};
  team.exchange_into(to, from);
  return merge_runs(std::move(runs), threads);
}

}  // namespace

void sort_records(SortRecords& records, int threads) {
  const std::vector<Index> chunks = even_boundaries(static_cast<Index>(records.size()), threads);
  std::vector<Run> runs(static_cast<std::size_t>(threads));
  SortRecords spare(records.size());
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

SortedSlice sort_over_ranks(Team& team, SortRecords records, int threads) {
  sort_records(records, threads);
  SortedSlice slice;
  slice.blocks = RowBlocks(sum_over(team, static_cast<std::int64_t>(records.size())));
  slice.boundaries = slice.blocks.row_boundaries(team.size());
  slice.positions = part_of(slice.boundaries, team.rank());
  if (team.size() > 1) {
    const auto cuts = exact_cuts(team, records, slice.boundaries);
    records = exchange_parts(team, records, cuts, threads);
  }
  slice.records = std::move(records);
  assert(static_cast<Index>(slice.records.size()) == slice.positions.size());
  return slice;
}

}  // namespace lockstep
