// Compiled with AVX-512 whatever the rest of the program is compiled for; called only where the
// machine has it.
#include <immintrin.h>

#include "core/kernel/product_microkernel.hpp"

namespace lockstep::kernel {
namespace {

struct Float16 {
  using Scalar = float;
  static constexpr Index kWidth = 16;
  static constexpr Index kTileRows = 12;
  __m512 value;

  static Float16 zero() { return {_mm512_setzero_ps()}; }
  static Float16 load(const float* p) { return {_mm512_loadu_ps(p)}; }
  static Float16 broadcast(float x) { return {_mm512_set1_ps(x)}; }
  static Float16 fma(Float16 a, Float16 b, Float16 c) {
    return {_mm512_fmadd_ps(a.value, b.value, c.value)};
  }
  static Float16 add(Float16 a, Float16 b) { return {_mm512_add_ps(a.value, b.value)}; }
  void store(float* p) const { _mm512_storeu_ps(p, value); }
};

struct Double8 {
  using Scalar = double;
  static constexpr Index kWidth = 8;
  static constexpr Index kTileRows = 12;
  __m512d value;

  static Double8 zero() { return {_mm512_setzero_pd()}; }
  static Double8 load(const double* p) { return {_mm512_loadu_pd(p)}; }
  static Double8 broadcast(double x) { return {_mm512_set1_pd(x)}; }
  static Double8 fma(Double8 a, Double8 b, Double8 c) {
    return {_mm512_fmadd_pd(a.value, b.value, c.value)};
  }
  static Double8 add(Double8 a, Double8 b) { return {_mm512_add_pd(a.value, b.value)}; }
  void store(double* p) const { _mm512_storeu_pd(p, value); }
};

}  // namespace

template <>
const ProductEntry<float>& avx512_product<float>() {
  return Products<Float16>::kEntry;
}
template <>
const ProductEntry<double>& avx512_product<double>() {
  return Products<Double8>::kEntry;
}

}  // namespace lockstep::kernel
