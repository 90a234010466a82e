#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace lockstep {

// Sums of powers overflow or vanish where the values themselves are doubles like any other. Taken
// of x/unit, a power of two, they do neither, and the division is exact: for values that were safe
// before, every bit of every result is the same with and without it.

namespace units {
inline constexpr int kMantissaBits = 52;
inline constexpr std::int64_t kBias = 1023;  // of the exponent: that of 1
inline constexpr std::int64_t kMantissa = (std::int64_t{1} << kMantissaBits) - 1;

/// The exponent as it is stored: 0 for zeros and denormals, 2047 for what is not finite.
inline std::int64_t biased_exponent(double x) {
  return (std::bit_cast<std::int64_t>(x) >> kMantissaBits) & 0x7ff;
}
}  // namespace units

/// The unit of values whose largest magnitude is this: 1 from 2⁻¹²⁸ up to 2¹²⁸, and for what is not
/// finite; otherwise the power of two that brings it into [1, 2), but at least 2⁻¹⁰²² (zeros and
/// denormals) and at most 2¹⁰²². It ascends with the magnitude.
///
/// The deviations of such values from their mean, unless all are 0, have a largest one between
/// 2⁻¹⁸² and 2¹²⁹: neither its fourth power vanishes, nor do sums of fourth powers overflow.
inline double unit_for(double largest) {
  constexpr std::int64_t kSafe = 128;
  constexpr std::int64_t kNotFinite = 2047;
  const std::int64_t biased = units::biased_exponent(largest);
  const bool is_safe = biased >= units::kBias - kSafe && biased < units::kBias + kSafe;
  if (is_safe || biased == kNotFinite) return 1;
  const std::int64_t power = std::clamp<std::int64_t>(biased, 1, 2 * units::kBias - 1);
  return std::bit_cast<double>(power << units::kMantissaBits);
}

/// x/unit: exact, but 0 for an x that is below unit·2⁻¹⁰²². Also of a denormal x in
/// FloatingPointMode, where arithmetic takes it for 0.
inline double in_units(double x, double unit) {
  if (units::biased_exponent(x) > 0) return x * (1 / unit);
  const std::int64_t mantissa = std::bit_cast<std::int64_t>(x) & units::kMantissa;
  return std::copysign(static_cast<double>(mantissa) * (0x1p-52 * (0x1p-1022 / unit)), x);
}

}  // namespace lockstep
