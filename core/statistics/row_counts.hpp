#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "core/base/types.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {

// Counting is exact in any order: unlike sums, counts need no tree.

/// The rows that a caller holds, row-major without padding.
struct Cells {
  const double* values;
  Index rows;
  Index columns;
};

/// Sums counts over the ranks, or does nothing where there is one.
using SumCounts = std::function<void(std::span<std::int64_t>)>;

/// Calls count(part, counts) for the parts 0 … threads−1 of a rank's work, each by a thread, with
/// `size` counts of its own; they are summed over the parts, then by `sum`.
template <class Count>
std::vector<std::int64_t> count_in_parts(std::size_t size, int threads, const SumCounts& sum,
                                         const Count& count) {
  std::vector<std::vector<std::int64_t>> parts(static_cast<std::size_t>(threads));
  parallel_for(threads, threads, [&](Index part) {
    std::vector<std::int64_t>& counts = parts[static_cast<std::size_t>(part)];
    counts.assign(size, 0);
    count(part, counts);
  });
  for (std::size_t part = 1; part < parts.size(); ++part) {
    for (std::size_t k = 0; k < size; ++k) parts[0][k] += parts[part][k];
  }
  sum(parts[0]);
  return std::move(parts[0]);
}

}  // namespace lockstep
