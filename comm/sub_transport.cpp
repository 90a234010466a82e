#include "comm/sub_transport.hpp"

#include <algorithm>
#include <cassert>
#include <exception>
#include <utility>

namespace lockstep::comm {

SubTransport::SubTransport(Transport& parent, std::vector<int> members)
    : parent_(parent), members_(std::move(members)) {
  const auto mine = std::find(members_.begin(), members_.end(), parent.rank());
  assert(mine != members_.end());
  rank_ = static_cast<int>(mine - members_.begin());
}

RequestPtr SubTransport::send(int to, int tag, std::span<const std::byte> data) {
  return parent_.send(in_parent(to), tag, data);
}

RequestPtr SubTransport::receive(int from, int tag, std::span<std::byte> data) {
  return parent_.receive(in_parent(from), tag, data);
}

void SubTransport::wait(std::span<RequestPtr> requests, std::chrono::milliseconds timeout) {
  parent_.wait(requests, timeout);
}

void SubTransport::abort(int exit_code) {
  parent_.abort(exit_code);
  std::terminate();  // g++ forgets that a virtual function does not return
}

}  // namespace lockstep::comm
