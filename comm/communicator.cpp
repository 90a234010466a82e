#include "comm/communicator.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstring>
#include <numeric>
#include <utility>

namespace lockstep::comm {
namespace {

// One tag a function: its messages keep their order, and all ranks call the functions in the same
// order.
constexpr int kSizes = Communicator::kFirstTag;
constexpr int kPayload = Communicator::kFirstTag + 1;
constexpr int kGather = Communicator::kFirstTag + 2;
constexpr int kBroadcast = Communicator::kFirstTag + 3;
constexpr int kReduce = Communicator::kFirstTag + 4;
constexpr int kBarrier = Communicator::kFirstTag + 5;

/// Partners of an exchange that are served at the same time.
constexpr int kPartnersAtOnce = 16;

std::size_t at(int rank) { return static_cast<std::size_t>(rank); }

void combine(std::span<std::int64_t> values, std::span<const std::int64_t> others,
             IntegerReduction how) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    switch (how) {
      case IntegerReduction::sum:
        values[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(values[i]) +
                                              static_cast<std::uint64_t>(others[i]));
        break;
      case IntegerReduction::min:
        values[i] = std::min(values[i], others[i]);
        break;
      case IntegerReduction::max:
        values[i] = std::max(values[i], others[i]);
        break;
      case IntegerReduction::bit_or:
        values[i] |= others[i];
        break;
    }
  }
}

}  // namespace

void Communicator::send(int to, int tag, std::span<const std::byte> data) {
  std::array<RequestPtr, 1> request{transport_.send(to, tag, data)};
  wait(request);
}

void Communicator::receive(int from, int tag, std::span<std::byte> data) {
  std::array<RequestPtr, 1> request{transport_.receive(from, tag, data)};
  wait(request);
}

std::vector<Bytes> Communicator::exchange(std::vector<Bytes> to) {
  assert(to.size() == at(size()));
  std::vector<Bytes> result(to.size());
  result[at(rank())] = std::move(to[at(rank())]);
  // In step k everybody sends to the k-th rank after and receives from the k-th rank before it.
  for (int step = 1; step < size(); step += kPartnersAtOnce) {
    exchange_with(step, std::min(step + kPartnersAtOnce, size()), to, result);
  }
  return result;
}

void Communicator::exchange_into(std::span<const std::span<const std::byte>> to,
                                 std::span<const std::span<std::byte>> from) {
  assert(to.size() == at(size()) && from.size() == at(size()));
  for (int first_step = 1; first_step < size(); first_step += kPartnersAtOnce) {
    std::vector<RequestPtr> requests;
    const int last_step = std::min(first_step + kPartnersAtOnce, size());
    for (int step = first_step; step < last_step; ++step) {
      start_step(step, to[at(around(step))], from[at(around(-step))], requests);
    }
    wait(requests);
  }
}

/// Starts the messages of one step of an exchange, but for empty ones.
void Communicator::start_step(int step, std::span<const std::byte> outgoing,
                              std::span<std::byte> incoming, std::vector<RequestPtr>& requests) {
  if (!incoming.empty()) {
    requests.push_back(transport_.receive(around(-step), kPayload, incoming));
  }
  if (!outgoing.empty()) requests.push_back(transport_.send(around(step), kPayload, outgoing));
}

void Communicator::exchange_with(int first_step, int last_step, std::vector<Bytes>& to,
                                 std::vector<Bytes>& result) {
  std::vector<std::uint64_t> sizes_out(at(last_step - first_step));
  std::vector<std::uint64_t> sizes_in(sizes_out.size());
  std::vector<RequestPtr> requests;
  for (int step = first_step; step < last_step; ++step) {
    const std::size_t i = at(step - first_step);
    sizes_out[i] = to[at(around(step))].size();
    requests.push_back(transport_.receive(around(-step), kSizes,
                                          std::as_writable_bytes(std::span(&sizes_in[i], 1))));
    requests.push_back(
        transport_.send(around(step), kSizes, std::as_bytes(std::span(&sizes_out[i], 1))));
  }
  wait(requests);
  requests.clear();
  for (int step = first_step; step < last_step; ++step) {
    Bytes& incoming = result[at(around(-step))];
    incoming.resize(static_cast<std::size_t>(sizes_in[at(step - first_step)]));
    start_step(step, to[at(around(step))], incoming, requests);
  }
  wait(requests);
  for (int step = first_step; step < last_step; ++step) Bytes().swap(to[at(around(step))]);
}

/// The blocks of all ranks, starting with mine and going around the circle. After the round with
/// distance d a rank has the blocks of the 2d ranks from itself on.
Bytes Communicator::gather_blocks(std::span<const std::byte> mine,
                                  const std::vector<std::size_t>& sizes) {
  std::vector<std::size_t> offsets{0};
  for (int i = 0; i < size(); ++i) offsets.push_back(offsets.back() + sizes[at(around(i))]);
  Bytes blocks(offsets.back());
  std::copy(mine.begin(), mine.end(), blocks.begin());
  const std::span<std::byte> all(blocks);
  for (int distance = 1; distance < size(); distance *= 2) {
    // My first blocks are what the rank `distance` before me lacks.
    const int count = std::min(distance, size() - distance);
    const std::size_t begin = offsets[at(distance)];
    const std::size_t end = offsets[at(distance + count)];
    std::array<RequestPtr, 2> requests{
        transport_.receive(around(distance), kGather, all.subspan(begin, end - begin)),
        transport_.send(around(-distance), kGather, all.first(offsets[at(count)]))};
    wait(requests);
  }
  return blocks;
}

std::vector<Bytes> Communicator::all_gather(std::span<const std::byte> mine) {
  const std::uint64_t my_size = mine.size();
  const std::vector<std::size_t> eight(at(size()), sizeof(my_size));
  const Bytes gathered_sizes = gather_blocks(std::as_bytes(std::span(&my_size, 1)), eight);
  std::vector<std::size_t> sizes(at(size()));
  for (int i = 0; i < size(); ++i) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, gathered_sizes.data() + at(i) * sizeof(bytes), sizeof(bytes));
    sizes[at(around(i))] = static_cast<std::size_t>(bytes);
  }

  std::vector<Bytes> result(at(size()));
  if (std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}) == 0) return result;
  const Bytes blocks = gather_blocks(mine, sizes);
  std::span<const std::byte> rest(blocks);
  for (int i = 0; i < size(); ++i) {
    const int owner = around(i);
    const std::span<const std::byte> block = rest.first(sizes[at(owner)]);
    result[at(owner)].assign(block.begin(), block.end());
    rest = rest.subspan(block.size());
  }
  return result;
}

void Communicator::broadcast(Bytes& data, int root) {
  assert(0 <= root && root < size());
  // Rank numbers relative to the root. The parent of v is v without its lowest bit, its children
  // are v + 2^k for all 2^k below that bit.
  const int v = around(-root);
  const auto absolute = [&](int relative) { return (relative + root) % size(); };
  const int low_bit =
      v == 0 ? static_cast<int>(std::bit_ceil(static_cast<unsigned>(size()))) : v & -v;

  std::uint64_t bytes = data.size();
  const std::span<std::uint64_t> header(&bytes, 1);
  if (v != 0) {
    receive(absolute(v - low_bit), kBroadcast, std::as_writable_bytes(header));
    data.resize(static_cast<std::size_t>(bytes));
    receive(absolute(v - low_bit), kBroadcast, data);
  }
  std::vector<RequestPtr> requests;
  for (int step = low_bit / 2; step > 0; step /= 2) {
    if (v + step >= size()) continue;
    requests.push_back(transport_.send(absolute(v + step), kBroadcast, std::as_bytes(header)));
    requests.push_back(transport_.send(absolute(v + step), kBroadcast, data));
  }
  wait(requests);
}

void Communicator::swap_values(int peer, std::span<const std::int64_t> mine,
                               std::span<std::int64_t> theirs) {
  std::array<RequestPtr, 2> requests{
      transport_.receive(peer, kReduce, std::as_writable_bytes(theirs)),
      transport_.send(peer, kReduce, std::as_bytes(mine))};
  wait(requests);
}

void Communicator::all_reduce(std::span<std::int64_t> values, IntegerReduction how) {
  // The ranks beyond the largest power of two give their values to a partner and get the result.
  const int doubling = static_cast<int>(std::bit_floor(static_cast<unsigned>(size())));
  if (rank() >= doubling) {
    send(rank() - doubling, kReduce, std::as_bytes(values));
    receive(rank() - doubling, kReduce, std::as_writable_bytes(values));
    return;
  }
  std::vector<std::int64_t> others(values.size());
  const bool has_partner = rank() + doubling < size();
  if (has_partner) {
    receive(rank() + doubling, kReduce, std::as_writable_bytes(std::span(others)));
    combine(values, others, how);
  }
  for (int distance = 1; distance < doubling; distance *= 2) {
    swap_values(rank() ^ distance, values, others);
    combine(values, others, how);
  }
  if (has_partner) send(rank() + doubling, kReduce, std::as_bytes(values));
}

void Communicator::barrier() {
  for (int distance = 1; distance < size(); distance *= 2) {
    std::array<RequestPtr, 2> requests{transport_.receive(around(-distance), kBarrier, {}),
                                       transport_.send(around(distance), kBarrier, {})};
    wait(requests);
  }
}

}  // namespace lockstep::comm
