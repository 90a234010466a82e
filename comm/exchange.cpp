#include "comm/exchange.hpp"

#include <algorithm>
#include <cassert>

#include "core/base/memory.hpp"
#include "core/parallel/lanes.hpp"
#include "core/parallel/ranges.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep::comm {
namespace {

constexpr int kReduceTag = 1;
constexpr int kShareTag = 2;
/// Elements that a thread adds at a time.
constexpr Index kAddTile = 16384;

template <class T>
std::span<const std::byte> bytes_at(const T* data, Range elements) {
  return std::as_bytes(std::span(data + elements.begin, static_cast<std::size_t>(elements.size())));
}

template <class T>
std::span<std::byte> writable_bytes_at(T* data, Range elements) {
  return std::as_writable_bytes(
      std::span(data + elements.begin, static_cast<std::size_t>(elements.size())));
}

/// Calls add(range) for tiles of `elements`, on several threads.
template <class Add>
void for_tiles(int threads, Range elements, const Add& add) {
  const Index tiles = (elements.size() + kAddTile - 1) / kAddTile;
  parallel_for(threads, tiles, [&](Index i) {
    const Index begin = elements.begin + i * kAddTile;
    add(Range{begin, std::min(begin + kAddTile, elements.end)});
  });
}

/// to = left + right on a range of elements.
template <class T>
void add_elements(Range range, const T* left, const T* right, T* to) {
  for (Index e = range.begin; e < range.end; ++e) to[e] = left[e] + right[e];
}

/// Messages of one round: started, then waited for together.
class Round {
 public:
  Round(Transport& transport, std::chrono::milliseconds timeout)
      : transport_(transport), timeout_(timeout) {}
  void send(int to, int tag, std::span<const std::byte> data) {
    if (!data.empty()) requests_.push_back(transport_.send(to, tag, data));
  }
  void receive(int from, int tag, std::span<std::byte> data) {
    if (!data.empty()) requests_.push_back(transport_.receive(from, tag, data));
  }
  void finish() {
    transport_.wait(requests_, timeout_);
    requests_.clear();
  }

 private:
  Transport& transport_;
  std::chrono::milliseconds timeout_;
  std::vector<RequestPtr> requests_;
};

/// What all ways have in common: who has which nodes.
template <class T>
class PlannedExchange : public GradientExchange<T> {
 public:
  PlannedExchange(Transport& transport, const ExchangePlan& plan)
      : transport_(transport),
        plan_(plan),
        nodes_(canonical_nodes(part_of(plan.lane_boundaries, transport.rank()), plan.lanes)),
        arena_{0, block_start(plan.blocks, static_cast<Index>(plan.blocks.size()))} {}

  const std::vector<TreeNode>& nodes() const override { return nodes_; }

 protected:
  Round round() const { return Round(transport_, plan_.timeout); }

  Transport& transport_;
  ExchangePlan plan_;
  std::vector<TreeNode> nodes_;
  Range arena_;
};

/// One rank: its only canonical node is the root.
template <class T>
class SoloExchange final : public PlannedExchange<T> {
 public:
  using PlannedExchange<T>::PlannedExchange;
  Range segment() const override { return this->arena_; }
  const T* reduce(std::span<T* const> nodes) override { return nodes[0]; }
  void share(T*) override {}
  Index elements() const override { return 0; }
};

/// Whole nodes by recursive doubling; every rank updates everything.
template <class T>
class DoublingExchange final : public PlannedExchange<T> {
 public:
  DoublingExchange(Transport& transport, const ExchangePlan& plan)
      : PlannedExchange<T>(transport, plan),
        received_(static_cast<std::size_t>(this->arena_.size())) {}

  Range segment() const override { return this->arena_; }

  const T* reduce(std::span<T* const> nodes) override {
    for (int distance = 1; distance < this->transport_.size(); distance *= 2) {
      const int peer = this->transport_.rank() ^ distance;
      Round round = this->round();
      round.receive(peer, kReduceTag, writable_bytes_at(received_.data(), this->arena_));
      round.send(peer, kReduceTag, bytes_at<T>(nodes[0], this->arena_));
      round.finish();
      for_tiles(this->plan_.threads, this->arena_,
                [&](Range r) { add_elements<T>(r, nodes[0], received_.data(), nodes[0]); });
    }
    return nodes[0];
  }

  void share(T*) override {}
  Index elements() const override { return this->arena_.size(); }

 private:
  AlignedVector<T> received_;
};

/// P a power of two ≤ lanes: each rank has one node. In round i a rank gives the rank at distance
/// 2ⁱ one half of what it still has and adds the other half of that rank's.
template <class T>
class HalvingExchange final : public PlannedExchange<T> {
 public:
  HalvingExchange(Transport& transport, const ExchangePlan& plan)
      : PlannedExchange<T>(transport, plan) {
    Range blocks{0, static_cast<Index>(plan.blocks.size())};
    const auto elements = [&](Range b) {
      return Range{block_start(plan.blocks, b.begin), block_start(plan.blocks, b.end)};
    };
    for (int distance = 1; distance < transport.size(); distance *= 2) {
      const Index middle = blocks.begin + blocks.size() / 2;
      const Range lower{blocks.begin, middle};
      const Range upper{middle, blocks.end};
      const bool keeps_lower = (transport.rank() & distance) == 0;
      blocks = keeps_lower ? lower : upper;
      halvings_.push_back({transport.rank() ^ distance, elements(keeps_lower ? lower : upper),
                           elements(keeps_lower ? upper : lower)});
    }
    segment_ = elements(blocks);
    Index most = 0;
    for (const Halving& h : halvings_) most = std::max(most, h.kept.size());
    received_.resize(static_cast<std::size_t>(most));
  }

  Range segment() const override { return segment_; }

  const T* reduce(std::span<T* const> nodes) override {
    for (const Halving& h : halvings_) {
      Round round = this->round();
      const Range kept{0, h.kept.size()};
      T* const left = nodes[0] + h.kept.begin;
      round.receive(h.peer, kReduceTag, writable_bytes_at(received_.data(), kept));
      round.send(h.peer, kReduceTag, bytes_at<T>(nodes[0], h.given));
      round.finish();
      for_tiles(this->plan_.threads, kept,
                [&](Range r) { add_elements<T>(r, left, received_.data(), left); });
    }
    return nodes[0] + segment_.begin;
  }

  void share(T* theta) override {
    for (auto h = halvings_.rbegin(); h != halvings_.rend(); ++h) {
      Round round = this->round();
      round.receive(h->peer, kShareTag, writable_bytes_at(theta, h->given));
      round.send(h->peer, kShareTag, bytes_at<T>(theta, h->kept));
      round.finish();
    }
  }

  Index elements() const override { return static_cast<Index>(received_.size()); }

 private:
  struct Halving {
    int peer;
    Range kept;
    Range given;
  };
  std::vector<Halving> halvings_;
  Range segment_;
  AlignedVector<T> received_;
};

/// Any P: the nodes of all ranks meet at the owner of each segment, who folds them.
template <class T>
class DirectExchange final : public PlannedExchange<T> {
 public:
  DirectExchange(Transport& transport, const ExchangePlan& plan)
      : PlannedExchange<T>(transport, plan) {
    const std::vector<Index> owned =
        even_boundaries(static_cast<Index>(plan.blocks.size()), transport.size());
    for (const Index block : owned) boundaries_.push_back(block_start(plan.blocks, block));
    for (int r = 0; r < transport.size(); ++r) {
      for (const TreeNode& node : canonical_nodes(part_of(plan.lane_boundaries, r), plan.lanes)) {
        all_nodes_.push_back(node);
        holders_.push_back(r);
      }
    }
    const auto size = static_cast<std::size_t>(segment().size());
    for (const int holder : holders_) {
      received_.emplace_back(holder == transport.rank() ? 0 : size);
    }
    result_.resize(size);
  }

  Range segment() const override { return part_of(boundaries_, this->transport_.rank()); }

  const T* reduce(std::span<T* const> nodes) override {
    const int me = this->transport_.rank();
    const Range mine = segment();
    Round round = this->round();
    for (std::size_t i = 0; i < holders_.size(); ++i) {
      if (holders_[i] == me) continue;
      round.receive(holders_[i], kReduceTag, writable_bytes_at(received_[i].data(), whole(mine)));
    }
    for (int step = 1; step < this->transport_.size(); ++step) {
      const int owner = (me + step) % this->transport_.size();
      for (T* const node : nodes) {
        round.send(owner, kReduceTag, bytes_at<T>(node, part_of(boundaries_, owner)));
      }
    }
    round.finish();

    std::vector<const T*> sources;  // element e of my segment at sources[i][e - mine.begin]
    std::size_t own = 0;
    for (std::size_t i = 0; i < holders_.size(); ++i) {
      sources.push_back(holders_[i] == me ? nodes[own++] + mine.begin : received_[i].data());
    }
    for_tiles(this->plan_.threads, whole(mine), [&](Range r) { fold(sources, r); });
    return result_.data();
  }

  void share(T* theta) override {
    const int me = this->transport_.rank();
    const int ranks = this->transport_.size();
    Round round = this->round();
    for (int step = 1; step < ranks; ++step) {
      const int from = (me + ranks - step) % ranks;
      round.receive(from, kShareTag, writable_bytes_at(theta, part_of(boundaries_, from)));
      round.send((me + step) % ranks, kShareTag, bytes_at<T>(theta, segment()));
    }
    round.finish();
  }

  Index elements() const override {
    auto total = static_cast<Index>(result_.size());
    for (const auto& node : received_) total += static_cast<Index>(node.size());
    return total;
  }

 private:
  static Range whole(Range r) { return {0, r.size()}; }

  /// Folds block by block, so that partial sums stay in cache.
  void fold(const std::vector<const T*>& sources, Range range) {
    using Partial = std::vector<T>;
    const auto add = [](Partial left, const Partial& right) {
      for (std::size_t e = 0; e < left.size(); ++e) left[e] = left[e] + right[e];
      return left;
    };
    for (Index begin = range.begin; begin < range.end; begin += kBlock) {
      const Index end = std::min(begin + kBlock, range.end);
      std::size_t next = 0;
      const auto take = [&](TreeNode node) -> std::optional<Partial> {
        if (next == sources.size() || all_nodes_[next] != node) return std::nullopt;
        const T* source = sources[next++];
        return Partial(source + begin, source + end);
      };
      const Partial sum =
          fold_subtree<Partial>({0, tree_width(this->plan_.lanes)}, this->plan_.lanes, take, add);
      std::copy(sum.begin(), sum.end(), result_.begin() + begin);
    }
  }

  std::vector<Index> boundaries_;    // P+1 arena elements
  std::vector<TreeNode> all_nodes_;  // of all ranks, from left to right
  std::vector<int> holders_;         // the rank of each
  std::vector<AlignedVector<T>> received_;
  AlignedVector<T> result_;
};

}  // namespace

template <class T>
std::unique_ptr<GradientExchange<T>> make_exchange(Transport& transport, const ExchangePlan& plan) {
  const int ranks = transport.size();
  if (ranks == 1) return std::make_unique<SoloExchange<T>>(transport, plan);
  if (is_power_of_two(ranks) && ranks <= plan.lanes) {
    if (plan.blocks.empty() || plan.blocks.back().elements.end < kSmallArena) {
      return std::make_unique<DoublingExchange<T>>(transport, plan);
    }
    return std::make_unique<HalvingExchange<T>>(transport, plan);
  }
  return std::make_unique<DirectExchange<T>>(transport, plan);
}

template std::unique_ptr<GradientExchange<float>> make_exchange(Transport&, const ExchangePlan&);
template std::unique_ptr<GradientExchange<double>> make_exchange(Transport&, const ExchangePlan&);

}  // namespace lockstep::comm
