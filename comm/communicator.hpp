#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "comm/transport.hpp"
#include "core/parallel/team.hpp"

namespace lockstep::comm {

/// The Team over a transport. All functions are *Collective*.
///
/// Its messages use the tags from kFirstTag on; other tags are free for who uses the transport
/// directly. Many ranks at once: nothing here needs memory or messages ∝ P² on a rank.
class Communicator final : public Team {
 public:
  static constexpr int kFirstTag = 1 << 14;
  static constexpr std::chrono::milliseconds kDefaultTimeout = std::chrono::minutes(5);

  /// The transport must outlive the communicator.
  explicit Communicator(Transport& transport, std::chrono::milliseconds timeout = kDefaultTimeout)
      : transport_(transport), timeout_(timeout) {}

  int rank() const override { return transport_.rank(); }
  int size() const override { return transport_.size(); }
  Transport& transport() { return transport_; }
  /// How long a wait may go without any message before it throws MpiError; the same on all ranks.
  std::chrono::milliseconds timeout() const { return timeout_; }
  void set_timeout(std::chrono::milliseconds timeout) { timeout_ = timeout; }

  /// Pairwise, several partners at a time: first the sizes, then the messages that are not empty.
  /// Sends Σ|to[r]| + 8·(P−1) bytes.
  std::vector<Bytes> exchange(std::vector<Bytes> to) override;

  /// As exchange, without the sizes.
  void exchange_into(std::span<const std::span<const std::byte>> to,
                     std::span<const std::span<std::byte>> from) override;

  /// ⌈log₂P⌉ rounds for the sizes and as many for the contents [Bruck et al. 1997, §3].
  /// Sends at most Σ over the ranks of |message| + 8 bytes.
  std::vector<Bytes> all_gather(std::span<const std::byte> mine) override;

  /// Along a binomial tree. A rank sends (|data| + 8)·⌈log₂P⌉ bytes at most.
  void broadcast(Bytes& data, int root) override;

  /// Recursive doubling; sums wrap around. Sends 8·n·(⌊log₂P⌋ + 1) bytes at most.
  void all_reduce(std::span<std::int64_t> values, IntegerReduction how) override;

  /// Dissemination [Hensgen et al. 1988]: ⌈log₂P⌉ empty messages.
  void barrier() override;

 private:
  void exchange_with(int first_step, int last_step, std::vector<Bytes>& to,
                     std::vector<Bytes>& result);
  void start_step(int step, std::span<const std::byte> outgoing, std::span<std::byte> incoming,
                  std::vector<RequestPtr>& requests);
  Bytes gather_blocks(std::span<const std::byte> mine, const std::vector<std::size_t>& sizes);
  void swap_values(int peer, std::span<const std::int64_t> mine, std::span<std::int64_t> theirs);
  void send(int to, int tag, std::span<const std::byte> data);
  void receive(int from, int tag, std::span<std::byte> data);
  void wait(std::span<RequestPtr> requests) { transport_.wait(requests, timeout_); }

  /// The rank `distance` places further around the circle.
  int around(int distance) const { return ((rank() + distance) % size() + size()) % size(); }

  Transport& transport_;
  std::chrono::milliseconds timeout_;
};

}  // namespace lockstep::comm
