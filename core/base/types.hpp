#pragma once

#include <cstddef>
#include <cstdint>

namespace lockstep {

/// Sizes and positions: signed, 64 bits, the same as Eigen::Index.
using Index = std::ptrdiff_t;

/// A half-open range [begin, end) of rows, lanes or blocks.
struct Range {
  Index begin = 0;
  Index end = 0;

  Index size() const { return end - begin; }
  bool empty() const { return end <= begin; }
  bool contains(Index i) const { return begin <= i && i < end; }
  friend bool operator==(const Range&, const Range&) = default;
};

}  // namespace lockstep
