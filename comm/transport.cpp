#include "comm/transport.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace lockstep::comm {

MpiError silent_peer_error(int rank, const std::string& host, std::chrono::milliseconds timeout) {
  const double seconds = std::chrono::duration<double>(timeout).count();
  return MpiError(fmt::format("rank {} (host {}) has not answered for {:g} s (comm.timeout)", rank,
                              host, seconds));
}

void warn_of_silent_peer(int rank, const std::string& host, int peer, const std::string& peer_host,
                         std::chrono::milliseconds timeout) {
  const double seconds = std::chrono::duration<double>(timeout / kWarningsOfTimeout).count();
  fmt::print(stderr, "warning: rank {} (host {}) has waited {:g} s for rank {} (host {})\n", rank,
             host, seconds, peer, peer_host);
}

MpiError lost_peer_error(int rank, const std::string& host) {
  return MpiError(fmt::format("rank {} (host {}) is gone: it ended before the others", rank, host));
}

MpiError size_mismatch_error(int rank, const std::string& host, const std::string& found,
                             std::size_t expected) {
  return MpiError(fmt::format(
      "rank {} (host {}) sent {} bytes where {} were expected: the ranks do not run the same "
      "program",
      rank, host, found, expected));
}

}  // namespace lockstep::comm
