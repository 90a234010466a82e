#include "trainer/run/batch_rows.hpp"

#include <algorithm>
#include <set>

#include "core/parallel/threads.hpp"

namespace lockstep::trainer {

template <class T>
BatchRows<T>::BatchRows(const Examples<T>& examples, const Lanes& lanes, Range mine, Index capacity,
                        Index targets)
    : examples_(examples),
      lanes_(lanes),
      my_lanes_(mine),
      target_count_(targets),
      order_(static_cast<std::size_t>(mine.size())),
      sources_(static_cast<std::size_t>(capacity)),
      numbers_(static_cast<std::size_t>(capacity)),
      targets_(static_cast<std::size_t>(capacity * targets)),
      weights_(examples.weights.empty() ? 0 : static_cast<std::size_t>(capacity)) {}

template <class T>
void BatchRows<T>::begin_epoch(Shuffle shuffle, std::uint64_t seed, Index epoch, int threads) {
  seed_ = seed;
  epoch_ = epoch;
  parallel_for(threads, my_lanes_.size(), [&](Index i) {
    const Index lane = my_lanes_.begin + i;
    order_[static_cast<std::size_t>(i)] =
        lane_order(shuffle, seed, epoch, lane, lanes_.rows_of(lane).size());
  });
}

template <class T>
void BatchRows<T>::go_to(Index step) {
  leaves_.clear();
  Index row = 0;
  for (Index lane = my_lanes_.begin; lane < my_lanes_.end; ++lane) {
    const Range positions = lanes_.positions(lane, step);
    const Index first = lanes_.rows_of(lane).begin - examples_.rows.begin;
    const std::vector<Index>& order = order_of(lane);
    leaves_.push_back({row, row + positions.size()});
    if (examples_.later) read_ahead(lane, positions);
    for (Index j = positions.begin; j < positions.end; ++j, ++row) {
      const Index source = first + order[static_cast<std::size_t>(j)];
      sources_[static_cast<std::size_t>(row)] = source;
      numbers_[static_cast<std::size_t>(row)] = examples_.rows.begin + source;
      std::copy_n(examples_.targets.data() + source * target_count_, target_count_,
                  targets_.data() + row * target_count_);
      if (weights_.empty()) continue;
      weights_[static_cast<std::size_t>(row)] = examples_.weights[static_cast<std::size_t>(source)];
    }
  }
}

/// Asks for the rows of a lane's next window when its positions enter one; at first for both.
template <class T>
void BatchRows<T>::read_ahead(Index lane, Range positions) {
  constexpr Index kWindow = kShuffleWindow * kShuffleBlock;
  const Index rows = lanes_.rows_of(lane).size();
  const Index first = lanes_.rows_of(lane).begin - examples_.rows.begin;
  const std::vector<Index>& order = order_of(lane);
  const auto ask = [&](Index window) {
    std::set<Index> blocks;
    const Index end = std::min(rows, (window + 1) * kWindow);
    for (Index j = window * kWindow; j < end; ++j) {
      blocks.insert(order[static_cast<std::size_t>(j)] / kShuffleBlock);
    }
    for (const Index block : blocks) {
      const Index begin = block * kShuffleBlock;
      examples_.will_need({first + begin, first + std::min(rows, begin + kShuffleBlock)});
    }
  };
  if (positions.empty()) return;
  if (positions.begin == 0) ask(0);
  const Index window = (positions.end - 1) / kWindow;
  const bool enters = positions.begin == 0 || (positions.begin - 1) / kWindow < window;
  if (enters) ask(window + 1);
}

template class BatchRows<float>;
template class BatchRows<double>;

}  // namespace lockstep::trainer
