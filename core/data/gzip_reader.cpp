#include "core/data/gzip_reader.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>

#include "core/base/error.hpp"

namespace lockstep {
namespace {

constexpr Index kInputChunk = Index{1} << 16;
constexpr std::byte kMagic0{0x1f};
constexpr std::byte kMagic1{0x8b};

}  // namespace

bool is_gzip(RangeFile& file) {
  std::array<std::byte, 2> magic{};
  if (file.size() < static_cast<Index>(magic.size())) return false;
  file.read_at(0, std::span<std::byte>(magic));
  return magic[0] == kMagic0 && magic[1] == kMagic1;
}

GzipReader::GzipReader(RangeFile& file) : file_(file), stream_(std::make_unique<z_stream>()) {
  constexpr int kGzipOnly = 16;
  *stream_ = z_stream{};
  if (inflateInit2(stream_.get(), MAX_WBITS + kGzipOnly) != Z_OK) throw std::bad_alloc();
}

GzipReader::~GzipReader() { inflateEnd(stream_.get()); }

/// Number of bytes of the file that have been inflated.
Index GzipReader::position() const { return read_to_ - static_cast<Index>(stream_->avail_in); }

/// Puts the next piece of the file behind what is left of the last one.
void GzipReader::refill() {
  const std::size_t left = stream_->avail_in;
  const Index n = std::min(kInputChunk, file_.size() - read_to_);
  std::vector<std::byte> input(left + static_cast<std::size_t>(n));
  std::copy_n(input_.end() - static_cast<Index>(left), left, input.begin());
  file_.read_at(read_to_, std::span(input).subspan(left));
  read_to_ += n;
  input_ = std::move(input);
  stream_->next_in = reinterpret_cast<Bytef*>(input_.data());
  stream_->avail_in = static_cast<uInt>(input_.size());
}

/// After the end of a member: the file ends, or another member begins.
void GzipReader::next_member() {
  if (stream_->avail_in < 2 && !at_end_of_file()) refill();
  if (stream_->avail_in == 0) {
    finished_ = true;
    return;
  }
  const auto* next = reinterpret_cast<const std::byte*>(stream_->next_in);
  if (stream_->avail_in < 2 || next[0] != kMagic0 || next[1] != kMagic1) {
    throw DataError(
        fmt::format("{}: expected the end of the file after the gzip stream, found {} "
                    "more bytes from byte {}",
                    file_.path(), file_.size() - position(), position()));
  }
  inflateReset(stream_.get());
}

std::size_t GzipReader::read(std::span<std::byte> out) {
  // zlib counts with 32 bits.
  constexpr std::size_t kLargestOutput = std::size_t{1} << 30;
  std::size_t given = 0;
  while (given < out.size() && !finished_) {
    if (stream_->avail_in == 0) refill();
    const std::size_t wanted = std::min(out.size() - given, kLargestOutput);
    stream_->next_out = reinterpret_cast<Bytef*>(out.data() + given);
    stream_->avail_out = static_cast<uInt>(wanted);
    const int outcome = inflate(stream_.get(), Z_NO_FLUSH);
    given += wanted - stream_->avail_out;
    if (outcome == Z_STREAM_END) {
      next_member();
    } else if (outcome == Z_BUF_ERROR || (outcome == Z_OK && stream_->avail_out > 0)) {
      // Nothing left in the buffer: go on with the file, if it goes on.
      if (stream_->avail_in == 0 && at_end_of_file()) {
        throw DataError(
            fmt::format("{}: truncated gzip stream after {} bytes", file_.path(), file_.size()));
      }
    } else if (outcome == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (outcome != Z_OK) {
      throw DataError(fmt::format("{}: corrupt gzip stream near byte {}: {}", file_.path(),
                                  position(),
                                  stream_->msg != nullptr ? stream_->msg : "unexpected content"));
    }
  }
  return given;
}

}  // namespace lockstep
