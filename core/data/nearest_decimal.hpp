#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace lockstep {

namespace internal {

__extension__ using UInt128 = unsigned __int128;

/// 5^−places as c / 2^(127 + bits): c is 2^(127 + bits) / 5^places, rounded up, of 128 bits; bits
/// are those of 5^places.
struct ReciprocalOfFive {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  int bits = 0;
};

constexpr ReciprocalOfFive reciprocal_of_five(std::size_t places) {
  if (places == 0) return {std::uint64_t{1} << 63U, 0, 0};
  std::uint64_t divisor = 1;
  for (std::size_t i = 0; i < places; ++i) divisor *= 5;
  const auto bits = static_cast<int>(std::bit_width(divisor));
  UInt128 quotient = 0;
  std::uint64_t rest = 1;  // digit by digit, of a number that is a one and zeros
  for (int i = 0; i < 127 + bits; ++i) {
    rest *= 2;
    quotient *= 2;
    if (rest < divisor) continue;
    rest -= divisor;
    ++quotient;
  }
  ++quotient;
  return {static_cast<std::uint64_t>(quotient >> 64U), static_cast<std::uint64_t>(quotient), bits};
}

inline constexpr auto kReciprocalsOfFive = [] {
  std::array<ReciprocalOfFive, 20> reciprocals{};
  for (std::size_t p = 0; p < reciprocals.size(); ++p) reciprocals[p] = reciprocal_of_five(p);
  return reciprocals;
}();

inline constexpr std::array kRealPowersOfTen{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,
                                             1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
                                             1e14, 1e15, 1e16, 1e17, 1e18, 1e19};
static_assert(kRealPowersOfTen.size() == kReciprocalsOfFive.size());

}  // namespace internal

/// Digits behind the point that nearest_decimal takes.
inline constexpr std::size_t kMostPlaces = internal::kReciprocalsOfFive.size() - 1;

/// The double nearest to digits / 10^places, of two the even one; places ≤ kMostPlaces.
///
/// Where the digits make an integer up to 2⁵³, both are doubles, and their quotient is rounded once
/// [Clinger 1990]. Otherwise as [Lemire 2021], whose product with a reciprocal is enough here:
///
/// With w = digits·2^zeros ≥ 2⁶³, the product w·c is less than 2⁶⁴ above x = w·2^(127 + bits) /
/// 5^places, of which 53 bits are asked for, and what is left of it in halves of the last one: such
/// a half is 2¹³⁷ or 2¹³⁸. Where x is no multiple of a half, it is far from all of them: 5^places
/// times the difference is a multiple of 2¹³⁷ or of 2^(127 + bits), and 5^places is less than 2⁴⁵
/// and than 2^bits, so that the difference is more than 2⁹². So the upper 128 bits of the product,
/// which are off by less than 2⁶⁵, lie between the same halves as x; and where x is a multiple,
/// their lower bits are 0.
inline double nearest_decimal(std::uint64_t digits, std::size_t places) {
  using internal::UInt128;
  // Of more places, which of the two it is would be as good as random, and guessed wrong.
  constexpr std::size_t kFewPlaces = 15;
  if (digits == 0 || (places <= kFewPlaces && digits <= std::uint64_t{1} << 53U)) {
    return static_cast<double>(static_cast<std::int64_t>(digits)) /
           internal::kRealPowersOfTen[places];
  }
  const internal::ReciprocalOfFive& reciprocal = internal::kReciprocalsOfFive[places];
  const int zeros = std::countl_zero(digits);
  const std::uint64_t w = digits << static_cast<unsigned>(zeros);
  const UInt128 low = static_cast<UInt128>(w) * reciprocal.low;
  const UInt128 product = static_cast<UInt128>(w) * reciprocal.high + (low >> 64U);
  const auto upper = static_cast<std::uint64_t>(product >> 64U);
  const unsigned shift = 9 + static_cast<unsigned>(upper >> 63U);
  std::uint64_t mantissa = upper >> shift;  // of 54 bits: the last one is half a unit
  const std::uint64_t below = (upper << (64 - shift)) | static_cast<std::uint64_t>(product);
  const std::uint64_t goes_up = (below != 0 ? 1U : 0U) | (mantissa >> 1U);
  mantissa = (mantissa + (mantissa & goes_up & 1U)) >> 1U;
  // The leading bit of the mantissa, or two of it where it was rounded up to 2⁵³, join the
  // exponent.
  const int exponent =
      static_cast<int>(shift) + 2 - zeros - reciprocal.bits - static_cast<int>(places) + 1074;
  return std::bit_cast<double>((static_cast<std::uint64_t>(exponent) << 52U) + mantissa);
}

}  // namespace lockstep
