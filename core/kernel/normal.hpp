#pragma once

#include <array>
#include <cmath>

#include "core/kernel/elementary.hpp"

namespace lockstep::kernel {

// The standard normal distribution, by the same rules as elementary.hpp.

namespace detail {

/// Coefficients of the Chebyshev series in u = 2t − 1 of eᶻ²·erfc(z)/t, t = 2/(2 + z), for z ≥ 0:
/// smooth, and between ½/√π and 1. (The first is halved.) Those that are left out add up to less
/// than 10⁻¹⁶.
inline constexpr std::array<double, 26> kScaledErfc{
    0.5770337386164696886,      0.35543692127049848731,     0.06509515882878652455,
    0.0036711423958366391659,   -0.0011128447433526324969,  -0.00016075829915378079758,
    3.2780315741731370605e-5,   5.4424416455050160333e-6,   -1.5154665553171481622e-6,
    -1.4297608181169864917e-7,  8.234608827419493433e-8,    -1.2962846852306562536e-9,
    -4.1547216310151983042e-9,  6.3470582783628111814e-10,  1.4320822712256223707e-10,
    -6.1603901052045855418e-11, 2.0612138554721696306e-12,  3.571493148847704445e-12,
    -8.5864228432517964757e-13, -6.145600213790630554e-14,  7.4187257485966170573e-14,
    -1.2895042755032325615e-14, -2.3587263857106323568e-15, 1.5729349381685911397e-15,
    -2.2782966239546465174e-16, -6.3123304507564298101e-17};

template <class T>
inline constexpr std::size_t kScaledErfcTerms = sizeof(T) == sizeof(float) ? 12 : 26;

template <class T>
inline constexpr auto kScaledErfcOf = [] {
  std::array<T, kScaledErfcTerms<T>> table{};
  for (std::size_t k = 0; k < table.size(); ++k) table[k] = static_cast<T>(kScaledErfc[k]);
  return table;
}();

/// eᶻ²·erfc(z) for z ≥ 0.
template <class T>
inline T scaled_erfc(T z) {
  const T t = T(2) / (T(2) + z);
  const T u = std::fma(T(2), t, T(-1));
  T above = T(0);
  T sum = T(0);
#pragma GCC unroll 32
  for (std::size_t k = kScaledErfcTerms<T> - 1; k >= 1; --k) {  // [Clenshaw 1955]
    const T next = std::fma(T(2) * u, sum, kScaledErfcOf<T>[k] - above);
    above = sum;
    sum = next;
  }
  return t * std::fma(u, sum, kScaledErfcOf<T>[0] - above);
}

}  // namespace detail

/// φ(x) = e^(−x²/2)/√(2π) and Φ(x) = ∫ φ from −∞ to x; both to a relative error of a few ulp in
/// either tail, until e^(−x²/2) is 0.
template <class T>
struct Normal {
  T density;
  T cumulative;
};

template <class T>
inline Normal<T> normal(T x) {
  constexpr T kRootHalf = static_cast<T>(0.70710678118654752440);
  constexpr T kInverseRootTwoPi = static_cast<T>(0.39894228040143267794);
  // The exponential multiplies an error of x² by x²/2, so it gets what rounding leaves of it.
  const T square = x * x;
  const T rest = std::fma(x, x, -square);
  const T power = exp(T(-0.5) * square);
  const T bell = detail::select(power == T(0), power, std::fma(power, T(-0.5) * rest, power));
  const T tail = T(0.5) * bell * detail::scaled_erfc(std::fabs(x) * kRootHalf);
  return {kInverseRootTwoPi * bell, detail::select(x < T(0), tail, T(1) - tail)};
}

}  // namespace lockstep::kernel
