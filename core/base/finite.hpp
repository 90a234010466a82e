#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

namespace lockstep {

/// No number is NaN or infinite. Without a branch for each, so that the compiler uses vectors.
template <class T>
bool all_finite(std::span<const T> numbers) {
  using Bits = std::conditional_t<sizeof(T) == sizeof(std::uint32_t), std::uint32_t, std::uint64_t>;
  constexpr Bits kExponent = std::bit_cast<Bits>(std::numeric_limits<T>::infinity());
  Bits any = 0;
  for (const T x : numbers) {
    any |= static_cast<Bits>((std::bit_cast<Bits>(x) & kExponent) == kExponent);
  }
  return any == 0;
}

}  // namespace lockstep
