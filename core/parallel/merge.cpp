#include "core/parallel/merge.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "core/parallel/ranges.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {
namespace {

using Run = std::span<const SortRecord>;
using Records = std::span<SortRecord>;

/// So many parts of a merge go on at the same time: a step waits for the one before it, but not for
/// those of other parts.
constexpr std::size_t kPartsAtOnce = 4;
/// Fewer records than this are merged in one part.
constexpr std::size_t kManyRecords = 4096;

/// A merge that goes on record by record.
struct Merge {
  const SortRecord* a;
  const SortRecord* a_end;
  const SortRecord* b;
  const SortRecord* b_end;
  SortRecord* out;

  /// So many steps are possible before one of the two is used up, or more.
  std::ptrdiff_t sure_steps() const { return std::min(a_end - a, b_end - b); }
  /// Selects by masks instead of branching: which record is next is as good as random.
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
    while (sure_steps() > 0) step();
    std::copy(b, b_end, std::copy(a, a_end, out));
  }
};

/// How many of the first `count` records of the merged sequence are of the left one.
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

/// Writes the records `part` of the merged sequence to their places in `out`, which overlaps with
/// neither.
void merge_part(Run left, Run right, Range part, Records out) {
  std::array<Merge, kPartsAtOnce> merges{};
  for (std::size_t i = 0; i < kPartsAtOnce; ++i) {
    const Range places = even_part(part.size(), kPartsAtOnce, static_cast<Index>(i));
    const auto begin = static_cast<std::size_t>(part.begin + places.begin);
    const auto end = static_cast<std::size_t>(part.begin + places.end);
    const std::size_t a = left_of_first(begin, left, right);
    const std::size_t a_end = left_of_first(end, left, right);
    merges[i] = {left.data() + a, left.data() + a_end, right.data() + (begin - a),
                 right.data() + (end - a_end), out.data() + begin};
  }
  for (;;) {
    std::ptrdiff_t steps = merges[0].sure_steps();
    for (const Merge& merge : merges) steps = std::min(steps, merge.sure_steps());
    if (steps == 0) break;
    for (; steps > 0; --steps) {
      for (Merge& merge : merges) merge.step();
    }
  }
  for (Merge& merge : merges) merge.finish();
}

}  // namespace

void merge(Run left, Run right, Records out, int threads) {
  assert(out.size() == left.size() + right.size());
  if (out.size() < kManyRecords) {
    Merge{left.data(), left.data() + left.size(), right.data(), right.data() + right.size(),
          out.data()}
        .finish();
    return;
  }
  parallel_for(threads, threads, [&](Index i) {
    merge_part(left, right, even_part(static_cast<Index>(out.size()), threads, i), out);
  });
}

Records merge_runs(std::vector<std::size_t> boundaries, Records records, Records spare,
                   int threads) {
  while (boundaries.size() > 2) {
    std::vector<std::size_t> wider = {0};
    for (std::size_t run = 0; run + 1 < boundaries.size(); run += 2) {
      const std::size_t begin = boundaries[run];
      const std::size_t middle = boundaries[run + 1];
      const std::size_t end = boundaries[std::min(run + 2, boundaries.size() - 1)];
      merge(records.subspan(begin, middle - begin), records.subspan(middle, end - middle),
            spare.subspan(begin, end - begin), threads);
      wider.push_back(end);
    }
    boundaries = std::move(wider);
    std::swap(records, spare);
  }
  return records;
}

}  // namespace lockstep
