#include "core/parallel/repartition.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "core/base/large_pages.hpp"
#include "core/parallel/ranges.hpp"

namespace lockstep {
namespace {

/// Who owns which rows before and after, and which of them travel in which round.
///
/// The rows that leave a rank are numbered in row order without those that stay; round k moves the
/// numbers [k·chunk, (k+1)·chunk) of every rank. Both ends know the boundaries, so no list of rows
/// needs to be sent.
class Moves {
 public:
  Moves(const std::vector<Index>& from, const std::vector<Index>& to, Index rows_in_flight)
      : from_(from), to_(to), ranks_(static_cast<Index>(from.size()) - 1) {
    // Several ranks may send to one: it receives at most so many chunks at once.
    Index most_sources = 1;
    for (Index target = 0; target < ranks_; ++target) {
      Index sources = 0;
      for (Index source = 0; source < ranks_; ++source) {
        if (source != target && !overlap(source, target).empty()) ++sources;
      }
      most_sources = std::max(most_sources, sources);
    }
    chunk_ = std::max<Index>(1, rows_in_flight / most_sources);
    for (Index r = 0; r < ranks_; ++r) {
      const Index leaving = part_of(from_, r).size() - overlap(r, r).size();
      rounds_ = std::max(rounds_, (leaving + chunk_ - 1) / chunk_);
    }
  }

  Index rounds() const { return rounds_; }

  /// Rows that `source` has before and `target` has after; size 0 when there are none.
  Range overlap(Index source, Index target) const {
    const Range old_rows = part_of(from_, source);
    const Range new_rows = part_of(to_, target);
    const Index begin = std::max(old_rows.begin, new_rows.begin);
    return {begin, std::max(begin, std::min(old_rows.end, new_rows.end))};
  }

  /// The part of overlap(source, target) that travels in this round; source ≠ target.
  Range in_round(Index source, Index target, Index round) const {
    const Range moved = overlap(source, target);
    const Range staying = overlap(source, source);
    Index number = moved.begin - part_of(from_, source).begin;
    if (staying.begin < moved.begin) number -= staying.size();
    const Index begin = std::max(moved.begin, moved.begin + round * chunk_ - number);
    const Index end = std::min(moved.end, moved.begin + (round + 1) * chunk_ - number);
    return {begin, std::max(begin, end)};
  }

 private:
  const std::vector<Index>& from_;
  const std::vector<Index>& to_;
  Index ranks_;
  Index chunk_ = 1;
  Index rounds_ = 0;
};

/// Copies, and gives back what has been copied.
void move_memory(std::span<std::byte> from, std::span<std::byte> to) {
  constexpr std::size_t kPiece = 8 * kLargePage;
  for (std::size_t begin = 0; begin < from.size(); begin += kPiece) {
    const std::size_t size = std::min(kPiece, from.size() - begin);
    std::memcpy(to.data() + begin, from.data() + begin, size);
    // From the end of the last large page that went before: pieces begin inside of large pages.
    const std::size_t behind = std::min(begin, kLargePage);
    release_memory(from.data() + begin - behind, size + behind);
  }
}

}  // namespace

void repartition(Team& team, const std::vector<Index>& from, const std::vector<Index>& to,
                 std::span<std::byte> rows, Index row_bytes, std::span<std::byte> result,
                 Index round_bytes) {
  const Index ranks = team.size();
  const Index me = team.rank();
  assert(row_bytes > 0);
  assert(static_cast<Index>(from.size()) == ranks + 1 && from.size() == to.size());
  assert(from.front() == to.front() && from.back() == to.back());
  const Range before = part_of(from, me);
  const Range after = part_of(to, me);
  assert(static_cast<Index>(rows.size()) == before.size() * row_bytes);
  assert(static_cast<Index>(result.size()) == after.size() * row_bytes);

  const auto old_rows = [&](Range r) {
    return rows.subspan(static_cast<std::size_t>((r.begin - before.begin) * row_bytes),
                        static_cast<std::size_t>(r.size() * row_bytes));
  };
  const auto place = [&](Range r, std::span<const std::byte> bytes) {
    assert(static_cast<Index>(bytes.size()) == r.size() * row_bytes);
    if (bytes.empty()) return;
    std::memcpy(result.data() + (r.begin - after.begin) * row_bytes, bytes.data(), bytes.size());
  };

  const Moves moves(from, to, round_bytes / row_bytes);
  if (const Range staying = moves.overlap(me, me); !staying.empty()) {
    move_memory(
        old_rows(staying),
        result.subspan(static_cast<std::size_t>((staying.begin - after.begin) * row_bytes)));
  }
  for (Index round = 0; round < moves.rounds(); ++round) {
    std::vector<Bytes> outgoing(static_cast<std::size_t>(ranks));
    for (Index target = 0; target < ranks; ++target) {
      if (target == me) continue;
      const Range leaving = moves.in_round(me, target, round);
      if (leaving.empty()) continue;
      const std::span<const std::byte> bytes = old_rows(leaving);
      outgoing[static_cast<std::size_t>(target)].assign(bytes.begin(), bytes.end());
    }
    const std::vector<Bytes> incoming = team.exchange(std::move(outgoing));
    for (Index source = 0; source < ranks; ++source) {
      if (source == me) continue;
      const Range arriving = moves.in_round(source, me, round);
      if (!arriving.empty()) place(arriving, incoming[static_cast<std::size_t>(source)]);
    }
  }
}

}  // namespace lockstep
