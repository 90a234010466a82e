#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace lockstep::kernel {

// The transcendental functions of training, written with +, −, ×, ÷ and fused multiply-add alone.
// libm's differ between versions and CPUs, and a vectorized call differs from a scalar one; these
// give the same bits for the same argument at any position of any loop, and the compiler vectorizes
// them, because they have no branches (a select is not a branch). Each stays within 3 ulp of the
// true value on its stated domain, propagates NaN, and takes infinities as limits.

namespace detail {

template <class T>
struct Format;

template <>
struct Format<float> {
  using Bits = std::uint32_t;
  static constexpr int kMantissaBits = 23;
  static constexpr Bits kExponentBias = 127;
  static constexpr float kRoundMagic = 12582912.0F;  // 1.5·2²³: adding it rounds to an integer
  static constexpr float kLn2High = 0x1.62e4p-1F;    // 15 bits: n·kLn2High is exact
  static constexpr float kLn2Low = 0x1.7f7d1cp-20F;
  static constexpr float kExpLowest = -86.98F;  // 2ⁿ⁻¹ must be normal
  static constexpr float kExpHighest = 88.72284F;
  static constexpr int kExpDegree = 7;
  static constexpr int kLogTerms = 6;
};

template <>
struct Format<double> {
  using Bits = std::uint64_t;
  static constexpr int kMantissaBits = 52;
  static constexpr Bits kExponentBias = 1023;
  static constexpr double kRoundMagic = 6755399441055744.0;  // 1.5·2⁵²
  static constexpr double kLn2High = 0x1.62e42fefa38p-1;     // 42 bits
  static constexpr double kLn2Low = 0x1.ef35793c7673p-45;
  static constexpr double kExpLowest = -708.0;
  static constexpr double kExpHighest = 709.782712893384;
  static constexpr int kExpDegree = 13;
  static constexpr int kLogTerms = 12;
};

constexpr double factorial(int n) { return n <= 1 ? 1.0 : n * factorial(n - 1); }

/// 1/k! for the polynomial of exp. A table: calls of factorial would keep loops from vectorizing.
template <class T>
inline constexpr auto kInverseFactorials = [] {
  std::array<T, Format<T>::kExpDegree + 1> table{};
  for (std::size_t k = 0; k < table.size(); ++k) {
    table[k] = static_cast<T>(1.0 / factorial(static_cast<int>(k)));
  }
  return table;
}();

/// (−1)ᵏ/(2k + 1)! and (−1)ᵏ/(2k)! for the polynomials of sine and cosine.
inline constexpr auto kSines = [] {
  std::array<double, 10> table{};
  for (std::size_t k = 0; k < table.size(); ++k) {
    table[k] = (k % 2 == 0 ? 1 : -1) / factorial(static_cast<int>(2 * k + 1));
  }
  return table;
}();
inline constexpr auto kCosines = [] {
  std::array<double, 10> table{};
  for (std::size_t k = 0; k < table.size(); ++k) {
    table[k] = (k % 2 == 0 ? 1 : -1) / factorial(static_cast<int>(2 * k));
  }
  return table;
}();

template <class T>
inline T select(bool condition, T yes, T no) {
  return condition ? yes : no;
}

/// x = n·ln 2 + r with |r| ≤ ½ ln 2; `scale` is 2ⁿ⁻¹. Requires kExpLowest ≤ x ≤ kExpHighest.
template <class T>
struct ReducedExponent {
  T r;
  T half_scale;
};

template <class T>
inline ReducedExponent<T> reduce_exponent(T x) {
  using F = Format<T>;
  const T shifted = std::fma(x, static_cast<T>(1.4426950408889634), F::kRoundMagic);
  const T n = shifted - F::kRoundMagic;
  const T r = std::fma(-n, F::kLn2Low, std::fma(-n, F::kLn2High, x));
  const auto bits = std::bit_cast<typename F::Bits>(shifted);
  const auto exponent =
      static_cast<typename F::Bits>((bits + (F::kExponentBias - 1)) << F::kMantissaBits);
  return {r, std::bit_cast<T>(exponent)};
}

/// (eʳ − 1 − r) / r² for |r| ≤ ½ ln 2, by its Taylor polynomial: Σ rᵏ/(k+2)!.
template <class T>
inline T exp_tail(T r) {
  constexpr std::size_t kDegree = Format<T>::kExpDegree;
  T p = kInverseFactorials<T>[kDegree];
#pragma GCC unroll 16
  for (std::size_t k = kDegree - 1; k >= 2; --k) p = std::fma(p, r, kInverseFactorials<T>[k]);
  return p;
}

}  // namespace detail

/// eˣ. Below −86.98 (float) or −708 (double) it is 0.
template <class T>
inline T exp(T x) {
  using F = detail::Format<T>;
  T clamped = detail::select(x < F::kExpLowest, F::kExpLowest, x);
  clamped = detail::select(clamped > F::kExpHighest, F::kExpHighest, clamped);
  const auto reduced = detail::reduce_exponent(clamped);
  const T p = std::fma(detail::exp_tail(reduced.r) * reduced.r, reduced.r, reduced.r) + T(1);
  const T value = p * reduced.half_scale * T(2);
  const T bounded = detail::select(x > F::kExpHighest, std::numeric_limits<T>::infinity(), value);
  return detail::select(x < F::kExpLowest, T(0), bounded);
}

/// eˣ − 1 without cancellation, for x ≤ 0.
template <class T>
inline T expm1_nonpositive(T x) {
  constexpr T kSaturated = static_cast<T>(-50);
  const T clamped = detail::select(x < kSaturated, kSaturated, x);
  const auto reduced = detail::reduce_exponent(clamped);
  const T p = std::fma(detail::exp_tail(reduced.r) * reduced.r, reduced.r, reduced.r);
  const T scale = reduced.half_scale * T(2);
  return std::fma(scale, p, scale - T(1));
}

/// ln x for x ≥ 0: −∞ at 0 (and at denormals, which count as 0), NaN below.
template <class T>
inline T log(T x) {
  using F = detail::Format<T>;
  using Bits = typename F::Bits;
  // m in [√½, √2): subtracting the bits of √½ moves the cut of the exponent to there.
  const Bits bits = std::bit_cast<Bits>(x);
  constexpr Bits kRootHalf = std::bit_cast<Bits>(static_cast<T>(0.7071067811865476));
  constexpr Bits kMantissa = (Bits(1) << F::kMantissaBits) - 1;
  const Bits offset = bits - kRootHalf;
  const T m = std::bit_cast<T>(static_cast<Bits>((offset & kMantissa) + kRootHalf));
  // The exponent as a number, without an integer-to-float conversion: put it into a mantissa.
  const Bits biased = (offset >> F::kMantissaBits) + F::kExponentBias + 1;  // > 0 for x ≥ 0
  constexpr Bits kCarrier = std::bit_cast<Bits>(static_cast<T>(Bits(1) << F::kMantissaBits));
  constexpr Bits kWrap = (Bits(1) << (sizeof(T) * 8 - F::kMantissaBits)) - 1;
  const T carried = std::bit_cast<T>(static_cast<Bits>(kCarrier | (biased & kWrap)));
  const T k = carried - static_cast<T>((Bits(1) << F::kMantissaBits) + F::kExponentBias + 1);

  // ln m = 2 artanh(s), s = (m−1)/(m+1), |s| ≤ 0.172.
  const T f = m - T(1);
  const T s = f / (m + T(1));
  const T z = s * s;
  T p = static_cast<T>(2.0 / (2 * F::kLogTerms + 1));
  for (int i = F::kLogTerms - 1; i >= 1; --i) {
    p = std::fma(p, z, static_cast<T>(2.0 / (2 * i + 1)));
  }
  // 2s = f − s·f, so that the rounding of s enters only the small terms.
  const T tail = std::fma(s, std::fma(p, z, -f), k * F::kLn2Low);
  T value = std::fma(k, F::kLn2High, f + tail);
  value = detail::select(k == T(0), f + tail, value);

  value =
      detail::select(x < std::numeric_limits<T>::min(), -std::numeric_limits<T>::infinity(), value);
  value = detail::select(x < T(0), std::numeric_limits<T>::quiet_NaN(), value);
  return detail::select(!(x <= std::numeric_limits<T>::max()), x, value);
}

/// ln(1 + x) without cancellation, for finite x > −1: what the sum 1 + x has lost in rounding is
/// given back to its logarithm, to first order.
template <class T>
inline T log1p(T x) {
  const T u = T(1) + x;
  return log(u) + (x - (u - T(1))) / u;
}

template <class T>
inline T tanh(T x) {
  const T t = expm1_nonpositive(T(-2) * std::fabs(x));
  return std::copysign(-t / (t + T(2)), x);
}

/// σ(x) = 1/(1 + e⁻ˣ), without overflow on either side.
template <class T>
inline T sigmoid(T x) {
  const T e = exp(-std::fabs(x));
  const T positive = T(1) / (T(1) + e);
  return detail::select(x < T(0), e * positive, positive);
}

/// ln(1 + eˣ), without overflow.
template <class T>
inline T softplus(T x) {
  return detail::select(x < T(0), T(0), x) + log1p(exp(-std::fabs(x)));
}

/// sin x and cos x for |x| ≤ 10⁵, in double.
struct SinCos {
  double sin;
  double cos;
};

inline SinCos sincos(double x) {
  using F = detail::Format<double>;
  // x = q·π/2 + r, |r| ≤ π/4, with π/2 in three parts, the first two of 33 bits [Cody, Waite].
  const double shifted = std::fma(x, 0.6366197723675814, F::kRoundMagic);
  const double q = shifted - F::kRoundMagic;
  double r = std::fma(-q, 0x1.921fb544p+0, x);
  r = std::fma(-q, 0x1.0b4611a6p-34, r);
  r = std::fma(-q, 0x1.3198a2e037073p-69, r);
  const double z = r * r;
  double s = 0;
  double c = 0;
#pragma GCC unroll 16
  for (std::size_t k = detail::kSines.size() - 1; k >= 1; --k) {
    s = std::fma(s, z, detail::kSines[k]);
    c = std::fma(c, z, detail::kCosines[k]);
  }
  const double sin_r = std::fma(s * z, r, r);
  const double cos_r = std::fma(c, z, 1.0);
  // A quarter turn on, sine and cosine are what the cosine and −sine were.
  const auto quarters = std::bit_cast<std::uint64_t>(shifted);
  const bool is_odd = (quarters & 1U) != 0;
  const double first = detail::select(is_odd, cos_r, sin_r);
  const double second = detail::select(is_odd, -sin_r, cos_r);
  const bool is_half = (quarters & 2U) != 0;
  return {detail::select(is_half, -first, first), detail::select(is_half, -second, second)};
}

inline double sin(double x) { return sincos(x).sin; }
inline double cos(double x) { return sincos(x).cos; }

}  // namespace lockstep::kernel
