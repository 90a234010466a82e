#include "core/parallel/sort.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <span>
#include <vector>

#include "core/base/random.hpp"
#include "core/parallel/threads.hpp"

namespace lockstep {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kSmallest = std::numeric_limits<double>::denorm_min();

TEST(SortKey, KeepsTheOrderOfTheDoubles) {
  const std::vector<double> ascending = {
      -kInfinity, -1e300, -2, -1.0000000000000002, -1, -1e-300, -2e-310,  -kSmallest, 0, kSmallest,
      2e-310,     1e-300, 1,  1.0000000000000002,  2,  1e300,   kInfinity};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    EXPECT_EQ(sort_value(sort_key(ascending[i])), ascending[i]);
    if (i == 0) continue;
    EXPECT_LT(sort_key(ascending[i - 1]), sort_key(ascending[i])) << ascending[i];
  }
}

TEST(SortKey, OfMinusZeroIsThatOfZero) {
  EXPECT_EQ(sort_key(-0.0), sort_key(0.0));
  EXPECT_EQ(std::bit_cast<std::uint64_t>(sort_value(sort_key(-0.0))), 0U);
}

TEST(SortKey, TellsDenormalsApartWhereArithmeticFlushesThem) {
  const FloatingPointMode mode;
  EXPECT_LT(sort_key(-kSmallest), sort_key(0.0));
  EXPECT_LT(sort_key(0.0), sort_key(kSmallest));
  EXPECT_LT(sort_key(kSmallest), sort_key(2e-310));
}

/// `distinct` keys, spread over all 64 bits or with only a few bits set.
SortRecords random_records(std::size_t size, std::uint64_t distinct, bool ascending) {
  RandomSequence draws(RandomStream(7, Purpose::synthetic), size, distinct);
  SortRecords records;
  for (std::uint64_t i = 0; i < size; ++i) {
    const std::uint64_t key = draws.below(distinct) * 0x9E3779B97F4A7C15U;
    records.push_back({key, ascending ? i : draws.next()});
  }
  return records;
}

TEST(SortRecords, AsStdSort) {
  for (const std::size_t size : {0U, 1U, 2U, 3U, 255U, 1003U, 20000U}) {
    for (const std::uint64_t distinct : {1U, 2U, 300U, 1U << 30U}) {
      for (const bool ascending : {false, true}) {
        const SortRecords records = random_records(size, distinct, ascending);
        SortRecords expected = records;
        std::sort(expected.begin(), expected.end());
        for (const int threads : {1, 2, 3, 5}) {
          SortRecords sorted = records;
          sort_records(sorted, threads);
          EXPECT_TRUE(sorted == expected)
              << size << " records, " << distinct << " keys, " << threads << " threads";
        }
      }
    }
  }
}

// Many and few records that are equal in the leading digits and differ in the others.
TEST(SortRecords, LooksBeyondTheLeadingDigits) {
  for (const std::uint64_t groups : {2U, 700U}) {
    for (const bool ascending : {false, true}) {
      SortRecords records = random_records(30000, 1U << 30U, ascending);
      for (std::size_t i = 0; i < records.size(); ++i) {
        records[i].key = (i * 7919 % groups) << 52U | records[i].key >> 49U;
      }
      SortRecords expected = records;
      std::sort(expected.begin(), expected.end());
      sort_records(records);
      EXPECT_TRUE(records == expected) << groups << " groups";
    }
  }
}

// In the memory that the result is in, and not in their order there; some are empty.
TEST(SortRuns, TakesRunsInTheirOrder) {
  for (const std::uint64_t distinct : {1U, 2U, 300U, 1U << 30U}) {
    for (const bool ascending : {false, true}) {
      const SortRecords records = random_records(20000, distinct, ascending);
      SortRecords expected = records;
      std::sort(expected.begin(), expected.end());
      for (const int threads : {1, 2, 3}) {
        SortRecords held(records.begin() + 12000, records.end());
        held.insert(held.end(), records.begin(), records.begin() + 12000);
        SortRecords free(held.size());
        const std::span<const SortRecord> all(held);
        const auto sorted = sort_runs({all.subspan(8000, 0), all.subspan(8000, 7000),
                                       all.subspan(15000), all.first(8000), all.first(0)},
                                      held, free, threads);
        EXPECT_TRUE(std::equal(sorted.begin(), sorted.end(), expected.begin(), expected.end()))
            << distinct << " keys, " << threads << " threads";
      }
    }
  }
}

TEST(SortRuns, OfNothing) {
  SortRecords held;
  SortRecords free;
  for (const int threads : {1, 2}) EXPECT_TRUE(sort_runs({}, held, free, threads).empty());
}

// Most keys have the same digits: from odd and even numbers of records.
TEST(SortRecords, KeepsTheOrderOfCrowdedDigits) {
  for (const std::size_t size : {9999U, 10000U}) {
    SortRecords records;
    for (std::uint64_t i = 0; i < size; ++i) {
      records.push_back({(i % 3) << 40U | (i % 5) << 20U | i % 4, i});
    }
    SortRecords expected = records;
    std::sort(expected.begin(), expected.end());
    sort_records(records);
    EXPECT_TRUE(records == expected) << size;
  }
}

// One digit of the key, then of the payload, at each of the bits.
TEST(SortRecords, LooksAtEveryBit) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t one = std::uint64_t{1} << bit;
    SortRecords records = {{one, one}, {one, 0}, {0, one}, {0, 0}};
    sort_records(records);
    EXPECT_EQ(records, (SortRecords{{0, 0}, {0, one}, {one, 0}, {one, one}})) << bit;
  }
}

}  // namespace
}  // namespace lockstep
