#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/base/types.hpp"

namespace lockstep {

using Bytes = std::vector<std::byte>;

/// How integers are combined over ranks. Floating-point numbers are combined by the tree alone.
enum class IntegerReduction { sum, min, max, bit_or };

/// The other ranks, as core sees them: enough to write a distributed algorithm once.
///
/// Every function but the accessors is *Collective*: all ranks call it, in the same order, or none.
/// All of them end with an MpiError when a peer is gone or silent for longer than the timeout.
class Team {
 public:
  virtual ~Team() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;

  /// Each rank gives one message for every rank (`to[r]` goes to rank r) and gets what every rank
  /// gave it. Sends Σ|to[r]| bytes. Messages may be empty and of any 64-bit size.
  virtual std::vector<Bytes> exchange(std::vector<Bytes> to) = 0;

  /// As exchange, where both sides know the sizes: what rank r gives this one arrives at `from[r]`,
  /// which is exactly as large. What they hold of this rank itself is not looked at.
  virtual void exchange_into(std::span<const std::span<const std::byte>> to,
                             std::span<const std::span<std::byte>> from) = 0;

  /// Every rank gets the message of every rank, in rank order. Sends |mine|·(P−1) bytes.
  virtual std::vector<Bytes> all_gather(std::span<const std::byte> mine) = 0;

  /// All ranks end with the bytes of rank `root`. The root sends |data|·⌈log₂P⌉ bytes at most.
  virtual void broadcast(Bytes& data, int root) = 0;

  /// Combines element by element over the ranks; every rank gets the result.
  virtual void all_reduce(std::span<std::int64_t> values, IntegerReduction how) = 0;

  /// Returns when every rank has called it.
  virtual void barrier() = 0;
};

/// Runs `work`, which must not communicate, then agrees: when it threw on any rank, all ranks
/// throw the same CollectiveError with the message and exit code of the lowest failing rank,
/// followed by ` (rank R on HOST)` unless all ranks failed alike. `doing` completes the messages
/// "out of memory while …" and "internal error while …".
/// Collective.
void guard(Team& team, const std::string& doing, const std::function<void()>& work);

/// Sum, minimum and maximum of one integer over the ranks. Collective.
std::int64_t sum_over(Team& team, std::int64_t value);
std::int64_t min_over(Team& team, std::int64_t value);
std::int64_t max_over(Team& team, std::int64_t value);

/// The sum of the values of lower ranks: where this rank's items start when all are laid end to
/// end in rank order. Collective.
std::int64_t exclusive_scan(Team& team, std::int64_t value);

/// All ranks end with the text of rank `root`. Collective.
void broadcast_text(Team& team, std::string& text, int root);

/// Every rank's text, in rank order, on every rank. Collective.
std::vector<std::string> all_gather_text(Team& team, const std::string& mine);

/// Name of this machine.
std::string host_name();

}  // namespace lockstep
