#include "core/parallel/sort.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

#include "core/parallel/ranges.hpp"
#include "core/parallel/repartition.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {
namespace {

constexpr std::uint64_t kSign = std::uint64_t{1} << 63U;
constexpr Index kRecordBytes = sizeof(SortRecord);
/// Samples that a rank offers for each rank.
constexpr Index kOversampling = 4;

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

/// Sorts `records`, with `spare` as large; the result stands in `records` again.
void sort_span(std::span<SortRecord> records, std::span<SortRecord> spare) {
  if (records.size() < 2) return;
  SortRecord* const home = records.data();
  const bool payloads_ascend = std::is_sorted(
      records.begin(), records.end(),
      [](const SortRecord& a, const SortRecord& b) { return a.payload < b.payload; });
  if (!payloads_ascend) {
    sort_by_word(records, spare, [](const SortRecord& record) { return record.payload; });
  }
  sort_by_word(records, spare, [](const SortRecord& record) { return record.key; });
  if (records.data() != home) std::copy(records.begin(), records.end(), home);
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

/// Makes one sorted sequence of sorted runs, which lie between neighbouring `boundaries`: pairs of
/// neighbours are merged until one is left.
void merge_runs(std::vector<SortRecord>& records, std::vector<Index> boundaries, int threads) {
  std::vector<SortRecord> spare(boundaries.size() > 2 ? records.size() : 0);
  while (boundaries.size() > 2) {
    const auto runs = static_cast<Index>(boundaries.size()) - 1;
    const auto run = [&](Index i) {
      const Range range = i < runs ? part_of(boundaries, i) : Range{};
      return std::span<const SortRecord>(records).subspan(static_cast<std::size_t>(range.begin),
                                                          static_cast<std::size_t>(range.size()));
    };
    parallel_for(threads, (runs + 1) / 2, [&](Index pair) {
      const Index begin = part_of(boundaries, 2 * pair).begin;
      merge_two(run(2 * pair), run(2 * pair + 1), spare.data() + begin);
    });
    records.swap(spare);
    std::vector<Index> merged;
    for (Index i = 0; i < runs; i += 2) merged.push_back(part_of(boundaries, i).begin);
    merged.push_back(boundaries.back());
    boundaries = std::move(merged);
  }
}

/// The numbers of all ranks, in rank order. Collective.
std::vector<Index> all_gather_counts(Team& team, Index mine) {
  std::vector<Index> counts;
  for (const Bytes& bytes : team.all_gather(std::as_bytes(std::span(&mine, 1)))) {
    std::memcpy(&counts.emplace_back(), bytes.data(), sizeof(Index));
  }
  return counts;
}

/// Where each rank's items begin when all are laid end to end, and where the last ones end.
std::vector<Index> boundaries_of(const std::vector<Index>& counts) {
  std::vector<Index> boundaries{0};
  for (const Index count : counts) boundaries.push_back(boundaries.back() + count);
  return boundaries;
}

void append_records(std::vector<SortRecord>& records, std::span<const std::byte> bytes) {
  assert(bytes.size() % sizeof(SortRecord) == 0);
  if (bytes.empty()) return;
  const std::size_t before = records.size();
  records.resize(before + bytes.size() / sizeof(SortRecord));
  std::memcpy(records.data() + before, bytes.data(), bytes.size());
}

/// Records that cut the sequence near the given positions: before the record at `cuts[i]` of the
/// sorted samples goes what belongs to rank i and lower ones. A sample stands for the `gap` records
/// up to it on its own rank, so at most P·gap records are on the wrong side of a cut.
/// Collective.
std::vector<SortRecord> splitters(Team& team, const std::vector<SortRecord>& sorted, Index gap,
                                  const std::vector<Index>& boundaries) {
  std::vector<SortRecord> samples;
  for (Index i = gap - 1; i < static_cast<Index>(sorted.size()); i += gap) {
    samples.push_back(sorted[static_cast<std::size_t>(i)]);
  }
  const std::vector<Bytes> gathered = team.all_gather(std::as_bytes(std::span(samples)));
  samples.clear();
  for (const Bytes& bytes : gathered) append_records(samples, bytes);
  sort_records(samples);
  std::vector<SortRecord> cuts;
  for (std::size_t rank = 1; rank + 1 < boundaries.size(); ++rank) {
    const auto place = static_cast<std::size_t>(boundaries[rank] / gap);
    constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();
    cuts.push_back(place < samples.size() ? samples[place] : SortRecord{kLast, kLast});
  }
  return cuts;
}

/// The part of `sorted` between two cuts goes to the rank of that number; what arrives is merged.
/// Collective.
std::vector<SortRecord> exchange_parts(Team& team, std::vector<SortRecord> sorted,
                                       const std::vector<SortRecord>& cuts, int threads) {
  std::vector<Bytes> outgoing;
  auto begin = sorted.cbegin();
  for (std::size_t rank = 0; rank <= cuts.size(); ++rank) {
    const auto end =
        rank < cuts.size() ? std::lower_bound(begin, sorted.cend(), cuts[rank]) : sorted.cend();
    const std::span<const std::byte> part = std::as_bytes(std::span(begin, end));
    outgoing.emplace_back(part.begin(), part.end());
    begin = end;
  }
  sorted = {};
  const std::vector<Bytes> incoming = team.exchange(std::move(outgoing));
  std::vector<Index> counts;
  for (const Bytes& bytes : incoming) {
    counts.push_back(static_cast<Index>(bytes.size()) / kRecordBytes);
    append_records(sorted, bytes);
  }
  merge_runs(sorted, boundaries_of(counts), threads);
  return sorted;
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
  const auto size = static_cast<Index>(records.size());
  const std::vector<Index> chunks = even_boundaries(size, threads);
  {
    std::vector<SortRecord> spare(records.size());
    parallel_for(threads, threads, [&](Index chunk) {
      const Range part = part_of(chunks, chunk);
      const auto begin = static_cast<std::size_t>(part.begin);
      const auto count = static_cast<std::size_t>(part.size());
      sort_span(std::span(records).subspan(begin, count), std::span(spare).subspan(begin, count));
    });
  }
  merge_runs(records, chunks, threads);
}

SortedSlice sort_over_ranks(Team& team, std::vector<SortRecord> records, int threads) {
  const Index ranks = team.size();
  sort_records(records, threads);
  std::vector<Index> counts = all_gather_counts(team, static_cast<Index>(records.size()));
  const Index total = boundaries_of(counts).back();
  SortedSlice slice;
  slice.blocks = RowBlocks(total);
  slice.boundaries = slice.blocks.row_boundaries(ranks);
  slice.positions = part_of(slice.boundaries, team.rank());
  if (ranks > 1) {
    const Index gap = std::max<Index>(1, total / (ranks * ranks * kOversampling));
    const std::vector<SortRecord> cuts = splitters(team, records, gap, slice.boundaries);
    records = exchange_parts(team, std::move(records), cuts, threads);
    counts = all_gather_counts(team, static_cast<Index>(records.size()));
    const Bytes moved = repartition(team, boundaries_of(counts), slice.boundaries,
                                    std::as_bytes(std::span(records)), kRecordBytes);
    records.clear();
    append_records(records, moved);
  }
  slice.records = std::move(records);
  assert(static_cast<Index>(slice.records.size()) == slice.positions.size());
  return slice;
}

}  // namespace lockstep
