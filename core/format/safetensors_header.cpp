#include "core/format/safetensors_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"

namespace lockstep {
namespace {

using nlohmann::json;
using Entry = SafetensorsHeader::Entry;

constexpr const char* kMetadataKey = "__metadata__";

[[noreturn]] void fail(const std::string& name, const std::string& what) {
  throw DataError(name + ": " + what);
}

/// Parses the text, and refuses what nlohmann::json would let pass: a NUL byte ends its input, and
/// of equal keys it keeps the last without a word.
json parse_strictly(const std::string& name, std::string_view text) {
  if (text.empty() || text.front() != '{') fail(name, "the header is not a JSON object");
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    fail(name, fmt::format("the header is not valid JSON at its byte {}", nul + 1));
  }
  constexpr int kDeepestObjectOrList = 3;  // the header, a tensor, its shape
  std::vector<std::set<std::string>> keys;
  const auto check_event = [&](int depth, json::parse_event_t event, json& parsed) {
    if (depth > kDeepestObjectOrList) fail(name, "the header nests deeper than the format does");
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys.back().insert(key).second)
        fail(name, "the header names " + lockstep::quoted(key) + " twice");
    }
    return true;
  };
  try {
    return json::parse(text.begin(), text.end(), check_event);
  } catch (const json::parse_error& e) {
    fail(name, fmt::format("the header is not valid JSON at its byte {}", e.byte));
  } catch (const json::exception&) {
    fail(name, "the header is not valid JSON: a number is too large");
  }
}

std::vector<Index> parse_shape(const std::string& place, const json& value) {
  const auto is_size = [](const json& n) {
    return n.is_number_unsigned() &&
           n.get<std::uint64_t>() <= std::uint64_t{std::numeric_limits<Index>::max()};
  };
  constexpr std::size_t kMostDimensions = 8;
  if (!value.is_array() || value.size() > kMostDimensions ||
      !std::all_of(value.begin(), value.end(), is_size)) {
    throw DataError(
        fmt::format("{}: shape: expected a list of at most {} sizes", place, kMostDimensions));
  }
  return value.get<std::vector<Index>>();
}

/// Bytes of a tensor, or an error where the product does not fit into 64 bits.
std::uint64_t bytes_of_shape(const std::string& place, const std::vector<Index>& shape,
                             TensorType type) {
  std::uint64_t bytes = element_size(type);
  for (const Index n : shape) {
    if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(n), &bytes)) {
      throw DataError(fmt::format("{}: shape {} is too large", place, shape_text(shape)));
    }
  }
  return bytes;
}

TensorType parse_type(const std::string& place, const json& value) {
  if (value == "F32") return TensorType::f32;
  if (value == "F64") return TensorType::f64;
  throw DataError(fmt::format("{}: unknown dtype {}; known: F32, F64", place,
                              value.is_string() ? lockstep::quoted(value.get<std::string>())
                                                : lockstep::quoted(value.dump())));
}

Entry parse_entry(const std::string& file, const std::string& name, const json& value) {
  const std::string place = file + ": tensor " + lockstep::quoted(name);
  if (!value.is_object() || value.size() != 3 || !value.contains("dtype") ||
      !value.contains("shape") || !value.contains("data_offsets")) {
    throw DataError(place + ": expected an object of dtype, shape and data_offsets");
  }
  Entry entry;
  entry.name = name;
  entry.type = parse_type(place, value["dtype"]);
  entry.shape = parse_shape(place, value["shape"]);
  const json& offsets = value["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned() || offsets[0] > offsets[1]) {
    throw DataError(place + ": data_offsets: expected [begin, end] with 0 ≤ begin ≤ end");
  }
  entry.begin = offsets[0].get<std::uint64_t>();
  entry.end = offsets[1].get<std::uint64_t>();
  const std::uint64_t bytes = bytes_of_shape(place, entry.shape, entry.type);
  if (bytes != entry.end - entry.begin) {
    throw DataError(fmt::format("{}: shape {} of {} takes {} bytes, data_offsets span {}", place,
                                shape_text(entry.shape), type_name(entry.type), bytes,
                                entry.end - entry.begin));
  }
  return entry;
}

Metadata parse_metadata(const std::string& name, const json& value) {
  if (!value.is_object()) fail(name, "__metadata__: expected an object of strings");
  Metadata metadata;
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string())
      fail(name, "__metadata__: " + lockstep::quoted(key) + ": expected a string");
    metadata.emplace(key, text.get<std::string>());
  }
  return metadata;
}

/// The entries, laid side by side by their offsets, cover [0, data_bytes) exactly.
void check_coverage(const std::string& name, const std::vector<Entry>& entries,
                    std::uint64_t data_bytes) {
  std::vector<const Entry*> by_offset;
  by_offset.reserve(entries.size());
  for (const Entry& entry : entries) by_offset.push_back(&entry);
  std::sort(by_offset.begin(), by_offset.end(), [](const Entry* a, const Entry* b) {
    return a->begin != b->begin ? a->begin < b->begin : a->end < b->end;
  });
  std::uint64_t covered = 0;
  const Entry* last = nullptr;
  for (const Entry* entry : by_offset) {
    if (entry->begin < covered) {
      fail(name, fmt::format("tensors {} and {} overlap", lockstep::quoted(last->name),
                             lockstep::quoted(entry->name)));
    }
    if (entry->begin > covered) {
      fail(name,
           fmt::format("bytes {} to {} of the tensors belong to none", covered, entry->begin));
    }
    covered = entry->end;
    last = entry;
  }
  if (covered > data_bytes) {
    fail(name, fmt::format("truncated: the header promises {} bytes of tensors, the file has {}",
                           covered, data_bytes));
  }
  if (covered < data_bytes) {
    fail(name, fmt::format("the header promises {} bytes of tensors, the file has {}", covered,
                           data_bytes));
  }
}

/// JSON text is UTF-8; other bytes have no place in it.
void require_utf8(const std::string& path, const std::string& what, const std::string& text) {
  if (is_utf8(text)) return;
  fail(path, fmt::format("{} is not valid UTF-8: {}", what, lockstep::quoted(text)));
}

}  // namespace

std::uint64_t safetensors_header_size(const std::string& name, std::uint64_t stated,
                                      std::uint64_t file_bytes) {
  if (stated > kLargestSafetensorsHeader) {
    fail(name, fmt::format("not a safetensors file: it states a header of {} bytes, at most {} are "
                           "allowed",
                           stated, kLargestSafetensorsHeader));
  }
  if (stated > file_bytes - kSafetensorsPrefixBytes) {
    fail(name, fmt::format("truncated: it states a header of {} bytes, {} follow", stated,
                           file_bytes - kSafetensorsPrefixBytes));
  }
  return stated;
}

SafetensorsHeader parse_safetensors_header(const std::string& name, std::string_view text,
                                           std::uint64_t data_bytes) {
  const json parsed = parse_strictly(name, text);
  SafetensorsHeader header;
  for (const auto& [key, value] : parsed.items()) {  // in order of the names
    if (key == kMetadataKey) {
      header.metadata = parse_metadata(name, value);
    } else {
      header.entries.push_back(parse_entry(name, key, value));
    }
  }
  check_coverage(name, header.entries, data_bytes);
  return header;
}

std::string make_safetensors_header(const std::string& path, const std::vector<TensorView>& tensors,
                                    const Metadata& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  for (const auto& [key, value] : metadata) {
    require_utf8(path, "a key of the metadata", key);
    require_utf8(path, "metadata " + lockstep::quoted(key), value);
    header[kMetadataKey][key] = value;
  }
  std::size_t begin = 0;
  for (const TensorView& tensor : tensors) {
    require_utf8(path, "a tensor's name", tensor.name);
    const std::size_t end = begin + tensor.data.size();
    // Filled one by one: ordered_json's lists of two look like a key and a value to it.
    nlohmann::ordered_json& entry = header[tensor.name];
    entry["dtype"] = type_name(tensor.type);
    entry["shape"] = tensor.shape;
    entry["data_offsets"] = std::vector<std::size_t>{begin, end};
    begin = end;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  if (text.size() > kLargestSafetensorsHeader) {
    throw OutputError(fmt::format("{}: names and metadata take {} bytes, the format allows {}",
                                  path, text.size(), kLargestSafetensorsHeader));
  }
  return text;
}

}  // namespace lockstep
