// Compiled with AVX2 and FMA whatever the rest of the program is compiled for; called only where
// the machine has it.
#include <immintrin.h>

#include "core/kernel/product_microkernel.hpp"

namespace lockstep::kernel {
namespace {

struct Float8 {
  using Scalar = float;
  static constexpr Index kWidth = 8;
  static constexpr Index kTileRows = 6;
  __m256 value;

  static Float8 zero() { return {_mm256_setzero_ps()}; }
  static Float8 load(const float* p) { return {_mm256_loadu_ps(p)}; }
  static Float8 broadcast(float x) { return {_mm256_set1_ps(x)}; }
  static Float8 fma(Float8 a, Float8 b, Float8 c) {
    return {_mm256_fmadd_ps(a.value, b.value, c.value)};
  }
  static Float8 add(Float8 a, Float8 b) { return {_mm256_add_ps(a.value, b.value)}; }
  void store(float* p) const { _mm256_storeu_ps(p, value); }
};

struct Double4 {
  using Scalar = double;
  static constexpr Index kWidth = 4;
  static constexpr Index kTileRows = 6;
  __m256d value;

  static Double4 zero() { return {_mm256_setzero_pd()}; }
  static Double4 load(const double* p) { return {_mm256_loadu_pd(p)}; }
  static Double4 broadcast(double x) { return {_mm256_set1_pd(x)}; }
  static Double4 fma(Double4 a, Double4 b, Double4 c) {
    return {_mm256_fmadd_pd(a.value, b.value, c.value)};
  }
  static Double4 add(Double4 a, Double4 b) { return {_mm256_add_pd(a.value, b.value)}; }
  void store(double* p) const { _mm256_storeu_pd(p, value); }
};

}  // namespace

template <>
const ProductEntry<float>& avx2_product<float>() {
  return Products<Float8>::kEntry;
}
template <>
const ProductEntry<double>& avx2_product<double>() {
  return Products<Double4>::kEntry;
}

}  // namespace lockstep::kernel
