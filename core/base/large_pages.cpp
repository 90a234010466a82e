#include "core/base/large_pages.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstdint>
#include <limits>
#include <mutex>

namespace lockstep {
namespace {

struct Block {
  void* data = nullptr;
  std::size_t size = 0;
};

/// What a block of at least `size` bytes takes: of blocks that are about as large as each other, a
/// later one fits into an earlier one. At most an eighth is added, or a large page.
std::size_t block_size(std::size_t size) noexcept {
  const std::size_t step = std::max(kLargePage, std::bit_floor(size) / 8);
  return (size + step - 1) / step * step;
}

Block allocate(std::size_t size) {
  const Block block{::operator new (size, std::align_val_t{kLargePage}), size};
  prefer_large_pages(block.data, size);
  return block;
}

void release(const Block& block) noexcept {
  ::operator delete (block.data, std::align_val_t{kLargePage});
}

/// Freed blocks, the oldest first.
class KeptBlocks {
 public:
  /// A block of this size; none when there is none.
  Block take(std::size_t size) noexcept {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = count_; i-- > 0;) {
      if (blocks_[i].size == size) return remove(i);
    }
    return {};
  }

  void keep(const Block& block) noexcept {
    const std::lock_guard lock(mutex_);
    while (count_ > 0 && (count_ == blocks_.size() || bytes_ + block.size > kKeptMemory)) {
      release(remove(0));
    }
    blocks_[count_++] = block;
    bytes_ += block.size;
  }

 private:
  Block remove(std::size_t i) noexcept {
    const Block block = blocks_[i];
    std::copy(blocks_.begin() + i + 1, blocks_.begin() + count_, blocks_.begin() + i);
    --count_;
    bytes_ -= block.size;
    return block;
  }

  std::mutex mutex_;
  std::array<Block, 16> blocks_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
};

/// Of the process; kept to its end, for vectors that end as late.
KeptBlocks& kept_blocks() {
  static KeptBlocks* const kKept = new KeptBlocks;
  return *kKept;
}

}  // namespace

void release_memory([[maybe_unused]] void* data, [[maybe_unused]] std::size_t size) {
#if defined(__linux__)
  // A large page of which a part is given back stays with the process, as a rule.
  const auto begin = reinterpret_cast<std::uintptr_t>(data);
  const std::uintptr_t first = (begin + kLargePage - 1) / kLargePage * kLargePage;
  const std::uintptr_t end = (begin + size) / kLargePage * kLargePage;
  if (first < end) madvise(static_cast<char*>(data) + (first - begin), end - first, MADV_DONTNEED);
#endif
}

void* take_large_block(std::size_t size) {
  assert(size >= kLargePage);
  if (size > std::numeric_limits<std::size_t>::max() / 2) throw std::bad_array_new_length();
  const std::size_t whole = block_size(size);
  const Block kept = kept_blocks().take(whole);
  return kept.data != nullptr ? kept.data : allocate(whole).data;
}

void give_large_block(void* data, std::size_t size) noexcept {
  const Block block{data, block_size(size)};
  if (block.size > kKeptMemory) {
    release(block);
  } else {
    kept_blocks().keep(block);
  }
}

void prefer_large_pages([[maybe_unused]] void* data, [[maybe_unused]] std::size_t size) {
#if defined(__linux__)
  constexpr std::size_t kPage = 4096;
  if (size < kLargePage) return;
  const std::size_t head = (kPage - reinterpret_cast<std::uintptr_t>(data) % kPage) % kPage;
  madvise(static_cast<char*>(data) + head, size - head, MADV_HUGEPAGE);
#endif
}

}  // namespace lockstep
