#pragma once

#include <vector>

#include "core/base/types.hpp"

namespace lockstep {

/// Part `i` of [0, n) cut into `parts` contiguous ranges, of which the first n mod parts are one
/// longer. Requires parts > 0, 0 ≤ i < parts.
Range even_part(Index n, Index parts, Index i);

/// The P+1 boundaries of [0, n) cut evenly over `parts`.
std::vector<Index> even_boundaries(Index n, Index parts);

/// The range between boundaries i and i+1.
inline Range part_of(const std::vector<Index>& boundaries, Index i) {
  return {boundaries[static_cast<std::size_t>(i)], boundaries[static_cast<std::size_t>(i) + 1]};
}

}  // namespace lockstep
