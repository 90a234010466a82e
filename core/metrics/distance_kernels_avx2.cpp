// Compiled with AVX2 and FMA whatever the rest of the program is compiled for; called only where
// the machine has it.
#include <immintrin.h>

#include "core/metrics/distance_microkernel.hpp"

namespace lockstep {
namespace {

struct Double4 {
  static constexpr Index kWidth = 4;
  static constexpr Index kTileRows = 3;
  __m256d value;

  static Double4 load(const double* p) { return {_mm256_loadu_pd(p)}; }
  static Double4 broadcast(double x) { return {_mm256_set1_pd(x)}; }
  static Double4 subtract(Double4 a, Double4 b) { return {_mm256_sub_pd(a.value, b.value)}; }
  static Double4 add(Double4 a, Double4 b) { return {_mm256_add_pd(a.value, b.value)}; }
  static Double4 fma(Double4 a, Double4 b, Double4 c) {
    return {_mm256_fmadd_pd(a.value, b.value, c.value)};
  }
  static Double4 magnitude(Double4 a) { return {_mm256_andnot_pd(_mm256_set1_pd(-0.0), a.value)}; }
  /// Without sign, the bits of doubles ascend as the numbers do, and NaN is above infinity.
  static Double4 larger_bits(Double4 a, Double4 b) {
    const __m256i less =
        _mm256_cmpgt_epi64(_mm256_castpd_si256(b.value), _mm256_castpd_si256(a.value));
    return {_mm256_blendv_pd(a.value, b.value, _mm256_castsi256_pd(less))};
  }
  static Double4 one_where_unequal(Double4 a, Double4 b) {
    return {_mm256_and_pd(_mm256_cmp_pd(a.value, b.value, _CMP_NEQ_UQ), _mm256_set1_pd(1))};
  }
  void store(double* p) const { _mm256_storeu_pd(p, value); }
};

}  // namespace

const DistanceKernels& avx2_distance_kernels() { return kDistanceKernels<Double4>; }

}  // namespace lockstep
