#pragma once

#include <cstddef>
#include <new>
#include <vector>

#include "core/base/memory.hpp"

namespace lockstep {

/// A page that the processor maps as one, where the system grants it.
inline constexpr std::size_t kLargePage = std::size_t{2} << 20;

/// Asks for large pages where the `size` bytes from `data` on are going to be written for the first
/// time: page faults for each 4 KiB may take longer than the work. Nothing happens below 2 MiB.
/// Advice alone: whether it is taken or not, the memory is the same.
void prefer_large_pages(void* data, std::size_t size);

/// Gives memory that is needed no more back to the system, ahead of the block that it is part of:
/// its bytes are lost (0, or what they were), and come back when they are written again. Whole
/// pages are given back, large ones where they are large.
void release_memory(void* data, std::size_t size);

/// So much memory of freed large blocks, at most, stays with the process for the next ones.
inline constexpr std::size_t kKeptMemory = std::size_t{64} << 20;

/// A block of memory from a large page on, of a large page at the least. What passes over the data
/// take and give back again and again is not mapped and cleared anew each time: that took 6 % of
/// sorting 2 million scores, and more where the ranks of a node did so at once.
/// Throws std::bad_alloc. Thread-safe.
/// @param size  in bytes; the same when the block is given back
void* take_large_block(std::size_t size);
void give_large_block(void* data, std::size_t size) noexcept;

/// Memory that is written before it is read: in large pages where it is large, and not set to zero
/// (what needs no constructor stays as it is found). It begins at a multiple of kAlignment.
template <class T>
struct BufferAllocator {
  using value_type = T;

  BufferAllocator() = default;
  template <class U>
  BufferAllocator(const BufferAllocator<U>&) noexcept {}  // NOLINT(google-explicit-constructor)

  T* allocate(std::size_t n) {
    if (n > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(is_large(n)
                               ? take_large_block(n * sizeof(T))
                               : ::operator new (n * sizeof(T), std::align_val_t{kAlignment}));
  }
  void deallocate(T* p, std::size_t n) noexcept {
    if (is_large(n)) {
      give_large_block(p, n * sizeof(T));
    } else {
      ::operator delete (p, std::align_val_t{kAlignment});
    }
  }

  /// What a vector calls for an element of which it knows no value.
  template <class U>
  void construct(U* p) noexcept {
    ::new (static_cast<void*>(p)) U;
  }

  friend bool operator==(const BufferAllocator&, const BufferAllocator&) { return true; }

 private:
  static_assert(alignof(T) <= kAlignment);
  static constexpr bool is_large(std::size_t n) { return n * sizeof(T) >= kLargePage; }
};

/// A vector whose new elements have no value yet, where their type lets them.
template <class T>
using Buffer = std::vector<T, BufferAllocator<T>>;

}  // namespace lockstep
