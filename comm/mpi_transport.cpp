#include "comm/mpi_transport.hpp"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

#include "core/parallel/team.hpp"

namespace lockstep::comm {
namespace {

using Clock = std::chrono::steady_clock;

std::string error_text(int code) {
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  if (MPI_Error_string(code, text.data(), &length) != MPI_SUCCESS) {
    return fmt::format("error {}", code);
  }
  return {text.data(), static_cast<std::size_t>(length)};
}

/// Owns a communicator other than the predefined ones.
class OwnedCommunicator {
 public:
  explicit OwnedCommunicator(MPI_Comm handle) : handle_(handle) {}
  ~OwnedCommunicator() {
    if (handle_ == MPI_COMM_NULL) return;
    int finalized = 0;
    MPI_Finalized(&finalized);
    if (finalized == 0) MPI_Comm_free(&handle_);
  }
  OwnedCommunicator(OwnedCommunicator&& other) noexcept
      : handle_(std::exchange(other.handle_, MPI_COMM_NULL)) {}
  OwnedCommunicator& operator=(OwnedCommunicator&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  OwnedCommunicator(const OwnedCommunicator&) = delete;
  OwnedCommunicator& operator=(const OwnedCommunicator&) = delete;

  MPI_Comm get() const { return handle_; }

 private:
  MPI_Comm handle_;
};

OwnedCommunicator duplicate_of_world() {
  MPI_Comm duplicate = MPI_COMM_NULL;
  check_mpi(MPI_Comm_dup(MPI_COMM_WORLD, &duplicate), "MPI_Comm_dup");
  OwnedCommunicator owned(duplicate);
  check_mpi(MPI_Comm_set_errhandler(duplicate, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  return owned;
}

int rank_in(MPI_Comm communicator) {
  int rank = 0;
  check_mpi(MPI_Comm_rank(communicator, &rank), "MPI_Comm_rank");
  return rank;
}

int size_of(MPI_Comm communicator) {
  int size = 0;
  check_mpi(MPI_Comm_size(communicator, &size), "MPI_Comm_size");
  return size;
}

std::vector<std::string> gather_hosts(MPI_Comm communicator) {
  constexpr std::size_t kLength = 256;
  std::array<char, kLength> mine{};
  const std::string name = host_name();
  name.copy(mine.data(), kLength - 1);
  std::vector<char> all(kLength * static_cast<std::size_t>(size_of(communicator)));
  check_mpi(MPI_Allgather(mine.data(), static_cast<int>(kLength), MPI_CHAR, all.data(),
                          static_cast<int>(kLength), MPI_CHAR, communicator),
            "MPI_Allgather");
  std::vector<std::string> hosts;
  for (std::size_t at = 0; at < all.size(); at += kLength) hosts.emplace_back(all.data() + at);
  return hosts;
}

/// A message in one or more pieces, each an MPI request.
class MpiRequest final : public Request {
 public:
  struct Piece {
    MPI_Request handle = MPI_REQUEST_NULL;
    std::size_t bytes = 0;
  };

  MpiRequest(int peer, bool receives) : peer_(peer), receives_(receives) {}
  /// Only a request that nobody waits for any more is still active here: the run is about to end.
  ~MpiRequest() override {
    for (Piece& piece : pieces_) {
      if (piece.handle == MPI_REQUEST_NULL) continue;
      if (receives_) MPI_Cancel(&piece.handle);
      MPI_Request_free(&piece.handle);
    }
  }
  MpiRequest(const MpiRequest&) = delete;
  MpiRequest(MpiRequest&&) = delete;
  MpiRequest& operator=(const MpiRequest&) = delete;
  MpiRequest& operator=(MpiRequest&&) = delete;

  int peer() const { return peer_; }
  bool receives() const { return receives_; }
  std::vector<Piece>& pieces() { return pieces_; }

 private:
  int peer_;
  bool receives_;
  std::vector<Piece> pieces_;
};

/// Calls start(offset, bytes) → MPI_Request for each piece of a message; an empty message is one
/// empty piece.
template <class Start>
RequestPtr start_in_pieces(int peer, bool receives, std::size_t size, std::size_t piece_bytes,
                           const Start& start) {
  auto request = std::make_unique<MpiRequest>(peer, receives);
  request->pieces().reserve(std::max<std::size_t>(1, (size + piece_bytes - 1) / piece_bytes));
  std::size_t offset = 0;
  do {
    const std::size_t bytes = std::min(piece_bytes, size - offset);
    request->pieces().push_back({start(offset, static_cast<int>(bytes)), bytes});
    offset += bytes;
  } while (offset < size);
  return request;
}

/// How a poll waits between two looks. It never sleeps: MPI moves large messages piece by piece
/// while it is polled, and naps of 200 µs made them up to five times slower.
class Patience {
 public:
  explicit Patience(std::chrono::milliseconds timeout) : timeout_(timeout) {}

  void restart() {
    start_ = last_poll_ = Clock::now();
    has_warned_ = false;
  }

  /// True once, when it is time to warn.
  bool warns() {
    if (has_warned_ || last_poll_ - start_ < timeout_ / kWarningsOfTimeout) return false;
    return has_warned_ = true;
  }

  /// Pauses as befits the time waited so far; false when that exceeds the timeout. Time in which
  /// this process itself did not run, because it was stopped, is not held against the peer.
  bool pause() {
    using namespace std::chrono_literals;
    constexpr auto kStopped = 1s;  // between two polls, which follow each other at once
    const auto now = Clock::now();
    if (now - last_poll_ > kStopped) start_ += now - last_poll_;
    last_poll_ = now;
    const auto waited = now - start_;
    if (waited >= timeout_) return false;
    if (waited > 50us) std::this_thread::yield();
    return true;
  }

 private:
  std::chrono::milliseconds timeout_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_poll_ = start_;
  bool has_warned_ = false;
};

}  // namespace

void check_mpi(int code, const char* call) {
  if (code != MPI_SUCCESS) throw MpiError(fmt::format("{} failed: {}", call, error_text(code)));
}

struct MpiTransport::State {
  explicit State(std::size_t piece) : communicator(duplicate_of_world()), piece_bytes(piece) {
    rank = rank_in(communicator.get());
    size = size_of(communicator.get());
    hosts = gather_hosts(communicator.get());
  }

  const std::string& host(int peer) const { return hosts[static_cast<std::size_t>(peer)]; }

  /// Fills the arrays for MPI_Testsome with the requests that are still active.
  void collect(std::span<RequestPtr> requests);
  MpiRequest::Piece& piece(std::size_t index) const {
    return active[index].request->pieces()[active[index].piece];
  }
  /// Throws when a completed piece failed or had another size. `error` is MPI's code for it.
  void check(std::size_t index, const MPI_Status& status, int error) const;
  void poll(std::chrono::milliseconds timeout);

  struct Active {
    MpiRequest* request;
    std::size_t piece;
  };

  OwnedCommunicator communicator;
  std::size_t piece_bytes;
  int rank = 0;
  int size = 1;
  std::vector<std::string> hosts;
  bool failed = false;

  // Of the wait under way; kept to be reused. handles[i] belongs to active[i].
  std::vector<Active> active;
  std::vector<MPI_Request> handles;
  std::vector<int> indices;
  std::vector<MPI_Status> statuses;
};

void MpiTransport::State::collect(std::span<RequestPtr> requests) {
  active.clear();
  handles.clear();
  for (const RequestPtr& request : requests) {
    if (request == nullptr) continue;
    auto& own = dynamic_cast<MpiRequest&>(*request);
    for (std::size_t p = 0; p < own.pieces().size(); ++p) {
      if (own.pieces()[p].handle == MPI_REQUEST_NULL) continue;
      active.push_back({&own, p});
      handles.push_back(own.pieces()[p].handle);
    }
  }
  indices.resize(active.size());
  statuses.resize(active.size());
}

void MpiTransport::State::check(std::size_t index, const MPI_Status& status, int error) const {
  const MpiRequest& request = *active[index].request;
  const std::size_t expected = piece(index).bytes;
  if (error != MPI_SUCCESS) {
    int error_class = MPI_ERR_OTHER;
    MPI_Error_class(error, &error_class);
    if (error_class == MPI_ERR_TRUNCATE) {
      throw size_mismatch_error(request.peer(), host(request.peer()), "more", expected);
    }
    throw MpiError(fmt::format("the connection to rank {} (host {}) failed: {}", request.peer(),
                               host(request.peer()), error_text(error)));
  }
  if (!request.receives()) return;
  int received = 0;
  check_mpi(MPI_Get_count(&status, MPI_BYTE, &received), "MPI_Get_count");
  if (static_cast<std::size_t>(received) != expected) {
    throw size_mismatch_error(request.peer(), host(request.peer()), fmt::to_string(received),
                              expected);
  }
}

void MpiTransport::State::poll(std::chrono::milliseconds timeout) {
  Patience patience(timeout);
  std::size_t remaining = active.size();
  while (remaining > 0) {
    int completed = 0;
    const int code = MPI_Testsome(static_cast<int>(handles.size()), handles.data(), &completed,
                                  indices.data(), statuses.data());
    if (code != MPI_ERR_IN_STATUS) check_mpi(code, "MPI_Testsome");
    assert(completed != MPI_UNDEFINED);
    const auto count = static_cast<std::size_t>(completed);
    for (std::size_t i = 0; i < count; ++i) {  // all of them, before one throws
      piece(static_cast<std::size_t>(indices[i])).handle = MPI_REQUEST_NULL;
    }
    for (std::size_t i = 0; i < count; ++i) {
      const int error = code == MPI_ERR_IN_STATUS ? statuses[i].MPI_ERROR : MPI_SUCCESS;
      check(static_cast<std::size_t>(indices[i]), statuses[i], error);
    }
    remaining -= count;
    const auto silent_peer = [&] {
      std::size_t silent = 0;
      while (piece(silent).handle == MPI_REQUEST_NULL) ++silent;
      return active[silent].request->peer();
    };
    if (completed > 0) {
      patience.restart();
    } else if (!patience.pause()) {
      throw silent_peer_error(silent_peer(), host(silent_peer()), timeout);
    } else if (patience.warns()) {
      warn_of_silent_peer(rank, host(rank), silent_peer(), host(silent_peer()), timeout);
    }
  }
}

MpiTransport::MpiTransport(std::size_t piece_bytes) {
  assert(1 <= piece_bytes && piece_bytes <= kLargestPiece);
  state_ = std::make_unique<State>(piece_bytes);
}

MpiTransport::~MpiTransport() = default;

int MpiTransport::rank() const { return state_->rank; }
int MpiTransport::size() const { return state_->size; }
const std::vector<std::string>& MpiTransport::hosts() const { return state_->hosts; }
bool MpiTransport::failed() const { return state_->failed; }

RequestPtr MpiTransport::send(int to, int tag, std::span<const std::byte> data) {
  assert(0 <= to && to < size() && tag >= 0);
  return start_in_pieces(
      to, false, data.size(), state_->piece_bytes, [&](std::size_t offset, int bytes) {
        MPI_Request handle = MPI_REQUEST_NULL;
        check_mpi(MPI_Isend(data.data() + offset, bytes, MPI_BYTE, to, tag,
                            state_->communicator.get(), &handle),
                  "MPI_Isend");
        return handle;  // NOLINT(clang-analyzer-optin.mpi.MPI-Checker): poll() waits for it
      });
}

RequestPtr MpiTransport::receive(int from, int tag, std::span<std::byte> data) {
  assert(0 <= from && from < size() && tag >= 0);
  return start_in_pieces(
      from, true, data.size(), state_->piece_bytes, [&](std::size_t offset, int bytes) {
        MPI_Request handle = MPI_REQUEST_NULL;
        check_mpi(MPI_Irecv(data.data() + offset, bytes, MPI_BYTE, from, tag,
                            state_->communicator.get(), &handle),
                  "MPI_Irecv");
        return handle;  // NOLINT(clang-analyzer-optin.mpi.MPI-Checker): poll() waits for it
      });
}

void MpiTransport::wait(std::span<RequestPtr> requests, std::chrono::milliseconds timeout) {
  state_->collect(requests);
  try {
    state_->poll(timeout);
  } catch (const MpiError&) {
    state_->failed = true;
    throw;
  }
  for (RequestPtr& request : requests) request.reset();
}

void MpiTransport::abort(int exit_code) {
  std::fflush(nullptr);
  MPI_Abort(state_->communicator.get(), exit_code);
  std::_Exit(exit_code);  // MPI_Abort may return where it can only ask
}

}  // namespace lockstep::comm
