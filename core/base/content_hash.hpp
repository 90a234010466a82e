#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace lockstep {

/// XXH3 of 128 bits, as 32 hexadecimal digits: against mistakes and damage, not against an
/// adversary.
std::string content_hash(std::span<const std::byte> bytes);
inline std::string content_hash(std::string_view text) {
  return content_hash(std::as_bytes(std::span(text)));
}

}  // namespace lockstep
