#include "comm/transport.hpp"

#include <fmt/format.h>

namespace lockstep::comm {

MpiError silent_peer_error(int rank, const std::string& host, std::chrono::milliseconds timeout) {
  const double seconds = std::chrono::duration<double>(timeout).count();
  return MpiError(fmt::format("rank {} (host {}) has not answered for {:g} s (comm.timeout)", rank,
                              host, seconds));
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
