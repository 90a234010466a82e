#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "comm/transport.hpp"

namespace lockstep::comm {

/// Throws MpiError "CALL failed: …" unless `code` is MPI_SUCCESS.
void check_mpi(int code, const char* call);

/// Messages over a duplicate of MPI_COMM_WORLD, with errors returned and checked.
///
/// MPI counts are 32 bits wide: larger messages travel in pieces, which both sides cut alike.
/// `wait` polls, for no blocking MPI call has a timeout: at first without a pause, because the
/// latency of small steps counts, then yielding the core to ranks that share it.
class MpiTransport final : public Transport {
 public:
  static constexpr std::size_t kLargestPiece = std::size_t{1} << 30;

  /// MPI must be initialised. *Collective* over MPI_COMM_WORLD, and the only part of a transport
  /// that has no timeout.
  /// @param piece_bytes  the same on all ranks, 1 … kLargestPiece; smaller ones are for tests
  explicit MpiTransport(std::size_t piece_bytes = kLargestPiece);
  ~MpiTransport() override;
  MpiTransport(const MpiTransport&) = delete;
  MpiTransport(MpiTransport&&) = delete;
  MpiTransport& operator=(const MpiTransport&) = delete;
  MpiTransport& operator=(MpiTransport&&) = delete;

  int rank() const override;
  int size() const override;
  RequestPtr send(int to, int tag, std::span<const std::byte> data) override;
  RequestPtr receive(int from, int tag, std::span<std::byte> data) override;
  void wait(std::span<RequestPtr> requests, std::chrono::milliseconds timeout) override;
  [[noreturn]] void abort(int exit_code) override;

  const std::vector<std::string>& hosts() const;  ///< of all ranks
  /// Whether a `wait` failed. MPI cannot be finalised any more then: that would wait for the peer.
  bool failed() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lockstep::comm
