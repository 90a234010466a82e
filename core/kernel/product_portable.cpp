// For machines without AVX2: std::fma, which the compiler vectorizes where the baseline has a fused
// multiply-add (as on AArch64), and which is slow but right where it has none.

#include <cmath>

#include "core/kernel/product_microkernel.hpp"

namespace lockstep::kernel {
namespace {

template <class T>
struct Portable {
  using Scalar = T;
  static constexpr Index kWidth = 4;
  static constexpr Index kTileRows = 4;
  T value[bound(kWidth)];

  static Portable zero() { return {}; }
  static Portable load(const T* p) {
    Portable v;
    for (Index i = 0; i < kWidth; ++i) v.value[i] = p[i];
    return v;
  }
  static Portable broadcast(T x) {
    Portable v;
    for (Index i = 0; i < kWidth; ++i) v.value[i] = x;
    return v;
  }
  static Portable fma(const Portable& a, const Portable& b, const Portable& c) {
    Portable v;
    for (Index i = 0; i < kWidth; ++i) v.value[i] = std::fma(a.value[i], b.value[i], c.value[i]);
    return v;
  }
  static Portable add(const Portable& a, const Portable& b) {
    Portable v;
    for (Index i = 0; i < kWidth; ++i) v.value[i] = a.value[i] + b.value[i];
    return v;
  }
  void store(T* p) const {
    for (Index i = 0; i < kWidth; ++i) p[i] = value[i];
  }
};

}  // namespace

template <>
const ProductEntry<float>& portable_product<float>() {
  return Products<Portable<float>>::kEntry;
}
template <>
const ProductEntry<double>& portable_product<double>() {
  return Products<Portable<double>>::kEntry;
}

}  // namespace lockstep::kernel
