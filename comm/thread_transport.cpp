#include "comm/thread_transport.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "core/parallel/team.hpp"

namespace lockstep::comm {
namespace {

/// A receive that was started; guarded by its mailbox's mutex.
struct Receipt {
  std::span<std::byte> buffer;
  bool done = false;
  std::optional<std::size_t> wrong_size;

  void accept(std::span<const std::byte> message) {
    done = true;
    if (message.size() != buffer.size()) {
      wrong_size = message.size();
    } else if (!message.empty()) {
      std::memcpy(buffer.data(), message.data(), message.size());
    }
  }
};

/// What one sender sent to one rank under one tag: at most one of the queues is not empty.
struct Channel {
  std::deque<Bytes> messages;
  std::deque<Receipt*> receipts;
};

/// What one rank gets.
struct Mailbox {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::pair<int, int>, Channel> channels;  // (from, tag)
  std::vector<bool> gone;                           // by rank
};

struct Hub {
  explicit Hub(int ranks) : mailboxes(static_cast<std::size_t>(ranks)) {
    for (Mailbox& mailbox : mailboxes) mailbox.gone.resize(mailboxes.size());
  }
  Mailbox& mailbox(int rank) { return mailboxes[static_cast<std::size_t>(rank)]; }

  void leave(int rank) {
    for (Mailbox& mailbox : mailboxes) {
      const std::lock_guard lock(mailbox.mutex);
      mailbox.gone[static_cast<std::size_t>(rank)] = true;
      mailbox.changed.notify_all();
    }
  }

  std::vector<Mailbox> mailboxes;
};

class SendRequest final : public Request {
 public:
  SendRequest(int to, bool delivered) : to_(to), delivered_(delivered) {}
  int to() const { return to_; }
  bool delivered() const { return delivered_; }

 private:
  int to_;
  bool delivered_;
};

class ReceiveRequest final : public Request {
 public:
  ReceiveRequest(std::shared_ptr<Hub> hub, int rank, int from, int tag, std::span<std::byte> buffer)
      : hub_(std::move(hub)), mailbox_(hub_->mailbox(rank)), from_(from) {
    receipt_.buffer = buffer;
    const std::lock_guard lock(mailbox_.mutex);
    channel_ = &mailbox_.channels[{from, tag}];
    if (channel_->messages.empty()) {
      channel_->receipts.push_back(&receipt_);
    } else {
      receipt_.accept(channel_->messages.front());
      channel_->messages.pop_front();
    }
  }
  /// A receive that is given up must not be written to.
  ~ReceiveRequest() override {
    const std::lock_guard lock(mailbox_.mutex);
    std::deque<Receipt*>& receipts = channel_->receipts;
    receipts.erase(std::remove(receipts.begin(), receipts.end(), &receipt_), receipts.end());
  }
  ReceiveRequest(const ReceiveRequest&) = delete;
  ReceiveRequest(ReceiveRequest&&) = delete;
  ReceiveRequest& operator=(const ReceiveRequest&) = delete;
  ReceiveRequest& operator=(ReceiveRequest&&) = delete;

  int from() const { return from_; }
  const Receipt& receipt() const { return receipt_; }

 private:
  std::shared_ptr<Hub> hub_;  // keeps the mailbox
  Mailbox& mailbox_;
  Channel* channel_ = nullptr;  // elements of a map stay where they are
  int from_;
  Receipt receipt_;
};

class ThreadTransport final : public Transport {
 public:
  ThreadTransport(std::shared_ptr<Hub> hub, int rank) : hub_(std::move(hub)), rank_(rank) {}
  ~ThreadTransport() override { hub_->leave(rank_); }
  ThreadTransport(const ThreadTransport&) = delete;
  ThreadTransport(ThreadTransport&&) = delete;
  ThreadTransport& operator=(const ThreadTransport&) = delete;
  ThreadTransport& operator=(ThreadTransport&&) = delete;

  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(hub_->mailboxes.size()); }

  RequestPtr send(int to, int tag, std::span<const std::byte> data) override {
    assert(0 <= to && to < size());
    Mailbox& mailbox = hub_->mailbox(to);
    const std::lock_guard lock(mailbox.mutex);
    Channel& channel = mailbox.channels[{rank_, tag}];
    if (channel.receipts.empty()) {
      channel.messages.emplace_back(data.begin(), data.end());
    } else {
      channel.receipts.front()->accept(data);
      channel.receipts.pop_front();
      mailbox.changed.notify_all();
    }
    return std::make_unique<SendRequest>(to, !mailbox.gone[static_cast<std::size_t>(to)]);
  }

  RequestPtr receive(int from, int tag, std::span<std::byte> data) override {
    assert(0 <= from && from < size());
    return std::make_unique<ReceiveRequest>(hub_, rank_, from, tag, data);
  }

  void wait(std::span<RequestPtr> requests, std::chrono::milliseconds timeout) override {
    for (RequestPtr& request : requests) {
      if (request == nullptr) continue;
      if (const auto* receive = dynamic_cast<const ReceiveRequest*>(request.get())) {
        wait_for(*receive, timeout);
      } else {
        const auto& sent = dynamic_cast<const SendRequest&>(*request);
        if (!sent.delivered()) throw lost_peer_error(sent.to(), host_name());
      }
      request.reset();
    }
  }

  [[noreturn]] void abort(int exit_code) override {
    std::fflush(nullptr);
    std::_Exit(exit_code);
  }

 private:
  void wait_for(const ReceiveRequest& request, std::chrono::milliseconds timeout) {
    Mailbox& mailbox = hub_->mailbox(rank_);
    const Receipt& receipt = request.receipt();
    std::unique_lock lock(mailbox.mutex);
    const auto lost = [&] { return mailbox.gone[static_cast<std::size_t>(request.from())]; };
    const bool settled =
        mailbox.changed.wait_for(lock, timeout, [&] { return receipt.done || lost(); });
    if (!settled) throw silent_peer_error(request.from(), host_name(), timeout);
    if (!receipt.done) throw lost_peer_error(request.from(), host_name());
    if (receipt.wrong_size) {
      throw size_mismatch_error(request.from(), host_name(), fmt::to_string(*receipt.wrong_size),
                                receipt.buffer.size());
    }
  }

  std::shared_ptr<Hub> hub_;
  int rank_;
};

}  // namespace

std::vector<std::unique_ptr<Transport>> make_thread_transports(int ranks) {
  assert(ranks >= 1);
  const auto hub = std::make_shared<Hub>(ranks);
  std::vector<std::unique_ptr<Transport>> transports;
  transports.reserve(static_cast<std::size_t>(ranks));
  for (int r = 0; r < ranks; ++r) transports.push_back(std::make_unique<ThreadTransport>(hub, r));
  return transports;
}

void run_ranks(int ranks, const std::function<void(Transport&)>& work) {
  std::vector<std::unique_ptr<Transport>> transports = make_thread_transports(ranks);
  std::mutex mutex;
  std::exception_ptr first;
  const auto run = [&](std::unique_ptr<Transport> own) {
    try {
      work(*own);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (first == nullptr) first = std::current_exception();
    }
    own.reset();  // after the exception is noted, so that it comes before those it causes
  };
  std::vector<std::thread> threads;
  threads.reserve(transports.size() - 1);
  for (std::size_t rank = 1; rank < transports.size(); ++rank) {
    threads.emplace_back(run, std::move(transports[rank]));
  }
  run(std::move(transports.front()));
  for (std::thread& thread : threads) thread.join();
  if (first != nullptr) std::rethrow_exception(first);
}

}  // namespace lockstep::comm
