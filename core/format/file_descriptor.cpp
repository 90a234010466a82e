#include "core/format/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "core/base/error.hpp"
#include "core/format/file_calls.hpp"

namespace lockstep {
namespace {

// Linux moves at most 2³¹ − 4096 bytes in one call.
constexpr std::size_t kLargestTransfer = std::size_t{1} << 30;

}  // namespace

std::string system_message(int error_number) {
  return std::generic_category().message(error_number);
}

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (is_open()) ::close(descriptor_);
}

void FileDescriptor::write(std::span<const std::byte> data) {
  while (!data.empty()) {
    const ssize_t n =
        file_calls::write(descriptor_, data.data(), std::min(data.size(), kLargestTransfer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw IoError(path_ + ": cannot write: " + system_message(errno));
    data = data.subspan(static_cast<std::size_t>(n));
  }
}

void FileDescriptor::write_at(std::int64_t offset, std::span<const std::byte> data) {
  while (!data.empty()) {
    const ssize_t n = file_calls::write_at(descriptor_, data.data(),
                                           std::min(data.size(), kLargestTransfer), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw IoError(path_ + ": cannot write: " + system_message(errno));
    data = data.subspan(static_cast<std::size_t>(n));
    offset += n;
  }
}

void FileDescriptor::read(std::span<std::byte> data) {
  while (!data.empty()) {
    const ssize_t n = ::read(descriptor_, data.data(), std::min(data.size(), kLargestTransfer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw IoError(path_ + ": cannot read: " + system_message(errno));
    if (n == 0) throw IoError(path_ + ": became shorter while it was read");
    data = data.subspan(static_cast<std::size_t>(n));
  }
}

void FileDescriptor::read_at(std::int64_t offset, std::span<std::byte> data) const {
  while (!data.empty()) {
    const ssize_t n =
        ::pread(descriptor_, data.data(), std::min(data.size(), kLargestTransfer), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw IoError(path_ + ": cannot read: " + system_message(errno));
    if (n == 0) throw IoError(path_ + ": became shorter while it was read");
    data = data.subspan(static_cast<std::size_t>(n));
    offset += n;
  }
}

void FileDescriptor::synchronize() {
  while (file_calls::synchronize(descriptor_) != 0) {
    if (errno == EINTR) continue;
    // Pipes, and directories on some file systems, have nothing to synchronise.
    if (errno == EINVAL || errno == ENOTSUP) return;
    throw IoError(path_ + ": cannot write: " + system_message(errno));
  }
}

void synchronize_folder(const std::string& path) {
  FileDescriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), path);
  if (folder.is_open()) folder.synchronize();
}

std::string read_text_file(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC), path);
  if (!file.is_open()) {
    throw MissingInputError(path + ": cannot open: " + system_message(errno));
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    throw IoError(path + ": cannot read: it is no regular file");
  }
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  file.read(std::as_writable_bytes(std::span(text.data(), text.size())));
  return text;
}

void FileDescriptor::close() {
  if (!is_open()) return;
  // Never again after EINTR: Linux has released the descriptor, and its number may be in use.
  if (::close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR) {
    throw IoError(path_ + ": cannot write: " + system_message(errno));
  }
}

}  // namespace lockstep
