#include "core/data/range_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>

#include "core/base/error.hpp"

namespace lockstep {

RangeFile::RangeFile(const InputFile& file)
    : descriptor_(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC), file.path), size_(file.size) {
  if (descriptor_.is_open()) return;
  throw MissingInputError(fmt::format("{}: cannot open: {}", file.path, system_message(errno)));
}

void RangeFile::read_at(Index offset, std::span<std::byte> out) {
  assert(offset >= 0 && offset + static_cast<Index>(out.size()) <= size_);
  // Linux moves at most 2³¹ − 4096 bytes in one call.
  constexpr std::size_t kLargestTransfer = std::size_t{1} << 30;
  while (!out.empty()) {
    const ssize_t n =
        ::pread(descriptor_.get(), out.data(), std::min(out.size(), kLargestTransfer), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw IoError(fmt::format("{}: cannot read: {}", path(), system_message(errno)));
    if (n == 0) throw IoError(fmt::format("{}: became shorter while it was read", path()));
    out = out.subspan(static_cast<std::size_t>(n));
    offset += n;
    bytes_read_ += n;
  }
}

}  // namespace lockstep
