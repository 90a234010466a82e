#include "core/parallel/sort.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <span>
#include <utility>
#include <vector>

#include "core/parallel/merge.hpp"
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
/// A digit is crowded when so large a part of the records, one in this many, have the same value.
constexpr std::size_t kCrowdedPart = 8;

using Run = std::span<const SortRecord>;
using Records = std::span<SortRecord>;

/// Records on their way: they lie in `runs`, one behind the other, and are written to `free` next.
/// What has been written is `held`, and what was held before is free. The runs at first may lie in
/// the memory of `held`.
struct Passes {
  std::vector<Run> runs;
  Records held;
  Records free;

  template <class Visit>
  void for_each(const Visit& visit) const {
    for (const Run run : runs) {
      for (const SortRecord& record : run) visit(record);
    }
  }
  bool all_held() const { return runs.size() == 1 && runs.front().data() == held.data(); }
  void written() {
    std::swap(held, free);
    runs.assign(1, held);
  }
};

using DigitCounts = std::array<std::size_t, kDigitValues>;

/// Writes the records by one digit, of which `counts` records have each value; stable.
template <class DigitOf>
void write_by_digit(Passes& records, const DigitCounts& counts, const DigitOf& digit_of) {
  DigitCounts begins;
  DigitCounts ends;
  std::size_t next = 0;
  for (std::size_t digit = 0; digit < kDigitValues; ++digit) {
    begins[digit] = next;
    next += counts[digit];
    ends[digit] = next;
  }
  const Records to = records.free;
  const bool crowded =
      *std::max_element(counts.begin(), counts.end()) > records.held.size() / kCrowdedPart;
  if (crowded && records.all_held()) {
    // A place waits for the one before it of the same value: from both ends, half as often.
    const Run all = records.held;
    std::size_t behind = all.size();
    for (std::size_t i = 0; i < behind; ++i) {
      to[begins[digit_of(all[i])]++] = all[i];
      if (--behind > i) to[--ends[digit_of(all[behind])]] = all[behind];
    }
  } else {
    records.for_each([&](const SortRecord& record) { to[begins[digit_of(record)]++] = record; });
  }
  records.written();
}

/// Stable sort by `digits` digits of one of the words, the lowest of which begins at bit `low`.
template <class Word>
void sort_by_digits(Passes& records, unsigned low, unsigned digits, const Word& word) {
  const auto digit_of = [&](const SortRecord& record, unsigned digit) {
    return static_cast<std::size_t>(word(record) >> (low + digit * kDigitBits)) &
           (kDigitValues - 1);
  };
  std::vector<DigitCounts> counts(digits);
  records.for_each([&](const SortRecord& record) {
    for (unsigned digit = 0; digit < digits; ++digit) ++counts[digit][digit_of(record, digit)];
  });
  const SortRecord first = records.runs.front().front();
  for (unsigned digit = 0; digit < digits; ++digit) {
    if (counts[digit][digit_of(first, digit)] == records.held.size()) continue;
    write_by_digit(records, counts[digit],
                   [&](const SortRecord& record) { return digit_of(record, digit); });
  }
}

/// How many digits the bits from `low` to below `high` make.
constexpr unsigned digits_between(unsigned low, unsigned high) {
  return (high - low + kDigitBits - 1) / kDigitBits;
}

Records sort_passes(Passes records);

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
      const Records sorted = sort_passes({{equal}, equal, spare.subspan(begin, end - begin)});
      if (sorted.data() != equal.data()) std::copy(sorted.begin(), sorted.end(), equal.begin());
    }
    i = end;
  }
}

/// Sorts the records; returns where they are then.
Records sort_passes(Passes records) {
  std::erase_if(records.runs, [](Run run) { return run.empty(); });
  if (records.runs.empty()) return records.held;
  const SortRecord first = records.runs.front().front();
  SortRecord varying{};  // the bits in which records differ
  bool payloads_ascend = true;
  std::uint64_t previous = 0;
  records.for_each([&](const SortRecord& record) {
    varying.key |= record.key ^ first.key;
    varying.payload |= record.payload ^ first.payload;
    payloads_ascend &= previous <= record.payload;
    previous = record.payload;
  });
  if (!payloads_ascend) {
    const auto high = static_cast<unsigned>(std::bit_width(varying.payload));
    sort_by_digits(records, 0, digits_between(0, high),
                   [](const SortRecord& record) { return record.payload; });
  }
  if (varying.key != 0) {
    const auto lowest = static_cast<unsigned>(std::countr_zero(varying.key));
    const auto high = static_cast<unsigned>(std::bit_width(varying.key));
    const unsigned digits = std::min(digits_between(lowest, high), kLeadingDigits);
    const unsigned low = std::max(lowest, high - std::min(high, digits * kDigitBits));
    sort_by_digits(records, low, digits, [](const SortRecord& record) { return record.key; });
    if (low > lowest) sort_rest(records.held, records.free, low);
  }
  if (!records.all_held()) {  // nothing had to be sorted
    auto out = records.free.begin();
    for (const Run run : records.runs) out = std::copy(run.begin(), run.end(), out);
    records.written();
  }
  return records.held;
}

/// Sorts records by parts, a thread each, and merges these; `held` has them, `free` is as large.
/// Returns the one of the two that has them then.
Records sort_in_parts(Records held, Records free, int threads) {
  std::vector<std::size_t> boundaries;
  for (const Index boundary : even_boundaries(static_cast<Index>(held.size()), threads)) {
    boundaries.push_back(static_cast<std::size_t>(boundary));
  }
  const auto part_in = [&](Records all, std::size_t part) {
    return all.subspan(boundaries[part], boundaries[part + 1] - boundaries[part]);
  };
  std::vector<Records> sorted(static_cast<std::size_t>(threads));
  parallel_for(threads, threads, [&](Index i) {
    const auto part = static_cast<std::size_t>(i);
    const Records place = part_in(held, part);
    sorted[part] = sort_passes({{place}, place, part_in(free, part)});
  });
  // As a rule all parts took the same number of passes.
  if (sorted.front().data() == free.data()) std::swap(held, free);
  for (std::size_t part = 0; part < sorted.size(); ++part) {
    const Records place = part_in(held, part);
    if (sorted[part].data() != place.data()) {
      std::copy(sorted[part].begin(), sorted[part].end(), place.begin());
    }
  }
  return merge_runs(std::move(boundaries), held, free, threads);
}

}  // namespace

Records sort_runs(std::vector<Run> runs, Records held, Records free, int threads) {
  assert(held.size() == free.size());
  Passes records{std::move(runs), held, free};
  if (threads == 1) return sort_passes(std::move(records));
  if (!records.all_held()) {
    auto out = free.begin();
    for (const Run run : records.runs) out = std::copy(run.begin(), run.end(), out);
    std::swap(held, free);
  }
  return sort_in_parts(held, free, threads);
}

void sort_records(SortRecords& records, int threads) {
  SortRecords spare(records.size());
  if (sort_runs({records}, records, spare, threads).data() == spare.data()) records.swap(spare);
}

}  // namespace lockstep
