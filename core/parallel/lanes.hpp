#pragma once

#include <cstdint>
#include <vector>

#include "core/base/random.hpp"
#include "core/base/types.hpp"

namespace lockstep {

enum class Shuffle { none, rows, blocks };

/// The geometry of training: how N rows, L lanes and b rows a step make an epoch. A pure function
/// of these three numbers, so the same for any number of ranks.
///
/// Lanes cut the rows, in file order, into L contiguous ranges of which the first N mod L are one
/// longer. Position j of lane l stands at place j·L + l; the places are 0 … N−1 without a hole, and
/// step k takes the places [k·b, (k+1)·b). Every row is used once an epoch; the last step may be
/// short and lanes may be empty.
class Lanes {
 public:
  /// Requires rows ≥ 0, lanes a power of two, batch ≥ 1.
  Lanes(Index rows, Index lanes, Index batch);

  Index rows() const { return rows_; }
  Index count() const { return count_; }
  Index batch() const { return batch_; }
  Index steps() const { return (rows_ + batch_ - 1) / batch_; }

  /// Global row numbers of a lane.
  Range rows_of(Index lane) const;
  /// Global row numbers of a contiguous range of lanes.
  Range rows_of(Range lanes) const;
  /// Rows of a step over all lanes.
  Index rows_in(Index step) const;
  /// The positions inside the lane that a step takes.
  Range positions(Index lane, Index step) const;
  /// Upper bound of positions(lane, step).size() over all lanes and steps.
  Index most_rows_of_a_lane() const;

 private:
  Index rows_;
  Index count_;
  Index batch_;
};

constexpr bool is_power_of_two(Index n) { return n > 0 && (n & (n - 1)) == 0; }

/// P+1 boundaries of `lanes` over the ranks, chosen so that no rank has more than four canonical
/// nodes (core/parallel/fold.hpp); even where `ranks` is a power of two. With more ranks than lanes
/// some own none.
std::vector<Index> lane_boundaries(Index lanes, int ranks);

/// `train.lanes = auto`: the largest power of two, at most 64, that leaves at least 32 rows of a
/// batch to a lane.
Index automatic_lanes(Index batch);

/// Rows that one block of Shuffle::blocks holds, and blocks in a window.
inline constexpr Index kShuffleBlock = 1024;
inline constexpr Index kShuffleWindow = 16;

/// The order in which a lane's rows are used in an epoch: order[j] is the row, counted from the
/// lane's first, at position j. `blocks` permutes blocks of 1024 rows, then the rows inside each
/// window of 16 blocks, which a reader that streams the lane can do.
std::vector<Index> lane_order(Shuffle shuffle, std::uint64_t seed, Index epoch, Index lane,
                              Index rows);

}  // namespace lockstep
