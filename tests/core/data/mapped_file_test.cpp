#include "core/data/mapped_file.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
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

/// The system reads nothing around a page of the file that is missing ("rr" of its VmFlags).
bool reads_nothing_around(const std::string& path) {
  std::ifstream maps("/proc/self/smaps");
  std::string line;
  while (std::getline(maps, line) && line.find(path) == std::string::npos) {
  }
  while (std::getline(maps, line) && !line.starts_with("VmFlags:")) {
  }
  EXPECT_TRUE(line.starts_with("VmFlags:")) << path << " is not mapped";
  return line.find(" rr") != std::string::npos;
}

TEST(MappedFile, IsReadOnRequestOrInOrder) {
  const test::TemporaryDirectory folder;
  const std::string path = folder / "rows";
  test::put_content(path, std::string(100000, 'x'));
  const MappedFile file(path);
  EXPECT_FALSE(reads_nothing_around(path));
  file.will_need(50000, 60000);
  EXPECT_TRUE(reads_nothing_around(path));
  file.will_go_through();
  EXPECT_FALSE(reads_nothing_around(path));
  file.will_need(0, 200000);
  EXPECT_TRUE(reads_nothing_around(path));
}

}  // namespace
}  // namespace lockstep
