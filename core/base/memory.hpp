#pragma once

#include <cstddef>
#include <new>
#include <vector>

#include "core/base/types.hpp"

namespace lockstep {

/// Every arena starts at a multiple of this many bytes: a cache line, and the widest register.
inline constexpr std::size_t kAlignment = 64;

/// Widths of matrices are padded to whole panels of this many elements.
inline constexpr Index kPanel = 16;

/// The smallest multiple of `step` that is at least n (n ≥ 0).
constexpr Index round_up(Index n, Index step) { return (n + step - 1) / step * step; }

template <class T>
struct AlignedAllocator {
  using value_type = T;

  AlignedAllocator() = default;
  template <class U>
  AlignedAllocator(const AlignedAllocator<U>&) noexcept {}  // NOLINT(google-explicit-constructor)

  T* allocate(std::size_t n) {
    if (n > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(::operator new (n * sizeof(T), std::align_val_t{kAlignment}));
  }
  void deallocate(T* p, std::size_t) noexcept {
    ::operator delete (p, std::align_val_t{kAlignment});
  }
  friend bool operator==(const AlignedAllocator&, const AlignedAllocator&) { return true; }
};

template <class T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

}  // namespace lockstep
