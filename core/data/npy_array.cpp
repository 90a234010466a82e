#include "core/data/npy_array.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/data/gzip_reader.hpp"

namespace lockstep {
namespace {

std::vector<std::byte> read_start(RangeFile& file) {
  std::vector<std::byte> start(std::min(kNpyPreamble, static_cast<std::size_t>(file.size())));
  file.read_at(0, std::span<std::byte>(start));
  return start;
}

void check_dimensions(const NpyHeader& header, const std::string& path) {
  const std::string shape = npy_shape(header.shape);
  if (header.shape.empty()) {
    throw DataError(
        fmt::format("{}: expected an array of rows, found a single number, of shape ()", path));
  }
  if (header.shape.size() > 2) {
    throw DataError(
        fmt::format("{}: expected one dimension or two, found {}, of shape {}; save "
                    "a.reshape(len(a), -1)",
                    path, header.shape.size(), shape));
  }
  if (header.shape[0] == 0) throw DataError(fmt::format("{}: no rows: shape {}", path, shape));
  if (header.shape.back() == 0) {
    throw DataError(fmt::format("{}: no columns: shape {}", path, shape));
  }
}

void check_size(const NpyHeader& header, const RangeFile& file) {
  Index promised = size_of(header.type);
  for (const Index n : header.shape) {
    if (!__builtin_mul_overflow(promised, n, &promised)) continue;
    throw DataError(fmt::format("{}: the shape {} takes over 2^63 bytes", file.path(),
                                npy_shape(header.shape)));
  }
  const Index found = file.size() - header.data_begin;
  if (found == promised) return;
  throw DataError(
      fmt::format("{}: {}expected {} bytes after the header, for shape {} of {}, found {}",
                  file.path(), found < promised ? "truncated: " : "", promised,
                  npy_shape(header.shape), name_of(header.type), found));
}

}  // namespace

NpyHeader read_npy_header(RangeFile& file) {
  if (is_gzip(file)) {
    throw DataError(fmt::format("{}: a gzip file, but .npy is read uncompressed; run gunzip on it",
                                file.path()));
  }
  const Range place = find_npy_dictionary(read_start(file), file.size(), file.path());
  std::string dictionary(static_cast<std::size_t>(place.size()), '\0');
  file.read_at(place.begin, std::span<char>(dictionary));
  NpyHeader header = parse_npy_dictionary(dictionary, place, file.path());
  check_dimensions(header, file.path());
  check_size(header, file);
  return header;
}

bool looks_like_npy(const InputFile& input) {
  // Not read, but refused by what reads such files rather than taken for another format.
  if (input.path.ends_with(".npy.gz")) return true;
  RangeFile file(input);
  return starts_as_npy(read_start(file));
}

}  // namespace lockstep
