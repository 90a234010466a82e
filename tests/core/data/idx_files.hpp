#pragma once

#include <zlib.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "core/base/types.hpp"

namespace lockstep::test {

/// An IDX file of unsigned bytes, or of what `type` says.
inline std::string idx_text(const std::vector<Index>& dimensions, const std::string& data,
                            char type = '\x08') {
  std::string text{'\0', '\0', type, static_cast<char>(dimensions.size())};
  for (const Index n : dimensions) {
    for (const int shift : {24, 16, 8, 0}) text += static_cast<char>(n >> shift & 0xFF);
  }
  return text + data;
}

/// Bytes that differ by place and seed.
inline std::string some_bytes(std::size_t size, unsigned seed = 0) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<char>((i * 37 + i / 251 + seed) & 0xFFU);
  }
  return bytes;
}

/// One member of a gzip file.
inline std::string gzip(const std::string& content) {
  constexpr int kGzipOnly = 16;
  constexpr int kMemory = 8;
  z_stream stream{};
  deflateInit2(&stream, 1, Z_DEFLATED, MAX_WBITS + kGzipOnly, kMemory, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, content.size()), '\0');
  std::string input = content;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace lockstep::test
