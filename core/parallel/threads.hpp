#pragma once

#include <functional>

#include "core/base/types.hpp"

namespace lockstep {

/// How the processor treats tiny numbers and rounds, for the life of the object: denormals are
/// flushed to zero on input and output, and results round to nearest. Part of what a model is a
/// function of, so every thread that computes has one (parallel_for sees to that): a pool thread
/// that was started earlier keeps whatever mode it was born with.
class FloatingPointMode {
 public:
  FloatingPointMode();
  ~FloatingPointMode();
  FloatingPointMode(const FloatingPointMode&) = delete;
  FloatingPointMode& operator=(const FloatingPointMode&) = delete;
  FloatingPointMode(FloatingPointMode&&) = delete;
  FloatingPointMode& operator=(FloatingPointMode&&) = delete;

 private:
  unsigned long saved_;
};

/// Runs task(0) … task(count−1) on up to `threads` threads, each in FloatingPointMode, and returns
/// when all are done. Which thread runs which task is not defined, so tasks must not share results.
/// When tasks throw, one of the exceptions is rethrown here, after all threads have ended.
void parallel_for(int threads, Index count, const std::function<void(Index)>& task);

}  // namespace lockstep
