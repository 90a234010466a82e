#include "core/data/mapped_sparse_rows.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "tests/core/data/sparse_files.hpp"

namespace lockstep {
namespace {

constexpr Index kRows = 500;
constexpr Index kColumns = 30;

TEST(MappedSparseRows, HaveTheCellsOfAnyRow) {
  const test::TemporaryDirectory folder;
  const SparseValues rows = test::scattered_rows(kRows, kColumns);
  for (const Index block_rows : {1, 63, 64, 65, 200, 500, 1000}) {
    for (const Index base : {0, 1, 7}) {
      for (const Index columns : {kColumns, Index{11}, Index{1}}) {
        const MappedSparseRows mapped =
            test::mapped_rows(folder / "rows", rows, block_rows, base, columns);
        EXPECT_EQ(mapped.index_base(), base);
        for (Index begin = 0; begin < kRows; begin += 37) {  // which only must not go too far
          for (const Index size : {Index{0}, Index{1}, Index{64}, Index{150}, kRows - begin}) {
            mapped.will_need({begin, std::min(kRows, begin + size)});
          }
        }
        for (Index r = 0; r < kRows; ++r) {
          const auto expected = rows.columns_of(r);
          const auto kept = std::lower_bound(expected.begin(), expected.end(), columns);
          const std::vector<std::uint32_t> of_row(expected.begin(), kept);
          const auto [indices, numbers] = mapped.cells_of(r);
          ASSERT_EQ(indices.size(), of_row.size()) << r;
          ASSERT_EQ(numbers.size(), of_row.size()) << r;
          for (std::size_t i = 0; i < of_row.size(); ++i) {
            ASSERT_EQ(indices[i], of_row[i] + base) << r;
            ASSERT_EQ(numbers[i], rows.numbers_of(r)[i]) << r;
          }
        }
      }
    }
  }
}

TEST(MappedSparseRows, HaveNoCellsWhereTheFileWasChanged) {
  const test::TemporaryDirectory folder;
  const std::string path = folder / "rows";
  const SparseValues rows = test::scattered_rows(kRows, kColumns);
  // One block: 500 lengths, padded to 2048 bytes, then the indices.
  for (const auto& [row, byte] : {std::pair<Index, long>{7, 4 * 7L}, {0, 2048L}, {0, 2048L + 1}}) {
    const MappedSparseRows mapped = test::mapped_rows(path, rows, kRows, 0, kColumns);
    EXPECT_EQ(mapped.cells_of(row).indices.size(), rows.columns_of(row).size());
    EXPECT_TRUE(mapped.file().is_unchanged());
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(byte);
    file.write("\xff\xff\xff\xff", byte % 4 == 0 ? 4 : 1);
    file.close();
    EXPECT_TRUE(mapped.cells_of(row).indices.empty()) << byte;
    EXPECT_FALSE(mapped.file().is_unchanged());
  }
}

TEST(MappedSparseRows, SayWhichFileIsNotThere) {
  const test::TemporaryDirectory folder;
  try {
    const MappedSparseRows mapped(folder / "none.lsd", {});
    FAIL();
  } catch (const MissingInputError& error) {
    EXPECT_EQ(error.what(), folder / "none.lsd" + ": cannot open: No such file or directory");
  }
}

}  // namespace
}  // namespace lockstep
