#pragma once

#include <span>
#include <vector>

#include "core/base/types.hpp"
#include "core/parallel/team.hpp"

namespace lockstep::trainer {

/// Sums over the elements of an arena that are computed in each of its blocks, by the rank that
/// updates it, and folded in a tree over the blocks: of `width` kinds at once.
class BlockSums {
 public:
  /// @param blocks  of the arena
  /// @param mine    of these, those of this rank
  BlockSums(Index blocks, std::vector<Index> mine, Index width);

  /// The sums of my i-th block, to be filled; they begin with 0.
  std::span<double> of_mine(Index i) {
    return std::span(mine_sums_)
        .subspan(static_cast<std::size_t>(i * width_), static_cast<std::size_t>(width_));
  }
  /// Every rank gets those of all blocks. *Collective*.
  void gather(Team& team);
  /// The sum of a kind over some blocks, in a tree of their own.
  double over(Range blocks, Index kind) const;
  double over_all(Index kind) const { return over({0, blocks_}, kind); }

 private:
  Index blocks_;
  std::vector<Index> mine_;
  Index width_;
  std::vector<double> mine_sums_;
  std::vector<double> sums_;  // of all blocks
};

}  // namespace lockstep::trainer
