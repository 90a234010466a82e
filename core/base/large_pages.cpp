#include "core/base/large_pages.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <cstdint>

namespace lockstep {

void prefer_large_pages([[maybe_unused]] void* data, [[maybe_unused]] std::size_t size) {
#if defined(__linux__)
  constexpr std::size_t kPage = 4096;
  if (size < kLargePage) return;
  const std::size_t head = (kPage - reinterpret_cast<std::uintptr_t>(data) % kPage) % kPage;
  madvise(static_cast<char*>(data) + head, size - head, MADV_HUGEPAGE);
#endif
}

}  // namespace lockstep
