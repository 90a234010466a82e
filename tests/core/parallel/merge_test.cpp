#include "core/parallel/merge.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <vector>

#include "core/base/random.hpp"

namespace lockstep {
namespace {

/// Sorted records, the keys of which are below `keys` and shifted by `shift`.
SortRecords sorted_run(std::size_t size, std::uint64_t keys, std::uint64_t shift,
                       std::uint64_t seed) {
  RandomSequence draws(RandomStream(seed, Purpose::synthetic), size, keys);
  SortRecords run;
  for (std::size_t i = 0; i < size; ++i) run.push_back({shift + draws.below(keys), draws.next()});
  std::sort(run.begin(), run.end());
  return run;
}

SortRecords merged_by_std(const SortRecords& left, const SortRecords& right) {
  SortRecords merged;
  std::merge(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(merged));
  return merged;
}

void expect_merged(const SortRecords& left, const SortRecords& right) {
  const SortRecords expected = merged_by_std(left, right);
  for (const int threads : {1, 2, 3}) {
    SCOPED_TRACE(::testing::Message() << left.size() << " and " << right.size() << " records, "
                                      << threads << " threads");
    SortRecords merged(expected.size());
    merge(left, right, merged, threads);
    EXPECT_TRUE(merged == expected);
  }
}

TEST(Merge, AsStdMerge) {
  for (const std::size_t left : {0U, 1U, 3U, 4095U, 4096U, 4097U, 20000U}) {
    for (const std::size_t right : {0U, 1U, 5U, 4096U, 30000U}) {
      expect_merged(sorted_run(left, 1000, 0, 1), sorted_run(right, 1000, 0, 2));
    }
  }
}

// All of one side come first; or first a few of one, then all of the other.
TEST(Merge, OfSequencesThatLieBeyondEachOther) {
  const SortRecords low = sorted_run(10000, 50, 0, 1);
  const SortRecords high = sorted_run(9000, 50, 50, 2);
  expect_merged(low, high);
  expect_merged(high, low);
  const SortRecords around = merged_by_std(sorted_run(10, 5, 0, 3), sorted_run(5000, 5, 200, 4));
  expect_merged(around, low);
  expect_merged(low, around);
}

TEST(Merge, OfEqualRecords) { expect_merged(SortRecords(9000, {7, 7}), SortRecords(8000, {7, 7})); }

TEST(MergeRuns, MakesOneOfAnyNumber) {
  for (const std::size_t runs : {1U, 2U, 3U, 4U, 5U, 8U, 9U}) {
    SortRecords records;
    std::vector<std::size_t> boundaries = {0};
    for (std::size_t run = 0; run < runs; ++run) {
      const std::size_t size = run % 3 == 1 ? 0 : 700 + 5000 * (run % 2);
      const SortRecords next = sorted_run(size, 90, 0, run);
      records.insert(records.end(), next.begin(), next.end());
      boundaries.push_back(records.size());
    }
    SortRecords expected = records;
    std::sort(expected.begin(), expected.end());
    SortRecords spare(records.size());
    const std::span<SortRecord> merged = merge_runs(boundaries, records, spare, 2);
    EXPECT_TRUE(std::equal(merged.begin(), merged.end(), expected.begin(), expected.end())) << runs;
  }
}

}  // namespace
}  // namespace lockstep
