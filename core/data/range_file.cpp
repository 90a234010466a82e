#include "core/data/range_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <vector>

#include "core/base/error.hpp"
#include "core/data/gzip_reader.hpp"

namespace lockstep {

/// The content of a gzip file, from its beginning.
class RangeFile::Inflated {
 public:
  explicit Inflated(const InputFile& packed) : packed_(packed), reader_(packed_) {}

  Index position() const { return position_; }
  /// Fills `out` with what comes next.
  void read(std::span<std::byte> out) {
    const std::size_t given = reader_.read(out);
    position_ += static_cast<Index>(given);
    if (given == out.size()) return;
    throw IoError(fmt::format("{}: became shorter while it was read", packed_.path()));
  }

 private:
  RangeFile packed_;
  GzipReader reader_;
  Index position_ = 0;
};

RangeFile::RangeFile(const InputFile& file)
    : descriptor_(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC), file.path),
      packed_size_(file.packed_size),
      size_(file.size) {
  if (descriptor_.is_open()) return;
  throw MissingInputError(fmt::format("{}: cannot open: {}", file.path, system_message(errno)));
}

RangeFile::~RangeFile() = default;

void RangeFile::read_inflated(Index offset, std::span<std::byte> out) {
  constexpr Index kSkippedAtOnce = Index{1} << 16;
  if (inflated_ == nullptr || inflated_->position() > offset) {
    inflated_ = std::make_unique<Inflated>(InputFile{path(), packed_size_});
  }
  std::vector<std::byte> skipped;
  while (inflated_->position() < offset) {
    skipped.resize(
        static_cast<std::size_t>(std::min(kSkippedAtOnce, offset - inflated_->position())));
    inflated_->read(skipped);
  }
  inflated_->read(out);
  bytes_read_ += static_cast<Index>(out.size());
}

void RangeFile::read_at(Index offset, std::span<std::byte> out) {
  assert(offset >= 0 && offset + static_cast<Index>(out.size()) <= size_);
  if (packed_size_ > 0) return read_inflated(offset, out);
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
