#include "core/format/file_descriptor.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>

#include "core/base/error.hpp"
#include "tests/core/format/temporary_directory.hpp"

namespace lockstep {
namespace {

using test::message_of;
using test::put_content;
using test::TemporaryDirectory;

FileDescriptor open_to_read(const std::string& path) {
  return {::open(path.c_str(), O_RDONLY), path};
}

bool is_open_in_the_system(int descriptor) { return ::fcntl(descriptor, F_GETFD) != -1; }

TEST(FileDescriptor, ClosesOnceWhoeverOwnsIt) {
  const TemporaryDirectory directory;
  put_content(directory / "a", "x");
  int number = -1;
  {
    FileDescriptor first = open_to_read(directory / "a");
    number = first.get();
    FileDescriptor second = std::move(first);
    EXPECT_EQ(second.get(), number);
    FileDescriptor third;
    EXPECT_FALSE(third.is_open());
    third = std::move(second);
    EXPECT_EQ(third.get(), number);
    EXPECT_EQ(third.path(), directory / "a");
    EXPECT_TRUE(is_open_in_the_system(number));
  }
  EXPECT_FALSE(is_open_in_the_system(number));
}

TEST(FileDescriptor, CloseMayBeRepeated) {
  const TemporaryDirectory directory;
  put_content(directory / "a", "x");
  FileDescriptor file = open_to_read(directory / "a");
  const int number = file.get();
  file.close();
  EXPECT_FALSE(file.is_open());
  EXPECT_FALSE(is_open_in_the_system(number));
  file.close();
}

TEST(FileDescriptor, ReadsExactlyOrFails) {
  const TemporaryDirectory directory;
  put_content(directory / "a", "abc");
  FileDescriptor file = open_to_read(directory / "a");
  std::array<std::byte, 2> two{};
  file.read(two);
  EXPECT_EQ(two[1], std::byte{'b'});
  EXPECT_EQ(message_of<IoError>([&] { file.read(two); }),
            directory / "a: became shorter while it was read");
}

TEST(FileDescriptor, ReportsTheSystemsReason) {
  const TemporaryDirectory directory;
  put_content(directory / "a", "abc");
  std::array<std::byte, 1> byte{};
  FileDescriptor readable = open_to_read(directory / "a");
  EXPECT_EQ(message_of<IoError>([&] { readable.write(byte); }),
            directory / "a: cannot write: Bad file descriptor");
  FileDescriptor folder = open_to_read(directory.path());
  EXPECT_EQ(message_of<IoError>([&] { folder.read(byte); }),
            directory.path() + ": cannot read: Is a directory");
}

}  // namespace
}  // namespace lockstep
