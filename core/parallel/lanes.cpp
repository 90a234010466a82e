#include "core/parallel/lanes.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

#include "core/parallel/fold.hpp"
#include "core/parallel/ranges.hpp"

namespace lockstep {

Lanes::Lanes(Index rows, Index lanes, Index batch) : rows_(rows), count_(lanes), batch_(batch) {
  assert(rows >= 0 && is_power_of_two(lanes) && batch >= 1);
}

Range Lanes::rows_of(Index lane) const { return even_part(rows_, count_, lane); }

Range Lanes::rows_of(Range lanes) const {
  if (lanes.empty()) {
    const Index row = lanes.begin < count_ ? rows_of(lanes.begin).begin : rows_;
    return {row, row};
  }
  return {rows_of(lanes.begin).begin, rows_of(lanes.end - 1).end};
}

Index Lanes::rows_in(Index step) const {
  return std::min(rows_, (step + 1) * batch_) - step * batch_;
}

Range Lanes::positions(Index lane, Index step) const {
  // Places p ≡ lane (mod L) of the step: j = ⌈(first − lane)/L⌉ … below ⌈(last − lane)/L⌉.
  const auto position_from = [&](Index place) {
    return place <= lane ? 0 : (place - lane + count_ - 1) / count_;
  };
  const Index first = step * batch_;
  return {position_from(first), position_from(first + rows_in(step))};
}

Index Lanes::most_rows_of_a_lane() const { return (std::min(batch_, rows_) + count_ - 1) / count_; }

std::vector<Index> lane_boundaries(Index lanes, int ranks) {
  assert(is_power_of_two(lanes) && ranks > 0);
  const Index granule = std::max<Index>(1, lanes / (4 * tree_width(ranks)));
  std::vector<Index> boundaries;
  for (Index r = 0; r <= ranks; ++r)
    boundaries.push_back(granule * (r * (lanes / granule) / ranks));
  return boundaries;
}

Index automatic_lanes(Index batch) {
  Index lanes = 1;
  while (lanes < 64 && batch / (2 * lanes) >= 32) lanes *= 2;
  return lanes;
}

std::vector<Index> lane_order(Shuffle shuffle, std::uint64_t seed, Index epoch, Index lane,
                              Index rows) {
  if (shuffle == Shuffle::none) {
    std::vector<Index> order(static_cast<std::size_t>(rows));
    std::iota(order.begin(), order.end(), Index{0});
    return order;
  }
  const RandomStream stream(seed, Purpose::shuffle);
  RandomSequence draws(stream, static_cast<std::uint64_t>(epoch), static_cast<std::uint64_t>(lane));
  if (shuffle == Shuffle::rows) return random_permutation(draws, rows);

  const Index blocks = (rows + kShuffleBlock - 1) / kShuffleBlock;
  std::vector<Index> order;
  order.reserve(static_cast<std::size_t>(rows));
  for (const Index block : random_permutation(draws, blocks)) {
    const Index end = std::min(rows, (block + 1) * kShuffleBlock);
    for (Index row = block * kShuffleBlock; row < end; ++row) order.push_back(row);
  }
  for (Index begin = 0; begin < rows; begin += kShuffleWindow * kShuffleBlock) {
    const Index size = std::min(rows - begin, kShuffleWindow * kShuffleBlock);
    const std::vector<Index> window(order.begin() + begin, order.begin() + begin + size);
    Index at = begin;
    for (const Index i : random_permutation(draws, size)) {
      order[static_cast<std::size_t>(at++)] = window[static_cast<std::size_t>(i)];
    }
  }
  return order;
}

}  // namespace lockstep
