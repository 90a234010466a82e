#include "core/parallel/ranges.hpp"

#include <algorithm>
#include <cassert>

namespace lockstep {

Range even_part(Index n, Index parts, Index i) {
  assert(parts > 0 && 0 <= i && i < parts);
  const Index base = n / parts;
  const Index longer = n % parts;
  const Index begin = i * base + std::min(i, longer);
  return {begin, begin + base + (i < longer ? 1 : 0)};
}

std::vector<Index> even_boundaries(Index n, Index parts) {
  std::vector<Index> boundaries{0};
  for (Index i = 0; i < parts; ++i) boundaries.push_back(even_part(n, parts, i).end);
  return boundaries;
}

}  // namespace lockstep
