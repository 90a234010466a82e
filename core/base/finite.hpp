#pragma once

#include <bit>
#include <cstdint>
#include <span>

namespace lockstep {

/// No number is NaN or infinite. Without a branch for each, so that the compiler uses vectors.
inline bool all_finite(std::span<const double> numbers) {
  constexpr std::uint64_t kExponent = 0x7FF0000000000000;
  std::uint64_t any = 0;
  for (const double x : numbers) {
    any |= static_cast<std::uint64_t>((std::bit_cast<std::uint64_t>(x) & kExponent) == kExponent);
  }
  return any == 0;
}

}  // namespace lockstep
