#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/types.hpp"
#include "core/parallel/team.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {

// The tree: B leaves (lanes or row blocks) are numbered 0…B−1 and padded to the next power of two.
//   node(lo, span) = merge(node(lo, span/2), node(lo + span/2, span/2));
// a node that begins at B or later is absent, and its parent is its left child. So the order of all
// merges, and every bit of the result, follows from B alone.

/// An aligned subtree: the leaves [leaf, leaf + span), span a power of two that divides leaf.
struct TreeNode {
  Index leaf = 0;
  Index span = 1;

  friend bool operator==(const TreeNode&, const TreeNode&) = default;
};

/// The smallest power of two that is at least `leaves`, and at least 1.
Index tree_width(Index leaves);

/// The canonical nodes of a range of leaves: its maximal aligned subtrees, from left to right. A
/// subtree that `leaves` cuts off counts as complete, so [0, leaves) is always one node.
/// O(log leaves) nodes.
std::vector<TreeNode> canonical_nodes(Range range, Index leaves);

/// Messages one behind the other, each behind its length, and cut apart again.
Bytes joined(const std::vector<Bytes>& messages);
std::vector<std::span<const std::byte>> cut(std::span<const std::byte> joined);

/// How a value travels between ranks. Defined for trivially copyable types, for strings, and for
/// vectors of whatever travels; specialise it for others.
template <class T>
struct FoldCodec {
  static_assert(std::is_trivially_copyable_v<T>);

  static Bytes encode(const T& value) {
    Bytes bytes(sizeof(T));
    std::memcpy(bytes.data(), &value, sizeof(T));
    return bytes;
  }
  static T decode(std::span<const std::byte> bytes) {
    assert(bytes.size() == sizeof(T));
    T value;
    std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }
};

template <class Container>
struct ContiguousFoldCodec {
  using Element = typename Container::value_type;
  static_assert(std::is_trivially_copyable_v<Element>);

  static Bytes encode(const Container& values) {
    Bytes bytes(values.size() * sizeof(Element));
    if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
  }
  static Container decode(std::span<const std::byte> bytes) {
    assert(bytes.size() % sizeof(Element) == 0);
    Container values(bytes.size() / sizeof(Element), Element());
    if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
};

template <class U, class Allocator>
struct FoldCodec<std::vector<U, Allocator>> : ContiguousFoldCodec<std::vector<U, Allocator>> {};

/// Of elements with a codec of their own.
template <class U, class Allocator>
requires(!std::is_trivially_copyable_v<U>) struct FoldCodec<std::vector<U, Allocator>> {
  static Bytes encode(const std::vector<U, Allocator>& values) {
    std::vector<Bytes> messages;
    messages.reserve(values.size());
    for (const U& value : values) messages.push_back(FoldCodec<U>::encode(value));
    return joined(messages);
  }
  static std::vector<U, Allocator> decode(std::span<const std::byte> bytes) {
    std::vector<U, Allocator> values;
    for (const auto message : cut(bytes)) values.push_back(FoldCodec<U>::decode(message));
    return values;
  }
};

template <>
struct FoldCodec<std::string> : ContiguousFoldCodec<std::string> {};

/// Every rank's list of messages, in rank order, on every rank. *Collective*; a rank sends its
/// messages, with 8 bytes for each, to P−1 ranks.
std::vector<std::vector<Bytes>> all_gather_lists(Team& team, const std::vector<Bytes>& mine);

/// Folds `node`: where `take(node)` has a value (std::optional<T>) that is taken, otherwise the
/// children are folded and merged. Nodes are asked for in preorder, absent ones never. Rank-local.
template <class T, class Take, class Merge>
T fold_subtree(TreeNode node, Index leaves, const Take& take, const Merge& merge) {
  if (std::optional<T> value = take(node)) return std::move(*value);
  assert(node.span > 1);
  const Index half = node.span / 2;
  T left = fold_subtree<T>({node.leaf, half}, leaves, take, merge);
  if (node.leaf + half >= leaves) return left;
  T right = fold_subtree<T>({node.leaf + half, half}, leaves, take, merge);
  return merge(std::move(left), std::move(right));
}

/// Cuts `nodes` into at least `wanted` subtrees, or into leaves; from left to right.
std::vector<TreeNode> subtrees_of(std::vector<TreeNode> nodes, Index leaves, Index wanted);

/// Folds the leaves of all ranks along the tree; the result has the same bits on every rank,
/// wherever the boundaries lie and however many threads there are.
///
/// Each rank folds its canonical nodes, its threads sharing subtrees of them; all ranks gather all
/// of them, and each folds the rest. All of it runs in FloatingPointMode.
/// @param boundaries  P+1 ascending leaf numbers from 0 to B, the same on all ranks: rank r has the
///                    leaves [boundaries[r], boundaries[r+1]), which may be none
/// @param leaf        leaf(Index) → T, called for this rank's leaves: in ascending order by one
///                    thread, concurrently by several
/// @param merge       merge(T left, T right) → T; need be neither associative nor commutative
/// @param threads     of this rank; some eight values a thread are in memory at a time
/// Neither `leaf` nor `merge` may communicate or throw: what can fail belongs under guard() before.
/// Without leaves (B = 0) the result is T().
/// *Collective*; a rank sends its canonical nodes, 2·log₂B values at most, to P−1 ranks.
template <class T, class Leaf, class Merge>
T tree_fold(Team& team, const std::vector<Index>& boundaries, const Leaf& leaf, const Merge& merge,
            int threads = 1) {
  assert(boundaries.size() == static_cast<std::size_t>(team.size()) + 1);
  const FloatingPointMode mode;
  const Index leaves = boundaries.back();
  const auto take_leaf = [&](TreeNode node) -> std::optional<T> {
    if (node.span > 1) return std::nullopt;
    return leaf(node.leaf);
  };
  const auto nodes_of = [&](std::size_t rank) {
    return canonical_nodes({boundaries[rank], boundaries[rank + 1]}, leaves);
  };
  // Takes the values of `nodes`, which come from left to right, as preorder meets them.
  const auto take_from = [](const std::vector<TreeNode>& nodes, std::vector<T>& values,
                            std::size_t& next) {
    return [&](TreeNode node) -> std::optional<T> {
      if (next == nodes.size() || nodes[next] != node) return std::nullopt;
      return std::move(values[next++]);
    };
  };

  const std::vector<TreeNode> own = nodes_of(static_cast<std::size_t>(team.rank()));
  const std::vector<TreeNode> tasks =
      subtrees_of(own, leaves, threads == 1 ? 1 : Index{8} * threads);
  std::vector<T> results(tasks.size());
  parallel_for(threads, static_cast<Index>(tasks.size()), [&](Index i) {
    const auto task = static_cast<std::size_t>(i);
    results[task] = fold_subtree<T>(tasks[task], leaves, take_leaf, merge);
  });
  std::vector<Bytes> mine;
  mine.reserve(own.size());
  std::size_t next_result = 0;
  const auto take_result = take_from(tasks, results, next_result);
  for (const TreeNode& node : own) {
    mine.push_back(FoldCodec<T>::encode(fold_subtree<T>(node, leaves, take_result, merge)));
  }

  std::vector<TreeNode> nodes;
  std::vector<T> parts;
  const std::vector<std::vector<Bytes>> values = all_gather_lists(team, mine);
  for (std::size_t rank = 0; rank < values.size(); ++rank) {
    const std::vector<TreeNode> of_rank = nodes_of(rank);
    assert(of_rank.size() == values[rank].size());
    nodes.insert(nodes.end(), of_rank.begin(), of_rank.end());
    for (const Bytes& value : values[rank]) parts.push_back(FoldCodec<T>::decode(value));
  }
  if (parts.empty()) return T();
  std::size_t next_part = 0;
  return fold_subtree<T>({0, tree_width(leaves)}, leaves, take_from(nodes, parts, next_part),
                         merge);
}

/// The sum of vectors of equal length, element by element, along the tree.
/// @param local_leaves  the vectors of this rank's leaves, in order
/// *Collective*; see tree_fold.
std::vector<double> tree_fold_sum(Team& team, const std::vector<Index>& boundaries,
                                  const std::vector<std::vector<double>>& local_leaves);

}  // namespace lockstep
