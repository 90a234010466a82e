#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/types.hpp"

namespace lockstep::comm {

/// A message under way. The buffer must live, and must not be touched, until it has completed.
class Request {
 public:
  virtual ~Request() = default;
};
using RequestPtr = std::unique_ptr<Request>;

/// Point-to-point messages between the ranks of a run: over MPI, or between threads of one
/// process. Everything that Lockstep communicates goes through these four functions, and only
/// `wait` blocks.
///
/// Messages from one rank to another with the same tag arrive in the order in which they were
/// started. Sizes are 64 bits wide; sender and receiver must state the same size.
class Transport {
 public:
  virtual ~Transport() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;

  /// Starts sending. Thread-compatible: one thread of a rank at a time calls the transport.
  virtual RequestPtr send(int to, int tag, std::span<const std::byte> data) = 0;
  virtual RequestPtr receive(int from, int tag, std::span<std::byte> data) = 0;

  /// Returns when all requests have completed; they are reset. Throws MpiError naming the first
  /// silent peer when nothing has completed for `timeout`, or a peer that is known to be gone or
  /// that sent another size. After an MpiError the messages under way are lost: the run must end.
  virtual void wait(std::span<RequestPtr> requests, std::chrono::milliseconds timeout) = 0;

  /// Ends the whole run at once with this exit code, after the message was printed: the last
  /// resort.
  [[noreturn]] virtual void abort(int exit_code) = 0;
};

/// The errors of `wait`, worded alike by all transports.
MpiError silent_peer_error(int rank, const std::string& host, std::chrono::milliseconds timeout);
/// Prints "warning: rank 1 (host n1) has waited 30 s for rank 3 (host n2)" on standard error, a
/// tenth of the timeout into a wait in which nothing completes: who does not print is who is slow.
void warn_of_silent_peer(int rank, const std::string& host, int peer, const std::string& peer_host,
                         std::chrono::milliseconds timeout);
inline constexpr int kWarningsOfTimeout = 10;
MpiError lost_peer_error(int rank, const std::string& host);
MpiError size_mismatch_error(int rank, const std::string& host, const std::string& found,
                             std::size_t expected);

}  // namespace lockstep::comm
