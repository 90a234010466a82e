#pragma once

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <system_error>

#include "core/data/nearest_decimal.hpp"

namespace lockstep {

// Numbers in texts, eight digits at once. What is read of them is what std::from_chars reads, bit
// for bit.

/// Bytes behind a text that the functions below may read, whatever they are.
inline constexpr std::size_t kDecimalPadding = 16;
/// A text of so many bytes needs none: no more is looked at.
inline constexpr std::ptrdiff_t kDecimalReach = 35;

inline constexpr std::array<std::uint64_t, 9> kPowersOfTen{
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

/// The digits at the start of eight bytes.
struct LeadingDigits {
  std::size_t count;    ///< at most 8
  std::uint64_t value;  ///< 0 without any
};

inline LeadingDigits leading_digits(const char* at) {
  constexpr std::uint64_t kEveryByte = 0x0101010101010101;
  static_assert(std::endian::native == std::endian::little, "the first byte is to be the lowest");
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, at, sizeof bytes);
  bytes ^= '0' * kEveryByte;
  // A byte above 9 gets its high bit; a carry reaches those behind it alone.
  const std::uint64_t others = ((bytes + 0x76 * kEveryByte) | bytes) & 0x80 * kEveryByte;
  const auto count = static_cast<std::size_t>(std::countr_zero(others)) / 8;  // 64 bits of none: 8
  if (count == 0) return {0, 0};
  std::uint64_t value = bytes << (64 - 8 * count);  // zeros lead
  // Pairs of digits, then all four pairs.
  constexpr std::uint64_t kPairs = 0x000000FF000000FF;
  value = 10 * value + (value >> 8U);
  value = (value & kPairs) * (100 + (std::uint64_t{1000000} << 32U)) +
          (value >> 16U & kPairs) * (1 + (std::uint64_t{10000} << 32U));
  return {count, value >> 32U};
}

/// Takes the finite number at the start of [begin, end). Returns where it ends; nullptr when there
/// is none. kDecimalPadding bytes behind `end` can be read, and the first of them continues no
/// number; or the text has kDecimalReach bytes.
///
/// Decimals of up to 19 digits, of which fewer than 8 are before the point, go quickly.
inline const char* take_decimal(const char* const begin, const char* const end, double& out) {
  const bool is_negative = *begin == '-';
  const char* at = begin + (is_negative ? 1 : 0);
  // A branch that is guessed right lets what follows begin before the digits are counted.
  const auto digit = static_cast<unsigned char>(*at - '0');
  const LeadingDigits whole =
      digit < 10 && at[1] == '.' ? LeadingDigits{1, digit} : leading_digits(at);
  at += whole.count;
  std::uint64_t digits = whole.value;
  std::size_t places = 0;
  if (*at == '.') {
    const LeadingDigits first = leading_digits(++at);
    at += first.count;
    digits = digits * kPowersOfTen[first.count] + first.value;
    places = first.count;
    for (LeadingDigits more = first; more.count == 8 && places < 24; places += more.count) {
      more = leading_digits(at);
      at += more.count;
      digits = digits * kPowersOfTen[more.count] + more.value;  // without meaning beyond 19
    }
  }
  const std::size_t leading = whole.value == 0 ? 0 : whole.count;
  const bool is_short = 0 < whole.count && whole.count < 8 && leading + places <= kMostPlaces;
  if (is_short && *at != 'e' && *at != 'E') [[likely]] {
    const double value = nearest_decimal(digits, places);
    // Signs are random: what branches on them is guessed wrong.
    const std::uint64_t sign = std::uint64_t{is_negative ? 1U : 0U} << 63U;
    out = std::bit_cast<double>(std::bit_cast<std::uint64_t>(value) | sign);
    return at;
  }
  double value = 0;
  const auto [stop, code] = std::from_chars(begin, end, value);
  if (code != std::errc{} || !std::isfinite(value)) return nullptr;
  out = value;
  return stop;
}

}  // namespace lockstep
