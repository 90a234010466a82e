#include "core/base/large_pages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <new>
#include <numeric>
#include <string>
#include <vector>

namespace lockstep {
namespace {

/// Whether something begins at a multiple of a large page.
bool begins_a_large_page(const void* data) {
  return reinterpret_cast<std::uintptr_t>(data) % kLargePage == 0;
}

TEST(LargePages, AreAdviceThatChangesNoByte) {
  // Parts that begin and end inside a page, below the size of a large page and above it.
  std::vector<unsigned char> memory(3 * kLargePage);
  std::iota(memory.begin(), memory.end(), static_cast<unsigned char>(0));
  const std::vector<unsigned char> before = memory;
  for (const std::size_t begin : {std::size_t{0}, std::size_t{1}, std::size_t{4097}}) {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, kLargePage - 1, kLargePage, 2 * kLargePage + 1}) {
      prefer_large_pages(memory.data() + begin, size);
      EXPECT_EQ(memory, before) << size << " bytes from " << begin;
    }
  }
  prefer_large_pages(nullptr, 0);
}

TEST(Buffer, BeginsALargePageWhereItFillsOne) {
  constexpr std::size_t kFull = kLargePage / sizeof(double);
  for (const std::size_t n : {kFull, kFull + 1, 5 * kFull}) {
    EXPECT_TRUE(begins_a_large_page(Buffer<double>(n).data())) << n;
  }
  for (const std::size_t n : {std::size_t{1}, kFull - 1}) {
    const Buffer<double> small(n);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(small.data()) % alignof(std::max_align_t), 0U) << n;
  }
}

TEST(LargePages, GivenBackTakeNothingElseAlong) {
  Buffer<std::uint32_t> memory(5 * kLargePage / sizeof(std::uint32_t));
  std::iota(memory.begin(), memory.end(), 0U);
  const auto page = static_cast<std::ptrdiff_t>(kLargePage / sizeof(std::uint32_t));
  const auto intact = [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    auto expected = static_cast<std::uint32_t>(begin);
    return std::all_of(memory.begin() + begin, memory.begin() + end,
                       [&](std::uint32_t value) { return value == expected++; });
  };
  // Parts of pages stay.
  release_memory(memory.data() + 1, kLargePage);
  EXPECT_TRUE(intact(0, 5 * page));
  release_memory(memory.data() + page - 1, 2 * kLargePage + 8);
  EXPECT_TRUE(intact(0, page));
  EXPECT_TRUE(intact(3 * page, 5 * page));
  // What was given back can be written again.
  std::iota(memory.begin() + page, memory.begin() + 3 * page, static_cast<std::uint32_t>(page));
  EXPECT_TRUE(intact(0, 5 * page));
  release_memory(nullptr, 0);
}

/// Where a block of this size lies that is taken and given back.
void* place_of_block(std::size_t size) {
  void* const block = take_large_block(size);
  give_large_block(block, size);
  return block;
}

TEST(LargeBlocks, AreTakenAgainWhereTheyAreAboutAsLarge) {
  constexpr std::size_t kSize = 16 * kLargePage;
  void* const first = take_large_block(kSize);
  void* const second = take_large_block(kSize);
  EXPECT_NE(first, second);
  EXPECT_TRUE(begins_a_large_page(first));
  give_large_block(second, kSize);
  give_large_block(first, kSize);
  EXPECT_EQ(take_large_block(kSize - kLargePage / 2), first);
  EXPECT_EQ(take_large_block(kSize - 1), second);
  give_large_block(first, kSize - kLargePage / 2);
  give_large_block(second, kSize - 1);
  EXPECT_NE(place_of_block(2 * kSize), first);
}

TEST(LargeBlocks, GoBackToTheSystemBeyondWhatIsKept) {
  constexpr std::size_t kHalf = kKeptMemory / 2;
  void* const oldest = take_large_block(kHalf);
  void* const older = take_large_block(kHalf);
  void* const newest = take_large_block(kHalf);
  give_large_block(oldest, kHalf);
  give_large_block(older, kHalf);
  place_of_block(kKeptMemory + 1);  // larger than all that is kept: it moves nothing out
  give_large_block(newest, kHalf);
  EXPECT_EQ(take_large_block(kHalf), newest);
  EXPECT_EQ(take_large_block(kHalf), older);
  give_large_block(newest, kHalf);
  give_large_block(older, kHalf);
  // Many small ones move out those.
  std::vector<void*> small;
  for (int i = 0; i < 20; ++i) small.push_back(take_large_block(kLargePage));
  for (void* block : small) give_large_block(block, kLargePage);
  EXPECT_EQ(place_of_block(kLargePage), small.back());
}

TEST(Buffer, KeepsWhatIsInItAsItGrows) {
  Buffer<std::uint32_t> buffer;
  for (std::uint32_t i = 0; i < 1200000; ++i) buffer.push_back(i);  // across the large page
  Buffer<std::uint32_t> copy = buffer;
  copy.resize(2000000);
  std::uint32_t expected = 0;
  EXPECT_TRUE(std::all_of(copy.begin(), copy.begin() + 1200000,
                          [&](std::uint32_t value) { return value == expected++; }));
  const std::uint32_t* const data = copy.data();
  const Buffer<std::uint32_t> moved = std::move(copy);
  EXPECT_EQ(moved.data(), data);
  EXPECT_EQ(Buffer<int>(3, 7), (Buffer<int>{7, 7, 7}));
}

// Memory is written before it is read; to set it to zero first would be to write it twice.
TEST(Buffer, LeavesNewElementsAsTheyAreFound) {
  BufferAllocator<std::uint32_t> allocator;
  std::uint32_t* const memory = allocator.allocate(2);
  ::new (memory) std::uint32_t{5};
  allocator.construct(memory);
  EXPECT_EQ(*static_cast<volatile std::uint32_t*>(memory), 5U);
  allocator.deallocate(memory, 2);
  EXPECT_EQ(Buffer<std::string>(2), (Buffer<std::string>{"", ""})) << "which have a constructor";
}

TEST(Buffer, RefusesMoreThanCanBeAddressed) {
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max() / sizeof(double);
  EXPECT_THROW(BufferAllocator<double>().allocate(kMost), std::bad_array_new_length);
  EXPECT_THROW(BufferAllocator<double>().allocate(kMost + 1), std::bad_array_new_length);
}

}  // namespace
}  // namespace lockstep
