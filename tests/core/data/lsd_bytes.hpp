#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "core/data/lsd_header.hpp"

namespace lockstep::test {

/// The bytes of an .lsd file with all sizes and hashes that can be put right so: what is left to be
/// found wrong is what they stand for.
inline std::string with_right_hashes(std::string bytes) {
  constexpr std::size_t kPreamble = 64;
  constexpr std::size_t kEntry = 32;
  constexpr std::size_t kHashOfHeader = 40;
  if (bytes.size() < kPreamble) return bytes;
  const auto number_at = [&](std::size_t at) {
    std::uint64_t number = 0;
    std::memcpy(&number, bytes.data() + at, sizeof number);
    return number;
  };
  const auto put = [&](std::size_t at, const auto& value) {
    std::memcpy(bytes.data() + at, &value, sizeof value);
  };
  put(32, std::uint64_t{bytes.size()});
  const std::uint64_t description = number_at(16);
  const std::uint64_t blocks = number_at(24);
  if (description > bytes.size() || blocks > bytes.size()) return bytes;
  const std::size_t entries = kPreamble + description;
  const std::size_t header = (entries + blocks * kEntry + 63) / 64 * 64;
  if (header > bytes.size()) return bytes;
  std::size_t at = header;
  for (std::size_t b = 0; b < blocks; ++b) {
    const std::uint64_t size = number_at(entries + b * kEntry);
    if (size > bytes.size() - at) break;
    put(entries + b * kEntry + 16, lsd_hash(std::as_bytes(std::span(bytes)).subspan(at, size)));
    at += size;
  }
  put(kHashOfHeader, LsdHash{});
  put(kHashOfHeader, lsd_hash(std::as_bytes(std::span(bytes)).first(header)));
  return bytes;
}

}  // namespace lockstep::test
