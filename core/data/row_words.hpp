#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lockstep {

/// A hash of 128 bits.
struct Hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend bool operator==(const Hash128&, const Hash128&) = default;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;
};

/// The words that a row is hashed by (XXH3): those of its features that are not +0, with their
/// columns, behind whatever else is to count. Dense and sparse rows of equal content have equal
/// words. Guards against mistakes, not against an adversary.
class RowWords {
 public:
  void clear() { words_.clear(); }
  void add(std::uint64_t word) { words_.push_back(little_endian(word)); }
  void add_number(double number) { add(std::bit_cast<std::uint64_t>(number)); }
  void add_cell(std::size_t column, double number) {
    const auto bits = std::bit_cast<std::uint64_t>(number);
    if (bits == 0) return;
    add(column);
    add(bits);
  }
  Hash128 hash() const;

 private:
  /// What `value` looks like in the memory of a little-endian machine.
  static std::uint64_t little_endian(std::uint64_t value) {
    if constexpr (std::endian::native == std::endian::little) return value;
    std::uint64_t swapped = 0;
    for (unsigned i = 0; i < sizeof value; ++i) {
      swapped = swapped << 8U | (value >> (8 * i) & 0xFFU);
    }
    return swapped;
  }

  std::vector<std::uint64_t> words_;
};

}  // namespace lockstep
