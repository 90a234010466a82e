#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/model/layer.hpp"
#include "core/parallel/lanes.hpp"
#include "core/transform/examples.hpp"

namespace lockstep::trainer {

/// Which rows of one rank's lanes each step takes, and what they are to be predicted as: lane after
/// lane, in the order that seed and epoch give each lane.
template <class T>
class BatchRows {
 public:
  /// @param mine      the lanes of this rank
  /// @param capacity  the most rows of a step
  /// @param targets   numbers of a row that a loss takes
  BatchRows(const Examples<T>& examples, const Lanes& lanes, Range mine, Index capacity,
            Index targets);

  /// Orders the rows of each lane for an epoch.
  void begin_epoch(Shuffle shuffle, std::uint64_t seed, Index epoch, int threads);
  /// Goes to a step of it, and asks for rows of later ones where these are not in memory.
  void go_to(Index step);

  Index count() const { return leaves_.empty() ? 0 : leaves_.back().end; }
  /// The rows of the batch that belong to each lane of this rank.
  const std::vector<Range>& leaves() const { return leaves_; }
  /// The local row of the examples that row r of the batch is.
  Index source(Index r) const { return sources_[static_cast<std::size_t>(r)]; }
  std::span<const Index> sources() const {
    return std::span(sources_).first(static_cast<std::size_t>(count()));
  }
  /// What layers may know of the rows of the batch.
  TrainingRows training_rows() const { return {seed_, epoch_, numbers_.data()}; }
  /// As the loss takes them, row after row.
  const double* targets() const { return targets_.data(); }
  /// Null where rows have none.
  const double* weights() const { return weights_.empty() ? nullptr : weights_.data(); }

 private:
  void read_ahead(Index lane, Range positions);
  const std::vector<Index>& order_of(Index lane) const {
    return order_[static_cast<std::size_t>(lane - my_lanes_.begin)];
  }

  const Examples<T>& examples_;
  Lanes lanes_;
  Range my_lanes_;
  Index target_count_;
  std::uint64_t seed_ = 0;
  Index epoch_ = 0;
  std::vector<std::vector<Index>> order_;  // of each of my lanes
  std::vector<Range> leaves_;
  std::vector<Index> sources_;
  std::vector<Index> numbers_;  // among the rows of all ranks
  std::vector<double> targets_;
  std::vector<double> weights_;
};

}  // namespace lockstep::trainer
