#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "core/base/types.hpp"
#include "core/parallel/team.hpp"

namespace lockstep::trainer {

/// What goes to infinity, or is none: watched in each step, and told, by all ranks alike, of the
/// first step in which any rank saw it.
class DivergenceWatch {
 public:
  /// A row of the step, and what became of it.
  struct Row {
    double loss = 0;
    Index number = 0;  ///< among the rows that were read
    Index layer = -1;  ///< the first whose output is not finite; −1 where the loss is
    int rank = 0;
  };

  /// @param rank  this one
  explicit DivergenceWatch(int rank) : rank_(rank), block_(0) {}

  /// The rows of the next step are seen from here on.
  void begin_step(Index step);
  /// Whether this row is one of those to tell of: not finite, or of one of the largest losses.
  bool is_among_the_worst(double loss) const {
    const Step& step = steps_.back();
    return step.count < kToldRows || !(loss <= step.worst[kToldRows - 1].loss);
  }
  void add_row(double loss, Index number, Index layer);
  /// A block of the gradient that is not finite. Thread-safe.
  void add_block(Index block);

  void end_step();

  /// This rank saw something in a step since `forget`.
  bool has_seen_any() const;
  void forget() { steps_.clear(); }

  /// Names of what is told.
  struct Names {
    std::function<std::string(Index number)> row;
    std::function<std::string(Index layer)> layer;
    std::function<std::string(Index block)> tensor;
  };
  /// "step 12 of epoch 3: the loss is not finite for a.csv:17 (layers.1 overflows; rank 2 on n1)".
  /// @param step_of_loss  the first step over whose rows the loss is not finite, or 0.
  /// *Collective*.
  std::string describe(Team& team, Index epoch, Index step_of_loss, const Names& names) const;

 private:
  static constexpr std::size_t kToldRows = 3;
  struct Step {
    Index step = 0;
    Index block = 0;  ///< the first whose gradient is not finite, or the largest number
    std::size_t count = 0;
    std::array<Row, kToldRows> worst{};  ///< `count` rows, the worst first
  };
  static bool is_worse(const Row& a, const Row& b);
  static bool is_bad(const Step& step);

  int rank_;
  std::vector<Step> steps_;
  std::atomic<Index> block_;  ///< of the last of them
};

}  // namespace lockstep::trainer
