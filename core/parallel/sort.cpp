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

}  // namespace

void sort_records(SortRecords& records, SortRecords& spare, int threads) {
  spare.resize(records.size());
  std::vector<std::size_t> boundaries;
  for (const Index boundary : even_boundaries(static_cast<Index>(records.size()), threads)) {
    boundaries.push_back(static_cast<std::size_t>(boundary));
  }
  std::vector<Records> sorted(static_cast<std::size_t>(threads));
  const auto part_in = [&](SortRecords& all, std::size_t part) {
    return Records(all).subspan(boundaries[part], boundaries[part + 1] - boundaries[part]);
  };
  parallel_for(threads, threads, [&](Index i) {
    const auto part = static_cast<std::size_t>(i);
    sorted[part] = sort_span(part_in(records, part), part_in(spare, part));
  });
  // As a rule all parts took the same number of passes.
  if (sorted.front().data() == spare.data()) records.swap(spare);
  for (std::size_t part = 0; part < sorted.size(); ++part) {
    const Records place = part_in(records, part);
    if (sorted[part].data() != place.data()) {
      std::copy(sorted[part].begin(), sorted[part].end(), place.begin());
    }
  }
  if (merge_runs(std::move(boundaries), records, spare, threads).data() == spare.data()) {
    records.swap(spare);
  }
}

void sort_records(SortRecords& records, int threads) {
  SortRecords spare;
  sort_records(records, spare, threads);
}

}  // namespace lockstep
