#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/model/scoring.hpp"
#include "core/parallel/fold.hpp"
#include "core/parallel/team.hpp"

namespace lockstep::trainer {

/// What some rank wants once the steps at hand are done; a bit each.
using Wishes = std::int64_t;
inline constexpr Wishes kWishToSave = 1;
inline constexpr Wishes kWishToStop = 2;
inline constexpr Wishes kOutOfTime = 4;
inline constexpr Wishes kDiverged = 8;
inline constexpr Wishes kRowsChanged = 16;  ///< in the file that they stay in

/// The scores of the rows of each step, over all ranks.
///
/// A rank adds those of its canonical nodes after each step. Now and then, at the same steps, the
/// ranks tell each other what they have added, and what they wish: often enough to stop soon after
/// a wish, or a loss that is not finite, and seldom enough to cost nothing. When that is has no
/// effect on any sum.
class StepSums {
 public:
  /// @param lane_boundaries  P+1
  StepSums(Team& team, std::vector<Index> lane_boundaries);

  /// Of one step.
  void add(std::vector<ScoreSums> of_my_nodes);

  /// Ranks should settle: after this many steps, or this much time. The same on all ranks.
  bool is_due() const { return static_cast<Index>(unsettled_.size()) >= due_; }

  /// Folds each step's sums along the tree and hands them out in the order of the steps.
  /// Returns the wishes of all ranks. *Collective*.
  Wishes settle(Wishes mine, const std::function<void(const ScoreSums&)>& take_step);

 private:
  Team& team_;
  std::vector<Index> lane_boundaries_;
  std::vector<TreeNode> nodes_;                    // of all ranks, from left to right
  std::vector<std::vector<ScoreSums>> unsettled_;  // of each step since, by my node
  Index due_ = 1;
  double settled_at_;  // by this rank's clock
};

}  // namespace lockstep::trainer
