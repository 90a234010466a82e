#include "core/data/shared_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "core/base/error.hpp"

namespace lockstep {
namespace {

FileDescriptor open_to_write(const std::string& opened, const std::string& path, int flags) {
  constexpr mode_t kReadWriteByUmask = 0666;
  const int descriptor = ::open(opened.c_str(), O_WRONLY | O_CLOEXEC | flags, kReadWriteByUmask);
  if (descriptor < 0) throw OutputError(path + ": cannot create: " + system_message(errno));
  return {descriptor, path};
}

}  // namespace

SharedFile::TemporaryFile::~TemporaryFile() {
  if (exists) ::unlink(path.c_str());
}

SharedFile::SharedFile(Team& team, const std::string& path)
    : team_(team), path_(path), temporary_(path + ".tmp") {
  guard(team, "creating a file", [&] {
    if (team.rank() != 0) return;
    // Said before the work is done rather than by the rename after it.
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
      throw OutputError(path + ": cannot create: " + system_message(EISDIR));
    }
    file_ = open_to_write(temporary_.path, path, O_CREAT | O_TRUNC);
    temporary_.exists = true;
  });
  guard(team, "opening a file to write", [&] {
    if (team.rank() != 0) file_ = open_to_write(temporary_.path, path, 0);
  });
}

void SharedFile::write_at(Index offset, std::span<const std::byte> data) {
  // Linux moves at most 2³¹ − 4096 bytes in one call.
  constexpr std::size_t kLargestTransfer = std::size_t{1} << 30;
  while (!data.empty()) {
    const ssize_t n =
        ::pwrite(file_.get(), data.data(), std::min(data.size(), kLargestTransfer), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw IoError(path_ + ": cannot write: " + system_message(errno));
    data = data.subspan(static_cast<std::size_t>(n));
    offset += n;
  }
}

void SharedFile::commit() {
  guard(team_, "writing a file", [&] {
    file_.synchronize();
    file_.close();
  });
  guard(team_, "naming a file", [&] {
    if (team_.rank() != 0) return;
    if (std::rename(temporary_.path.c_str(), path_.c_str()) != 0) {
      throw OutputError(path_ + ": cannot create: " + system_message(errno));
    }
    temporary_.exists = false;
  });
}

}  // namespace lockstep
