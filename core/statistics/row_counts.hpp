#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "core/base/types.hpp"
#include "core/parallel/ranges.hpp"
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

/// Calls visit(counts, row) for all rows; each thread has `size` counts of its own, which are
/// summed over threads, then by `sum`.
template <class Visit>
std::vector<std::int64_t> count_rows(const Cells& cells, std::size_t size, int threads,
                                     const SumCounts& sum, const Visit& visit) {
  std::vector<std::vector<std::int64_t>> parts(static_cast<std::size_t>(threads));
  parallel_for(threads, threads, [&](Index part) {
    std::vector<std::int64_t>& counts = parts[static_cast<std::size_t>(part)];
    counts.assign(size, 0);
    const Range rows = even_part(cells.rows, threads, part);
    for (Index i = rows.begin; i < rows.end; ++i) visit(counts, cells.values + i * cells.columns);
  });
  for (std::size_t part = 1; part < parts.size(); ++part) {
    for (std::size_t k = 0; k < size; ++k) parts[0][k] += parts[part][k];
  }
  sum(parts[0]);
  return std::move(parts[0]);
}

}  // namespace lockstep
