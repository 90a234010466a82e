#include "core/data/shared_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "core/base/error.hpp"

namespace lockstep {

SharedFile::SharedFile(Team& team, const std::string& path) : team_(team), path_(path) {
  guard(team, "creating a file", [&] {
    pending_.emplace(path);
    if (team.rank() == 0) file_ = pending_->create();
  });
  guard(team, "opening a file to write", [&] {
    if (team.rank() != 0) file_ = pending_->open();
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

void SharedFile::write_parts(const std::string& header, std::span<const std::byte> part) {
  const Index offset = exclusive_scan(team_, static_cast<std::int64_t>(part.size()));
  guard(team_, "writing " + path_, [&] {
    if (team_.rank() == 0) write_at(0, std::as_bytes(std::span<const char>(header)));
    write_at(static_cast<Index>(header.size()) + offset, part);
  });
}

void SharedFile::finish() {
  guard(team_, "writing a file", [&] {
    if (!file_.is_open()) return;
    file_.synchronize();
    file_.close();
  });
}

void SharedFile::commit() {
  finish();
  guard(team_, "naming a file", [&] {
    if (team_.rank() == 0) pending_->commit();
  });
}

}  // namespace lockstep
