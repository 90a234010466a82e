#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace lockstep {

/// A page that the processor maps as one, where the system grants it.
inline constexpr std::size_t kLargePage = std::size_t{2} << 20;

/// Asks for large pages where the `size` bytes from `data` on are going to be written for the first
/// time: page faults for each 4 KiB may take longer than the work. Nothing happens below 2 MiB.
/// Advice alone: whether it is taken or not, the memory is the same.
void prefer_large_pages(void* data, std::size_t size);

/// Memory that is written before it is read: in large pages where it is large, and not set to zero
/// (what needs no constructor stays as it is found).
template <class T>
struct BufferAllocator {
  using value_type = T;

  BufferAllocator() = default;
  template <class U>
  BufferAllocator(const BufferAllocator<U>&) noexcept {}  // NOLINT(google-explicit-constructor)

  T* allocate(std::size_t n) {
    if (n > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_array_new_length();
    void* const data = ::operator new(n * sizeof(T), alignment_of(n));
    prefer_large_pages(data, n * sizeof(T));
    return static_cast<T*>(data);
  }
  void deallocate(T* p, std::size_t n) noexcept { ::operator delete(p, alignment_of(n)); }

  /// What a vector calls for an element of which it knows no value.
  template <class U>
  void construct(U* p) noexcept {
    ::new (static_cast<void*>(p)) U;
  }

  friend bool operator==(const BufferAllocator&, const BufferAllocator&) { return true; }

 private:
  static constexpr std::align_val_t alignment_of(std::size_t n) {
    return std::align_val_t{n * sizeof(T) < kLargePage ? alignof(std::max_align_t) : kLargePage};
  }
};

/// A vector whose new elements have no value yet, where their type lets them.
template <class T>
using Buffer = std::vector<T, BufferAllocator<T>>;

}  // namespace lockstep
