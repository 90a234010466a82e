#include "core/data/idx_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "core/base/error.hpp"
#include "core/data/gzip_reader.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kMagicSize = 4;
constexpr std::size_t kDimensionSize = 4;
constexpr std::size_t kMostDimensions = 255;
constexpr std::uint8_t kUnsignedByte = 0x08;

const char* type_name(std::uint8_t type) {
  switch (type) {
    case 0x09:
      return "signed bytes";
    case 0x0B:
      return "16-bit integers";
    case 0x0C:
      return "32-bit integers";
    case 0x0D:
      return "32-bit floats";
    case 0x0E:
      return "64-bit floats";
    default:
      return nullptr;
  }
}

/// The first bytes of the content, as many as the largest header has, or as there are.
std::vector<std::byte> read_head(RangeFile& file, bool compressed) {
  std::vector<std::byte> head(kMagicSize + kMostDimensions * kDimensionSize);
  if (compressed) {
    head.resize(GzipReader(file).read(head));
  } else {
    head.resize(std::min(head.size(), static_cast<std::size_t>(file.size())));
    file.read_at(0, std::span<std::byte>(head));
  }
  return head;
}

void check_magic(const std::vector<std::byte>& head, const std::string& path) {
  const auto byte = [&](std::size_t i) { return std::to_integer<std::uint8_t>(head[i]); };
  const bool zeros = head.size() >= kMagicSize && byte(0) == 0 && byte(1) == 0;
  if (zeros && byte(2) == kUnsignedByte && byte(3) > 0) return;
  if (zeros && byte(3) > 0 && type_name(byte(2)) != nullptr) {
    throw DataError(
        fmt::format("{}: IDX file of {} (type {:02x}); only unsigned bytes (type 08) "
                    "are supported",
                    path, type_name(byte(2)), byte(2)));
  }
  std::string found;
  for (std::size_t i = 0; i < std::min(head.size(), kMagicSize); ++i) {
    found += fmt::format(" {:02x}", byte(i));
  }
  throw DataError(fmt::format("{}: not an IDX file: expected the magic number 00 00 08 dd, found{}",
                              path, found.empty() ? " nothing" : found));
}

/// The number of bytes that the header promises after itself, as far as 64 bits can count.
Index promised_bytes(const IdxHeader& header, const std::string& path) {
  Index product = 1;
  bool overflow = false;
  for (const Index n : header.dimensions) {
    overflow = overflow || __builtin_mul_overflow(product, n, &product);
  }
  if (overflow)
    throw DataError(fmt::format("{}: the dimensions multiply to over 2^63 bytes", path));
  return product;
}

void check_size(const IdxHeader& header, RangeFile& file) {
  const Index promised = promised_bytes(header, file.path());
  if (header.items() == 0) {
    throw DataError(fmt::format("{}: no rows: the first dimension is 0", file.path()));
  }
  if (promised == 0) {
    throw DataError(fmt::format("{}: items without bytes: a dimension is 0", file.path()));
  }
  if (header.compressed) {
    // Deflate cannot shrink more than this [zlib, technical details].
    constexpr Index kHighestRatio = 1032;
    if (promised / kHighestRatio > file.size()) {
      throw DataError(
          fmt::format("{}: the header promises {} bytes, more than {} bytes of gzip "
                      "can hold",
                      file.path(), promised, file.size()));
    }
    return;
  }
  const Index found = file.size() - header.data_begin;
  if (found < promised) {
    throw DataError(fmt::format("{}: truncated: expected {} bytes after the header, found {}",
                                file.path(), promised, found));
  }
  if (found > promised) {
    throw DataError(fmt::format("{}: {} bytes too many after the {} that the header promises",
                                file.path(), found - promised, promised));
  }
}

}  // namespace

IdxHeader read_idx_header(RangeFile& file) {
  IdxHeader header;
  header.compressed = is_gzip(file);
  const std::vector<std::byte> head = read_head(file, header.compressed);
  check_magic(head, file.path());
  const auto dimensions = std::to_integer<std::size_t>(head[3]);
  const std::size_t size = kMagicSize + dimensions * kDimensionSize;
  if (head.size() < size) {
    throw DataError(fmt::format("{}: truncated: expected a header of {} bytes, found {}",
                                file.path(), size, head.size()));
  }
  for (std::size_t d = 0; d < dimensions; ++d) {
    Index n = 0;  // big-endian
    for (std::size_t i = 0; i < kDimensionSize; ++i) {
      n = n * 256 + std::to_integer<Index>(head[kMagicSize + d * kDimensionSize + i]);
    }
    header.dimensions.push_back(n);
  }
  header.data_begin = static_cast<Index>(size);
  check_size(header, file);
  header.item_size = promised_bytes(header, file.path()) / header.items();
  return header;
}

bool looks_like_idx(const InputFile& input) {
  RangeFile file(input);
  std::array<std::byte, 2> start{std::byte{1}};
  if (is_gzip(file)) {
    try {
      GzipReader(file).read(start);
    } catch (const DataError&) {
      return true;
    }
  } else if (file.size() >= static_cast<Index>(start.size())) {
    file.read_at(0, std::span<std::byte>(start));
  }
  return start[0] == std::byte{0} && start[1] == std::byte{0};
}

}  // namespace lockstep
