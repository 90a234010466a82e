#include "trainer/run/step_sums.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "core/base/clock.hpp"
#include "core/parallel/ranges.hpp"

namespace lockstep::trainer {
namespace {

/// The most steps between two times that the ranks settle, and what time should pass.
constexpr Index kMostSteps = 128;
constexpr double kSeconds = 0.02;

ScoreSums merged(const ScoreSums& left, const ScoreSums& right) { return merge(left, right); }

/// What a rank says when the ranks settle.
struct Report {
  Wishes wishes = 0;
  double seconds = 0;  ///< of its clock, since the last time
};

}  // namespace

StepSums::StepSums(Team& team, std::vector<Index> lane_boundaries)
    : team_(team), lane_boundaries_(std::move(lane_boundaries)), settled_at_(seconds_now()) {
  for (int rank = 0; rank < team_.size(); ++rank) {
    const auto theirs = canonical_nodes(part_of(lane_boundaries_, rank), lane_boundaries_.back());
    nodes_.insert(nodes_.end(), theirs.begin(), theirs.end());
  }
}

void StepSums::add(std::vector<ScoreSums> of_my_nodes) {
  unsettled_.push_back(std::move(of_my_nodes));
}

Wishes StepSums::settle(Wishes mine, const std::function<void(const ScoreSums&)>& take_step) {
  const auto steps = unsettled_.size();
  std::vector<ScoreSums> sums;
  for (const auto& step : unsettled_) sums.insert(sums.end(), step.begin(), step.end());
  const Report report{mine, seconds_now() - settled_at_};
  const std::vector<Bytes> gathered = team_.all_gather(
      joined({FoldCodec<Report>::encode(report), FoldCodec<std::vector<ScoreSums>>::encode(sums)}));
  unsettled_.clear();
  settled_at_ = seconds_now();

  Wishes wishes = 0;
  std::vector<std::vector<ScoreSums>> of_steps(steps);
  for (int rank = 0; rank < team_.size(); ++rank) {
    const auto parts = cut(gathered[static_cast<std::size_t>(rank)]);
    const auto theirs = FoldCodec<Report>::decode(parts[0]);
    wishes |= theirs.wishes;
    if (rank == 0) {
      const double wanted = kSeconds * static_cast<double>(steps) / std::max(theirs.seconds, 1e-9);
      due_ = static_cast<Index>(std::clamp(wanted, 1.0, static_cast<double>(kMostSteps)));
    }
    const auto values = FoldCodec<std::vector<ScoreSums>>::decode(parts[1]);
    const auto count = static_cast<std::ptrdiff_t>(values.size() / std::max<std::size_t>(steps, 1));
    auto next = values.begin();
    for (auto& step : of_steps) {
      step.insert(step.end(), next, next + count);
      next += count;
    }
  }
  const Index lanes = lane_boundaries_.back();
  for (const auto& step : of_steps) {
    std::size_t next = 0;
    take_step(fold_subtree<ScoreSums>(
        {0, lanes}, lanes,
        [&](TreeNode node) -> std::optional<ScoreSums> {
          if (next == nodes_.size() || nodes_[next] != node) return std::nullopt;
          return step[next++];
        },
        merged));
  }
  return wishes;
}

}  // namespace lockstep::trainer
