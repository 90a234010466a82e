#pragma once

#include <vector>

#include "comm/transport.hpp"

namespace lockstep::comm {

/// Some of another transport's ranks as a world of their own: member i is rank i.
class SubTransport final : public Transport {
 public:
  /// @param members  ranks of the parent, which must outlive this; this rank is one of them
  SubTransport(Transport& parent, std::vector<int> members);

  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(members_.size()); }
  RequestPtr send(int to, int tag, std::span<const std::byte> data) override;
  RequestPtr receive(int from, int tag, std::span<std::byte> data) override;
  void wait(std::span<RequestPtr> requests, std::chrono::milliseconds timeout) override;
  [[noreturn]] void abort(int exit_code) override;

 private:
  int in_parent(int rank) const { return members_[static_cast<std::size_t>(rank)]; }

  Transport& parent_;
  std::vector<int> members_;
  int rank_;
};

}  // namespace lockstep::comm
