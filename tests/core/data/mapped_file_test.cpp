#include "core/data/mapped_file.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "tests/core/format/temporary_directory.hpp"

namespace lockstep {
namespace {

namespace fs = std::filesystem;

TEST(MappedFile, IsFoundByItsAddressesWhileItIsMapped) {
  const test::TemporaryDirectory folder;
  const std::string path = folder / "rows";
  test::put_content(path, std::string(10000, 'x'));
  auto file = std::make_unique<MappedFile>(path);
  const char* const first = file->at(0);
  EXPECT_EQ(MappedFile::path_at(first), path);
  EXPECT_EQ(MappedFile::path_at(first + 9999), path);
  EXPECT_EQ(MappedFile::path_at(first + 10000), nullptr);
  EXPECT_EQ(MappedFile::path_at(first - 1), nullptr);
  EXPECT_EQ(MappedFile::path_at(&file), nullptr);
  file.reset();
  EXPECT_EQ(MappedFile::path_at(first), nullptr);
}

TEST(MappedFile, KnowsThatItWasChanged) {
  const test::TemporaryDirectory folder;
  const std::string path = folder / "rows";
  test::put_content(path, "some rows");
  const MappedFile file(path);
  EXPECT_TRUE(file.is_unchanged());
  // Another file of that name is none of its business.
  test::put_content(folder / "other", "other rows, and more");
  fs::rename(folder / "other", path);
  EXPECT_TRUE(file.is_unchanged());
  const MappedFile other(path);
  fs::last_write_time(path, fs::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_FALSE(other.is_unchanged());
  EXPECT_TRUE(file.is_unchanged());
  file.note_change();
  EXPECT_FALSE(file.is_unchanged());
}

}  // namespace
}  // namespace lockstep
