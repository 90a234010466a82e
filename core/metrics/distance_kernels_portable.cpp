// For machines without AVX2; the compiler vectorizes it for the program's own target.

#include <bit>
#include <cmath>
#include <cstdint>

#include "core/metrics/distance_microkernel.hpp"

namespace lockstep {
namespace {

struct Portable {
  static constexpr Index kWidth = 4;
  static constexpr Index kTileRows = 2;
  double value[bound(kWidth)];

  template <class Function>
  static Portable each(const Function& function) {
    Portable v;
    for (Index i = 0; i < kWidth; ++i) v.value[i] = function(i);
    return v;
  }
  static Portable load(const double* p) {
    return each([&](Index i) { return p[i]; });
  }
  static Portable broadcast(double x) {
    return each([&](Index) { return x; });
  }
  static Portable subtract(const Portable& a, const Portable& b) {
    return each([&](Index i) { return a.value[i] - b.value[i]; });
  }
  static Portable add(const Portable& a, const Portable& b) {
    return each([&](Index i) { return a.value[i] + b.value[i]; });
  }
  static Portable fma(const Portable& a, const Portable& b, const Portable& c) {
    return each([&](Index i) { return std::fma(a.value[i], b.value[i], c.value[i]); });
  }
  static Portable magnitude(const Portable& a) {
    return each([&](Index i) { return std::fabs(a.value[i]); });
  }
  /// Without sign, the bits of doubles ascend as the numbers do, and NaN is above infinity.
  static Portable larger_bits(const Portable& a, const Portable& b) {
    return each([&](Index i) {
      const bool less =
          std::bit_cast<std::int64_t>(a.value[i]) < std::bit_cast<std::int64_t>(b.value[i]);
      return less ? b.value[i] : a.value[i];
    });
  }
  static Portable one_where_unequal(const Portable& a, const Portable& b) {
    return each([&](Index i) { return a.value[i] != b.value[i] ? 1.0 : 0.0; });
  }
  void store(double* p) const {
    for (Index i = 0; i < kWidth; ++i) p[i] = value[i];
  }
};

}  // namespace

const DistanceKernels& portable_distance_kernels() { return kDistanceKernels<Portable>; }

}  // namespace lockstep
