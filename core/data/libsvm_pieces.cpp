#include "core/data/libsvm_pieces.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/utf8.hpp"
#include "core/parallel/ranges.hpp"

namespace lockstep {
namespace {

constexpr Index kLooks = 64;
constexpr Index kLook = Index{1} << 14;

/// Where the first line begins that does so at `at` or behind; the end of the file without one.
Index begin_of_line(RangeFile& file, Index at) {
  constexpr Index kFirstStep = Index{1} << 9;
  constexpr Index kLargestStep = Index{1} << 16;
  if (at == 0) return 0;
  std::string buffer;
  --at;
  for (Index step = kFirstStep; at < file.size(); step = std::min(2 * step, kLargestStep)) {
    buffer.resize(static_cast<std::size_t>(std::min(step, file.size() - at)));
    file.read_at(at, std::span<char>(buffer));
    const std::size_t newline = buffer.find('\n');
    if (newline != std::string::npos) return at + static_cast<Index>(newline) + 1;
    at += static_cast<Index>(buffer.size());
  }
  return file.size();
}

/// The bytes of a mark that says nothing but "UTF-8" at the start of a file.
Index byte_order_mark(RangeFile& file) {
  std::string start(static_cast<std::size_t>(std::min<Index>(kByteOrderMark.size(), file.size())),
                    '\0');
  file.read_at(0, std::span<char>(start));
  return start == kByteOrderMark ? static_cast<Index>(kByteOrderMark.size()) : 0;
}

/// Adds the newlines and colons of `text`, a block after another whose counts fit a byte: so many
/// can be counted at once.
void count(std::span<const char> text, LibsvmSize& size) {
  constexpr std::size_t kBlock = 192;
  while (!text.empty()) {
    const std::span<const char> block = text.first(std::min(kBlock, text.size()));
    std::uint8_t newlines = 0;
    std::uint8_t colons = 0;
    for (const char c : block) {
      newlines = static_cast<std::uint8_t>(newlines + (c == '\n' ? 1 : 0));
      colons = static_cast<std::uint8_t>(colons + (c == ':' ? 1 : 0));
    }
    size.lines += newlines;
    size.colons += colons;
    text = text.subspan(block.size());
  }
}

}  // namespace

LibsvmPieces cut_libsvm(const std::vector<InputFile>& files, int ranks, int rank) {
  LibsvmPieces own;
  Index total = 0;
  for (const InputFile& file : files) total += file.size;
  const Range mine = even_part(total, ranks, rank);
  Index before = 0;  // bytes of the files before
  for (std::size_t f = 0; f < files.size(); ++f) {
    const Index bytes = files[f].size;
    const Range cut{std::clamp(mine.begin - before, Index{0}, bytes),
                    std::clamp(mine.end - before, Index{0}, bytes)};
    before += bytes;
    if (cut.empty()) continue;
    RangeFile file(files[f]);
    LibsvmPiece piece{static_cast<Index>(f),
                      {begin_of_line(file, cut.begin), begin_of_line(file, cut.end)}};
    if (piece.bytes.begin == 0) piece.bytes.begin = byte_order_mark(file);
    if (piece.bytes.begin < piece.bytes.end) own.pieces.push_back(piece);
    own.bytes_read += file.bytes_read();
  }
  return own;
}

LibsvmSize size_of_piece(RangeFile& file, const LibsvmPiece& piece) {
  const Index bytes = piece.bytes.size();
  const Index looks = std::min(kLooks, (bytes + kLook - 1) / kLook);
  LibsvmSize seen;
  Index seen_bytes = 0;
  char last = '\n';
  std::string buffer(static_cast<std::size_t>(kLook), '\0');
  for (Index look = 0; look < looks; ++look) {
    const Range part = even_part(bytes, looks, look);
    const std::span<char> text =
        std::span<char>(buffer).first(static_cast<std::size_t>(std::min(kLook, part.size())));
    file.read_at(piece.bytes.begin + part.begin, text);
    count(text, seen);
    seen_bytes += static_cast<Index>(text.size());
    last = text.back();
  }
  if (last != '\n') ++seen.lines;  // that of a file need not end
  if (seen_bytes == bytes) return seen;
  const auto all_of = [&](Index count) {
    return static_cast<Index>(1.0625 * static_cast<double>(count) * static_cast<double>(bytes) /
                              static_cast<double>(seen_bytes));
  };
  return {all_of(seen.lines), all_of(seen.colons)};
}

}  // namespace lockstep
