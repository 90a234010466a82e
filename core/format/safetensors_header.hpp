#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/types.hpp"
#include "core/format/safetensors.hpp"

namespace lockstep {

/// A safetensors file is: the header's size as a little-endian u64, the header (JSON), and the
/// tensors' bytes, to which the offsets in the header refer.
struct SafetensorsHeader {
  struct Entry {
    std::string name;
    TensorType type = TensorType::f32;
    std::vector<Index> shape;
    std::uint64_t begin = 0;  ///< of the tensor's bytes, from the first byte after the header
    std::uint64_t end = 0;
  };
  std::vector<Entry> entries;  ///< sorted by name
  Metadata metadata;
};

/// Bytes in front of the header.
inline constexpr std::uint64_t kSafetensorsPrefixBytes = 8;
/// The format's limit for a header.
inline constexpr std::uint64_t kLargestSafetensorsHeader = 100'000'000;

/// The header's size from the file's first 8 bytes, checked against the size of the file.
/// Throws DataError, with `name` in front.
std::uint64_t safetensors_header_size(const std::string& name, std::uint64_t stated,
                                      std::uint64_t file_bytes);

/// Parses and checks a header; `data_bytes` is the size of the file behind it. The entries cover
/// [0, data_bytes) without holes or overlap. Throws DataError, with `name` in front.
SafetensorsHeader parse_safetensors_header(const std::string& name, std::string_view json,
                                           std::uint64_t data_bytes);

/// The header that describes `tensors`, sorted by name and laid end to end: compact, padded with
/// spaces to a multiple of 8. `path` is for messages. Throws DataError and OutputError.
std::string make_safetensors_header(const std::string& path, const std::vector<TensorView>& tensors,
                                    const Metadata& metadata);

}  // namespace lockstep
