#include "core/parallel/threads.hpp"

#include <omp.h>

#include <atomic>
#include <exception>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace lockstep {

#if defined(__x86_64__)
FloatingPointMode::FloatingPointMode() : saved_(_mm_getcsr()) {
  constexpr unsigned kRoundingMask = 0x6000;
  constexpr unsigned kFlushToZero = 0x8000;
  constexpr unsigned kDenormalsAreZero = 0x0040;
  _mm_setcsr((static_cast<unsigned>(saved_) & ~kRoundingMask) | kFlushToZero | kDenormalsAreZero);
}
FloatingPointMode::~FloatingPointMode() { _mm_setcsr(static_cast<unsigned>(saved_)); }
#elif defined(__aarch64__)
FloatingPointMode::FloatingPointMode() {
  constexpr unsigned long kFlushToZero = 1UL << 24;
  constexpr unsigned long kRoundingMask = 3UL << 22;
  asm volatile("mrs %0, fpcr" : "=r"(saved_));
  asm volatile("msr fpcr, %0" : : "r"((saved_ & ~kRoundingMask) | kFlushToZero));
}
FloatingPointMode::~FloatingPointMode() { asm volatile("msr fpcr, %0" : : "r"(saved_)); }
#else
FloatingPointMode::FloatingPointMode() : saved_(0) {}
FloatingPointMode::~FloatingPointMode() = default;
#endif

void parallel_for(int threads, Index count, const std::function<void(Index)>& task) {
  if (threads == 1 || count <= 1) {
    const FloatingPointMode mode;
    for (Index i = 0; i < count; ++i) task(i);
    return;
  }
  std::atomic<bool> failed = false;
  std::exception_ptr failure;
#pragma omp parallel num_threads(threads)
  {
    const FloatingPointMode mode;
#pragma omp for schedule(dynamic)
    for (Index i = 0; i < count; ++i) {
      if (failed.load(std::memory_order_relaxed)) continue;
      try {
        task(i);
      } catch (...) {
        if (!failed.exchange(true)) failure = std::current_exception();
      }
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace lockstep
