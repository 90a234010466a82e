// Compiled with AVX-512 whatever the rest of the program is compiled for; called only where the
// machine has it.
#include <immintrin.h>

#include "core/metrics/distance_microkernel.hpp"

namespace lockstep {
namespace {

struct Double8 {
  static constexpr Index kWidth = 8;
  static constexpr Index kTileRows = 6;
  __m512d value;

  static Double8 load(const double* p) { return {_mm512_loadu_pd(p)}; }
  static Double8 broadcast(double x) { return {_mm512_set1_pd(x)}; }
  static Double8 subtract(Double8 a, Double8 b) { return {_mm512_sub_pd(a.value, b.value)}; }
  static Double8 add(Double8 a, Double8 b) { return {_mm512_add_pd(a.value, b.value)}; }
  static Double8 fma(Double8 a, Double8 b, Double8 c) {
    return {_mm512_fmadd_pd(a.value, b.value, c.value)};
  }
  static Double8 magnitude(Double8 a) { return {_mm512_abs_pd(a.value)}; }
  /// Without sign, the bits of doubles ascend as the numbers do, and NaN is above infinity.
  static Double8 larger_bits(Double8 a, Double8 b) {
    constexpr __mmask8 kAll = 0xff;  // GCC 12 takes the form without a mask for uninitialised
    return {_mm512_castsi512_pd(
        _mm512_maskz_max_epi64(kAll, _mm512_castpd_si512(a.value), _mm512_castpd_si512(b.value)))};
  }
  static Double8 one_where_unequal(Double8 a, Double8 b) {
    const __mmask8 unequal = _mm512_cmp_pd_mask(a.value, b.value, _CMP_NEQ_UQ);
    return {_mm512_maskz_mov_pd(unequal, _mm512_set1_pd(1))};
  }
  void store(double* p) const { _mm512_storeu_pd(p, value); }
};

}  // namespace

const DistanceKernels& avx512_distance_kernels() { return kDistanceKernels<Double8>; }

}  // namespace lockstep
