#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/parallel/sort.hpp"

namespace lockstep {

/// Merges two sorted sequences into `out`, which lies elsewhere. The threads share the work.
/// Rank-local; O(n).
void merge(std::span<const SortRecord> left, std::span<const SortRecord> right,
           std::span<SortRecord> out, int threads);

/// Makes one sorted sequence of the sorted runs [boundaries[i], boundaries[i+1]) of `records`, by
/// pairs, in turns to `spare` and back. Returns the one of the two that holds it.
/// @param boundaries  from 0 to records.size(), ascending
/// @param spare       as large
/// Rank-local; O(n log runs).
std::span<SortRecord> merge_runs(std::vector<std::size_t> boundaries, std::span<SortRecord> records,
                                 std::span<SortRecord> spare, int threads);

}  // namespace lockstep
