#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/parallel/team.hpp"

namespace lockstep::test {

/// Counts the bytes that a rank gives to others, and how often all of them meet.
class CountingTeam final : public Team {
 public:
  explicit CountingTeam(Team& team) : team_(team) {}

  int rank() const override { return team_.rank(); }
  int size() const override { return team_.size(); }
  std::vector<Bytes> exchange(std::vector<Bytes> to) override {
    for (const Bytes& bytes : to) exchanged_ += bytes.size();
    return team_.exchange(std::move(to));
  }
  void exchange_into(std::span<const std::span<const std::byte>> to,
                     std::span<const std::span<std::byte>> from) override {
    for (const std::span<const std::byte> bytes : to) exchanged_ += bytes.size();
    team_.exchange_into(to, from);
  }
  std::vector<Bytes> all_gather(std::span<const std::byte> mine) override {
    ++gathers_;
    gathered_ += mine.size();
    return team_.all_gather(mine);
  }
  void broadcast(Bytes& data, int root) override { team_.broadcast(data, root); }
  void all_reduce(std::span<std::int64_t> values, IntegerReduction how) override {
    ++reductions_;
    team_.all_reduce(values, how);
  }
  void barrier() override { team_.barrier(); }

  std::size_t exchanged() const { return exchanged_; }
  std::size_t gathered() const { return gathered_; }
  int gathers() const { return gathers_; }
  int reductions() const { return reductions_; }

 private:
  Team& team_;
  std::size_t exchanged_ = 0;
  std::size_t gathered_ = 0;
  int gathers_ = 0;
  int reductions_ = 0;
};

}  // namespace lockstep::test
