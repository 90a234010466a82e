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

/// Elements of an arena that travel as one message: in place when they are one run, packed end to
/// end otherwise.
class Elements {
 public:
  Elements(const std::vector<Block>& blocks, const BlockSet& set, Range within) {
    for (const Range& run : set.runs(within)) {
      runs_.push_back({block_start(blocks, run.begin), block_start(blocks, run.end)});
      size_ += runs_.back().size();
    }
  }

  const std::vector<Range>& runs() const { return runs_; }
  Index size() const { return size_; }

  /// The message of these elements of `arena`, in `buffer` if they must be packed.
  template <class T>
  std::span<const std::byte> pack(const T* arena, AlignedVector<T>& buffer) const {
    if (runs_.empty()) return {};
    if (runs_.size() == 1) return std::as_bytes(std::span(arena + runs_[0].begin, to_size(size_)));
    buffer.resize(std::max(buffer.size(), to_size(size_)));
    T* to = buffer.data();
    for (const Range& run : runs_) to = std::copy(arena + run.begin, arena + run.end, to);
    return std::as_bytes(std::span(buffer.data(), to_size(size_)));
  }

  /// Where a message arrives that `unpack` takes.
  template <class T>
  std::span<std::byte> landing(T* arena, AlignedVector<T>& buffer) const {
    if (runs_.empty()) return {};
    if (runs_.size() == 1) {
      return std::as_writable_bytes(std::span(arena + runs_[0].begin, to_size(size_)));
    }
    buffer.resize(std::max(buffer.size(), to_size(size_)));
    return std::as_writable_bytes(std::span(buffer.data(), to_size(size_)));
  }
  template <class T>
  void unpack(const AlignedVector<T>& buffer, T* arena) const {
    if (runs_.size() <= 1) return;
    const T* from = buffer.data();
    for (const Range& run : runs_) {
      std::copy(from, from + run.size(), arena + run.begin);
      from += run.size();
    }
  }

  /// Calls visit(run, elements of the message before it) for each run.
  template <class Visit>
  void for_runs(const Visit& visit) const {
    Index before = 0;
    for (const Range& run : runs_) {
      visit(run, before);
      before += run.size();
    }
  }

 private:
  static std::size_t to_size(Index n) { return static_cast<std::size_t>(n); }

  std::vector<Range> runs_;
  Index size_ = 0;
};

template <class T>
std::span<std::byte> first_bytes(AlignedVector<T>& buffer, Index elements) {
  return std::as_writable_bytes(std::span(buffer.data(), static_cast<std::size_t>(elements)));
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
  Range all_blocks() const { return {0, static_cast<Index>(plan_.blocks.size())}; }
  Elements elements_of(const BlockSet& set, Range within) const {
    return {plan_.blocks, set, within};
  }
  /// node[run] = node[run] + received, for each run of a message.
  void add_message(const Elements& elements, T* node, const T* received) const {
    elements.for_runs([&](Range run, Index before) {
      T* const left = node + run.begin;
      for_tiles(plan_.threads, {0, run.size()},
                [&](Range r) { add_elements<T>(r, left, received + before, left); });
    });
  }

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
  const T* reduce(std::span<T* const> nodes, const BlockSet&) override { return nodes[0]; }
  void share(T*, const BlockSet&) override {}
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

  const T* reduce(std::span<T* const> nodes, const BlockSet& blocks) override {
    const Elements elements = this->elements_of(blocks, this->all_blocks());
    for (int distance = 1; distance < this->transport_.size(); distance *= 2) {
      const int peer = this->transport_.rank() ^ distance;
      Round round = this->round();
      round.receive(peer, kReduceTag, first_bytes(received_, elements.size()));
      round.send(peer, kReduceTag, elements.pack(nodes[0], packed_));
      round.finish();
      this->add_message(elements, nodes[0], received_.data());
    }
    return nodes[0];
  }

  void share(T*, const BlockSet&) override {}
  Index elements() const override { return static_cast<Index>(received_.size() + packed_.size()); }

 private:
  AlignedVector<T> received_;
  AlignedVector<T> packed_;
};

/// The blocks that a rank keeps in each round of halving.
std::vector<Range> halves_of(Index blocks, int rank, int ranks) {
  std::vector<Range> kept;
  Range all{0, blocks};
  for (int distance = 1; distance < ranks; distance *= 2) {
    const Index middle = all.begin + all.size() / 2;
    all = (rank & distance) == 0 ? Range{all.begin, middle} : Range{middle, all.end};
    kept.push_back(all);
  }
  return kept;
}

/// P a power of two ≤ lanes: each rank has one node. In round i a rank gives the rank at distance
/// 2ⁱ one half of what it still has and adds the other half of that rank's.
template <class T>
class HalvingExchange final : public PlannedExchange<T> {
 public:
  HalvingExchange(Transport& transport, const ExchangePlan& plan)
      : PlannedExchange<T>(transport, plan) {
    Range blocks = this->all_blocks();
    const auto elements = [&](Range b) {
      return Range{block_start(plan.blocks, b.begin), block_start(plan.blocks, b.end)};
    };
    Index most = 0;
    int distance = 1;
    for (const Range& kept : halves_of(blocks.end, transport.rank(), transport.size())) {
      const Range given = kept.begin == blocks.begin ? Range{kept.end, blocks.end}
                                                     : Range{blocks.begin, kept.begin};
      halvings_.push_back({transport.rank() ^ distance, kept, given});
      most = std::max(most, elements(kept).size());
      blocks = kept;
      distance *= 2;
    }
    segment_ = elements(blocks);
    received_.resize(static_cast<std::size_t>(most));
  }

  Range segment() const override { return segment_; }

  const T* reduce(std::span<T* const> nodes, const BlockSet& blocks) override {
    for (const Halving& h : halvings_) {
      const Elements kept = this->elements_of(blocks, h.kept);
      Round round = this->round();
      round.receive(h.peer, kReduceTag, first_bytes(received_, kept.size()));
      round.send(h.peer, kReduceTag, this->elements_of(blocks, h.given).pack(nodes[0], packed_));
      round.finish();
      this->add_message(kept, nodes[0], received_.data());
    }
    return nodes[0] + segment_.begin;
  }

  void share(T* theta, const BlockSet& blocks) override {
    for (auto h = halvings_.rbegin(); h != halvings_.rend(); ++h) {
      const Elements arriving = this->elements_of(blocks, h->given);
      Round round = this->round();
      round.receive(h->peer, kShareTag, arriving.landing(theta, landed_));
      round.send(h->peer, kShareTag, this->elements_of(blocks, h->kept).pack(theta, packed_));
      round.finish();
      arriving.unpack(landed_, theta);
    }
  }

  Index elements() const override {
    return static_cast<Index>(received_.size() + packed_.size() + landed_.size());
  }

 private:
  /// Ranges of blocks.
  struct Halving {
    int peer;
    Range kept;
    Range given;
  };
  std::vector<Halving> halvings_;
  Range segment_;
  AlignedVector<T> received_;
  AlignedVector<T> packed_;
  AlignedVector<T> landed_;
};

/// Any P: the nodes of all ranks meet at the owner of each segment, who folds them.
template <class T>
class DirectExchange final : public PlannedExchange<T> {
 public:
  DirectExchange(Transport& transport, const ExchangePlan& plan)
      : PlannedExchange<T>(transport, plan) {
    owned_ = even_boundaries(static_cast<Index>(plan.blocks.size()), transport.size());
    for (const Index block : owned_) boundaries_.push_back(block_start(plan.blocks, block));
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

  const T* reduce(std::span<T* const> nodes, const BlockSet& blocks) override {
    const int me = this->transport_.rank();
    const int ranks = this->transport_.size();
    const Elements mine = elements_of_rank(blocks, me);
    Round round = this->round();
    for (std::size_t i = 0; i < holders_.size(); ++i) {
      if (holders_[i] == me) continue;
      round.receive(holders_[i], kReduceTag, first_bytes(received_[i], mine.size()));
    }
    packed_.resize(std::max(packed_.size(), nodes.size() * static_cast<std::size_t>(ranks)));
    std::size_t message = 0;
    for (int step = 1; step < ranks; ++step) {
      const int owner = (me + step) % ranks;
      const Elements elements = elements_of_rank(blocks, owner);
      for (T* const node : nodes) {
        round.send(owner, kReduceTag, elements.pack(node, packed_[message++]));
      }
    }
    round.finish();

    const Index first = segment().begin;
    mine.for_runs([&](Range run, Index before) {
      std::vector<const T*> sources;  // element e of the run at sources[i][e - run.begin]
      std::size_t own = 0;
      for (std::size_t i = 0; i < holders_.size(); ++i) {
        sources.push_back(holders_[i] == me ? nodes[own++] + run.begin
                                            : received_[i].data() + before);
      }
      T* const result = result_.data() + (run.begin - first);
      for_tiles(this->plan_.threads, {0, run.size()}, [&](Range r) { fold(sources, r, result); });
    });
    return result_.data();
  }

  void share(T* theta, const BlockSet& blocks) override {
    const int me = this->transport_.rank();
    const int ranks = this->transport_.size();
    landed_.resize(static_cast<std::size_t>(ranks));
    packed_.resize(std::max<std::size_t>(packed_.size(), 1));
    const std::span<const std::byte> mine =
        elements_of_rank(blocks, me).pack(theta, packed_.front());
    Round round = this->round();
    for (int step = 1; step < ranks; ++step) {
      const int from = (me + ranks - step) % ranks;
      round.receive(
          from, kShareTag,
          elements_of_rank(blocks, from).landing(theta, landed_[static_cast<std::size_t>(from)]));
      round.send((me + step) % ranks, kShareTag, mine);
    }
    round.finish();
    for (int from = 0; from < ranks; ++from) {
      if (from == me) continue;
      elements_of_rank(blocks, from).unpack(landed_[static_cast<std::size_t>(from)], theta);
    }
  }

  Index elements() const override {
    auto total = static_cast<Index>(result_.size());
    for (const auto* buffers : {&received_, &packed_, &landed_}) {
      for (const auto& buffer : *buffers) total += static_cast<Index>(buffer.size());
    }
    return total;
  }

 private:
  Elements elements_of_rank(const BlockSet& blocks, int rank) const {
    return this->elements_of(blocks, part_of(owned_, rank));
  }

  /// Folds block by block, so that partial sums stay in cache.
  void fold(const std::vector<const T*>& sources, Range range, T* result) {
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
      std::copy(sum.begin(), sum.end(), result + begin);
    }
  }

  std::vector<Index> owned_;                // P+1 blocks
  std::vector<Index> boundaries_;           // and the arena elements at which these begin
  std::vector<TreeNode> all_nodes_;         // of all ranks, from left to right
  std::vector<int> holders_;                // the rank of each
  std::vector<AlignedVector<T>> received_;  // of each node that others hold
  std::vector<AlignedVector<T>> packed_;    // of each message to others
  std::vector<AlignedVector<T>> landed_;    // of each rank
  AlignedVector<T> result_;
};

enum class Way { solo, doubling, halving, direct };

Way way_of(const ExchangePlan& plan, int ranks) {
  if (ranks == 1) return Way::solo;
  if (!is_power_of_two(ranks) || ranks > plan.lanes) return Way::direct;
  const bool is_small = plan.blocks.empty() || plan.blocks.back().elements.end < kSmallArena;
  return is_small ? Way::doubling : Way::halving;
}

}  // namespace

ExchangeSize exchange_size(const ExchangePlan& plan, int rank, int ranks) {
  const auto nodes_of = [&](int r) {
    return static_cast<Index>(canonical_nodes(part_of(plan.lane_boundaries, r), plan.lanes).size());
  };
  const auto blocks = static_cast<Index>(plan.blocks.size());
  const auto elements_in = [&](Range range) {
    return block_start(plan.blocks, range.end) - block_start(plan.blocks, range.begin);
  };
  ExchangeSize size{nodes_of(rank), elements_in({0, blocks}), 0};
  switch (way_of(plan, ranks)) {
    case Way::solo:
      break;
    case Way::doubling:
      size.elements = size.segment;
      break;
    case Way::halving:
      for (const Range& half : halves_of(blocks, rank, ranks)) {
        size.segment = elements_in(half);
        size.elements = std::max(size.elements, size.segment);
      }
      break;
    case Way::direct:
      size.segment = elements_in(part_of(even_boundaries(blocks, ranks), rank));
      size.elements = size.segment;  // of the result, and of each node that others hold
      for (int r = 0; r < ranks; ++r) {
        if (r != rank) size.elements += nodes_of(r) * size.segment;
      }
      break;
  }
  return size;
}

template <class T>
std::unique_ptr<GradientExchange<T>> make_exchange(Transport& transport, const ExchangePlan& plan) {
  switch (way_of(plan, transport.size())) {
    case Way::solo:
      return std::make_unique<SoloExchange<T>>(transport, plan);
    case Way::doubling:
      return std::make_unique<DoublingExchange<T>>(transport, plan);
    case Way::halving:
      return std::make_unique<HalvingExchange<T>>(transport, plan);
    default:
      return std::make_unique<DirectExchange<T>>(transport, plan);
  }
}

template std::unique_ptr<GradientExchange<float>> make_exchange(Transport&, const ExchangePlan&);
template std::unique_ptr<GradientExchange<double>> make_exchange(Transport&, const ExchangePlan&);

}  // namespace lockstep::comm
