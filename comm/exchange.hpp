#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <vector>

#include "comm/transport.hpp"
#include "core/model/blocks.hpp"
#include "core/parallel/fold.hpp"

namespace lockstep::comm {

// Vocabulary. An *arena* holds all tensors of a network, θ or a gradient. A rank folds the lanes it
// owns into its *canonical nodes*, an arena each. A *segment* is the run of whole blocks that one
// rank owns: it gets the root of the tree there, keeps the optimizer's state, and computes new θ.
//
//   reduce   canonical nodes of all ranks → root of the tree in the owner's segment
//   share    θ of every segment → θ on all ranks
//
// Whatever moves how, an element of the root is the same sum: node = left + right.
//
// Both move some of the blocks alone, the same on all ranks: those of sparse batches.

/// What an exchange must know; the same on all ranks but for the transport.
struct ExchangePlan {
  std::vector<Block> blocks;
  std::vector<Index> lane_boundaries;  ///< P+1
  Index lanes = 1;
  int threads = 1;  ///< of this rank, for the additions
  std::chrono::milliseconds timeout{};
};

/// The movement of gradients and parameters between ranks in every step.
template <class T>
class GradientExchange {
 public:
  virtual ~GradientExchange() = default;

  /// The canonical nodes of this rank, from left to right; none when it owns no lane.
  virtual const std::vector<TreeNode>& nodes() const = 0;

  /// The elements that this rank updates.
  virtual Range segment() const = 0;

  /// *Collective*. Of n elements in the blocks it sends n·(P−1)/P when it halves, n·log₂P when it
  /// doubles, at most 4·n·(P−1)/P when it is direct.
  /// @param nodes   one arena a canonical node; overwritten
  /// @param blocks  the other blocks of nodes and result mean nothing
  /// @return the root of the tree in segment(), element after element, valid until the next call
  virtual const T* reduce(std::span<T* const> nodes, const BlockSet& blocks) = 0;

  /// *Collective*. The blocks of every rank's segment of `theta` on every rank. Sends n·(P−1)/P
  /// elements; none when every rank has updated everything.
  virtual void share(T* theta, const BlockSet& blocks) = 0;

  /// Elements allocated, for the start line's account of memory.
  virtual Index elements() const = 0;
};

/// Chooses by the number of ranks P:
///   1                         nothing moves
///   a power of two ≤ lanes    recursive halving with the nearest rank first, which is the tree
///                             itself, and recursive doubling back: 2·log₂P messages
///   any other                 every canonical node goes straight to the owners of its segments
/// A small network (below kSmallArena elements, P a power of two ≤ lanes) exchanges whole nodes by
/// doubling, log₂P messages, and every rank updates all of θ.
template <class T>
std::unique_ptr<GradientExchange<T>> make_exchange(Transport& transport, const ExchangePlan& plan);

/// What one rank of an exchange has: its canonical nodes, and the elements that it updates and that
/// the exchange allocates.
struct ExchangeSize {
  Index nodes = 0;
  Index segment = 0;
  Index elements = 0;

  friend bool operator==(const ExchangeSize&, const ExchangeSize&) = default;
};

/// That of `rank` among `ranks`, without making an exchange. Of dense batches: what is packed for a
/// sparse one comes in addition.
ExchangeSize exchange_size(const ExchangePlan& plan, int rank, int ranks);

/// Elements below which a message costs more than its contents.
inline constexpr Index kSmallArena = 8192;

}  // namespace lockstep::comm
