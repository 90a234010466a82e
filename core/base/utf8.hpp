#pragma once

#include <cstddef>
#include <string_view>

namespace lockstep {

/// What some programs write at the beginning of UTF-8 files.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Bytes of the valid UTF-8 sequence [RFC 3629] at the start of `text`, which is not empty; 0 when
/// there is none.
std::size_t utf8_length(std::string_view text);

/// True when all of `text` is UTF-8: what JSON, and so a model file, can hold.
bool is_utf8(std::string_view text);

}  // namespace lockstep
