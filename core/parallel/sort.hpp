#pragma once

#include <bit>
#include <cassert>
#include <compare>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/base/large_pages.hpp"

namespace lockstep {

// Sorting, exactly: integers are compared and counted, nothing is rounded.

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

/// A record as one number, whose order is that of the records: they are compared without branching.
__extension__ using SortPlace = unsigned __int128;

inline SortPlace place_of(const SortRecord& record) {
  return static_cast<SortPlace>(record.key) << 64U | record.payload;
}

/// Records that are about to be sorted, or have been.
using SortRecords = Buffer<SortRecord>;

/// Sorts this rank's records with up to `threads` threads, in as much memory again.
///
/// By digits of 9 bits, from the lowest [Knuth 1998, §5.2.5, Algorithm R]: the payload, unless
/// payloads already ascend, and then the first four digits in which keys differ. They leave few
/// keys out of order, as a rule; where they do, what is equal in these digits is sorted by itself,
/// in the same way when it is much, by comparisons when it is little. O(n) for evenly spread keys,
/// O(n log n) at worst. Each thread sorts a part, and the parts are merged.
/// Rank-local.
void sort_records(SortRecords& records, int threads = 1);

/// The same for the records of several runs, one behind the other: payloads ascend if they do over
/// all runs in this order.
/// @param held, free  as large as all runs together; runs may lie in `held`, not in `free`, and are
///                    overwritten then
/// @return the one of the two that has the sorted records
/// Rank-local.
std::span<SortRecord> sort_runs(std::vector<std::span<const SortRecord>> runs,
                                std::span<SortRecord> held, std::span<SortRecord> free,
                                int threads = 1);

}  // namespace lockstep
